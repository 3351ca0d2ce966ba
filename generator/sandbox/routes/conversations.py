"""Owns conversations: records, tags, times, attachments, forwards. Must not write messages or notes."""

from __future__ import annotations

from generator.sandbox import envelope, writes
from generator.sandbox.bodies import BODIES
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import bad, not_found
from generator.sandbox.store import Json

CHILD_KINDS = ("message", "note", "draft", "conversation_time", "forward")


def _list(call: Call) -> Reply:
    return envelope.many(call, "conversation", list(call.org.tables.all("conversation")))


def _get(call: Call) -> Reply:
    return envelope.named(call, "conversation")


def _by_external_id(call: Call) -> Reply:
    found = call.org.external("conversation", call.params["externalId"])
    if found is None:
        raise not_found("externalId")
    return envelope.one(call, found)


def _made(call: Call, body: dict[str, Json]) -> Reply:
    return envelope.one(call, writes.create(call, "conversation", body, body["customer"]), 201)


def _create(call: Call) -> Reply:
    return _made(call, writes.checked(call, "conversation.create", "conversation"))


def _create_for_customer(call: Call) -> Reply:
    customer = call.record("customer")
    said = call.body if isinstance(call.body, dict) else {}
    return _made(call, writes.checked(call, "conversation.create", "conversation", {**said, "customer": customer.id}))


def _of_customer(call: Call) -> Reply:
    customer = call.record("customer")
    return envelope.many(call, "conversation", call.org.tables.where("conversation", customer=customer.id))


def _update(call: Call) -> Reply:
    record = call.record("conversation")
    body = writes.checked(call, "conversation.update", "conversation")
    if "customer" in body and len(body) > 1:
        raise bad("customer", 'Data does not match any schemas from "anyOf"', "a customer is changed on its own")
    return envelope.one(call, writes.update(call, record, body, replaces=writes.replaces(call)))


def _delete(call: Call) -> Reply:
    record = call.record("conversation")
    for kind in CHILD_KINDS:
        for child in call.org.tables.where(kind, conversation=record.id):
            call.org.tables.drop(child)
    call.org.tables.drop(record)
    return Reply(204)


def _tag(call: Call) -> Reply:
    """POST appends, DELETE removes; both take an array of names and keep the others."""
    record = call.record("conversation")
    writes.check(call, BODIES["tags"], "conversation", call.body)
    had: list[str] = list(record.attributes["tags"])
    kept = [tag for tag in had if call.method == "POST" or tag not in call.body]
    added = [tag for tag in call.body if call.method == "POST" and tag not in had]
    tags = [*kept, *dict.fromkeys(added)]
    writes.check(call, BODIES["tags"], "conversation", tags)
    return envelope.one(call, writes.update(call, record, {"tags": tags}))


def _times(call: Call) -> Reply:
    record = call.record("conversation")
    return envelope.many(call, "conversation_time", call.org.tables.where("conversation_time", conversation=record.id))


def _times_v2(call: Call) -> Reply:
    """The same records; each says by which timer it was taken."""
    reply = _times(call)
    for item in reply.document["data"]:
        item["attributes"]["timerVersion"] = "v2"
    return reply


def _times_by_ids(call: Call) -> Reply:
    return envelope.named(call, "conversation_time", "ids")


def _attachments(call: Call) -> Reply:
    record = call.record("conversation")
    messages = {m.id for m in call.org.tables.where("message", conversation=record.id)}
    found = [a for a in call.org.tables.all("attachment") if a.ref("message") in messages]
    return envelope.many(call, "attachment", found)


def _forwards(call: Call) -> Reply:
    record = call.record("conversation")
    return envelope.many(call, "forward", call.org.tables.where("forward", conversation=record.id))


READ, UPDATE = may("conversation", "read"), may("conversation", "update")
CREATE = may("conversation", "create")

OPERATIONS = (
    Operation("GET", "/v1/conversations", _list, READ),
    Operation("POST", "/v1/conversations", _create, CREATE),
    Operation("GET", "/v1/conversations/externalId={externalId}", _by_external_id, READ),
    Operation("GET", "/v1/conversations/times/{ids}", _times_by_ids, READ),
    Operation("GET", "/v1/conversations/{id}", _get, READ),
    Operation("PUT", "/v1/conversations/{id}", _update, UPDATE),
    Operation("PATCH", "/v1/conversations/{id}", _update, UPDATE),
    Operation("DELETE", "/v1/conversations/{id}", _delete, may("conversation", "delete"), "plain"),
    Operation("POST", "/v1/conversations/{id}/tags", _tag, UPDATE),
    Operation("DELETE", "/v1/conversations/{id}/tags", _tag, UPDATE),
    Operation("GET", "/v1/conversations/{id}/times", _times, READ),
    Operation("GET", "/v2/conversations/{id}/times", _times_v2, READ),
    Operation("GET", "/v1/conversations/{id}/attachments", _attachments, READ),
    Operation("GET", "/v1/conversations/{id}/forwards", _forwards),
    Operation("GET", "/v1/customers/{id}/conversations", _of_customer, READ),
    Operation("POST", "/v1/customers/{id}/conversations", _create_for_customer, CREATE),
)
