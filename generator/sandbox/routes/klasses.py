"""Owns Klasses. Must not own their attributes (metadata does) or their records (kobjects does)."""

from __future__ import annotations

from generator.sandbox import envelope, writes
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import ApiError, Problem, bad
from generator.sandbox.store import Json

STATUSES = ("enabled", "existing_only", "disabled")


def _list(call: Call) -> Reply:
    """Only the enabled ones, unless `status` asks for others."""
    status, name = call.query.get("status", "enabled"), call.query.get("name")
    if status not in STATUSES:
        raise bad("status", f"No enum match for: {status}", "/properties/status/enum")
    found = [k for k in call.org.tables.all("klass") if k.attributes["status"] == status]
    return envelope.many(call, "klass", [k for k in found if name in (None, k.attributes["name"])])


def _get(call: Call) -> Reply:
    return envelope.one(call, call.record("klass"))


def _create(call: Call) -> Reply:
    body = writes.checked(call, "klass.create", "klass")
    name: str = body["name"]
    if call.org.klass(name) is not None:
        raise bad("name", "Already in use", f"a Klass named {name} exists")
    shown: dict[str, Json] = {"displayName": name.replace("-", " ").replace("_", " ").title(), **body}
    shown.pop("jsonSchema", None)  # accepted, but no documented answer gives it back
    call.org.metadata.setdefault(f"kobject.{name}", {"properties": {}})
    return envelope.one(call, writes.create(call, "klass", shown), 201)


def _update(call: Call) -> Reply:
    record = call.record("klass")
    body = writes.checked(call, "klass.update", "klass")
    body.pop("jsonSchema", None)
    return envelope.one(call, writes.update(call, record, body))


def _delete(call: Call) -> Reply:
    record = call.record("klass")
    name = record.attributes["name"]
    if next(call.org.tables.all(f"kobject.{name}"), None) is not None:
        raise ApiError(Problem(400, "id", "Klass has existing objects", f"delete the objects of {name} first"))
    call.org.tables.drop(record)
    call.org.metadata.pop(f"kobject.{name}", None)
    return Reply(204)


READ = may("klass", "read", "org.admin.klass.read")
WRITE = {verb: (f"org.permission.klass.{verb}", "org.admin.klass") for verb in ("create", "update", "delete")}

OPERATIONS = (
    Operation("GET", "/v1/klasses", _list, READ),
    Operation("POST", "/v1/klasses", _create, WRITE["create"]),
    Operation("GET", "/v1/klasses/{id:hex}", _get, READ),
    Operation("PUT", "/v1/klasses/{id:hex}", _update, WRITE["update"]),
    Operation("DELETE", "/v1/klasses/{id:hex}", _delete, WRITE["delete"], "plain"),
)
