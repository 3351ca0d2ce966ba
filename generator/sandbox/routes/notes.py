"""Owns notes. Must not make drafts of channel note; those are drafts."""

from __future__ import annotations

from generator.sandbox import envelope, writes
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.routes.messages import demand_authorship
from generator.sandbox.store import Json


def _list(call: Call) -> Reply:
    return envelope.many(call, "note", list(call.org.tables.all("note")))


def _of_conversation(call: Call) -> Reply:
    return envelope.many(call, "note", call.org.tables.where("note", conversation=call.record("conversation").id))


def _of_customer(call: Call) -> Reply:
    return envelope.many(call, "note", call.org.tables.where("note", customer=call.record("customer").id))


def _get(call: Call) -> Reply:
    return envelope.one(call, call.record("note"))


def _record(call: Call, body: dict[str, Json]) -> Reply:
    demand_authorship(call, body)
    conversation = call.org.tables.get("conversation", body.get("conversation", ""))
    customer = conversation.ref("customer") if conversation else None
    note = writes.create(call, "note", {**body, "customer": customer}, customer)
    if conversation is not None:
        writes.update(call, conversation, {})
    return envelope.one(call, note, 201)


def _create(call: Call) -> Reply:
    return _record(call, writes.checked(call, "note.create", "note"))


def _create_in_conversation(call: Call) -> Reply:
    conversation = call.record("conversation")
    body = writes.checked(call, "note.create", "note")
    return _record(call, {**body, "conversation": conversation.id})


def _update(call: Call) -> Reply:
    record = call.record("note")
    body = writes.checked(call, f"note.{call.method.lower()}", "note")
    demand_authorship(call, body)
    return envelope.one(call, writes.update(call, record, body, replaces=writes.replaces(call)))


def _delete(call: Call) -> Reply:
    call.org.tables.drop(call.record("note"))
    return Reply(204)


READ, CREATE, UPDATE = may("note", "read"), may("note", "create"), may("note", "update")

OPERATIONS = (
    Operation("GET", "/v1/notes", _list, READ),
    Operation("POST", "/v1/notes", _create, CREATE),
    Operation("GET", "/v1/notes/{id}", _get, READ),
    Operation("PUT", "/v1/notes/{id}", _update, UPDATE),
    Operation("PATCH", "/v1/notes/{id}", _update, UPDATE),
    Operation("DELETE", "/v1/notes/{id}", _delete, may("note", "delete"), "plain"),
    Operation("GET", "/v1/conversations/{id}/notes", _of_conversation, READ),
    Operation("POST", "/v1/conversations/{id}/notes", _create_in_conversation, CREATE),
    Operation("GET", "/v1/customers/{id}/notes", _of_customer, READ),
)
