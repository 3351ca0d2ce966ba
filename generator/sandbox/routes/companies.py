"""Owns companies. Must not own the KObjects of a company."""

from __future__ import annotations

from generator.sandbox import envelope, writes
from generator.sandbox.call import Call, Operation, Reply, may


def _list(call: Call) -> Reply:
    wanted = call.query.get("externalId")
    found = [c for c in call.org.tables.all("company") if wanted in (None, c.attributes.get("externalId"))]
    return envelope.many(call, "company", found)


def _get(call: Call) -> Reply:
    return envelope.one(call, call.record("company"))


def _create(call: Call) -> Reply:
    body = writes.checked(call, "company.create", "company")
    return envelope.one(call, writes.create(call, "company", body), 201)


def _update(call: Call) -> Reply:
    record = call.record("company")
    body = writes.checked(call, "company.update", "company")
    return envelope.one(call, writes.update(call, record, body, replaces=writes.replaces(call)))


OPERATIONS = (
    Operation("GET", "/v1/companies", _list, may("company", "read")),
    Operation("POST", "/v1/companies", _create, may("company", "create")),
    Operation("GET", "/v1/companies/{id}", _get, may("company", "read")),
    Operation("PUT", "/v1/companies/{id}", _update, may("company", "update")),
)
