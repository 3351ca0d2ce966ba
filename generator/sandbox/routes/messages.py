"""Owns messages, which are only recorded, never delivered. Must not touch drafts."""

from __future__ import annotations

from collections.abc import Mapping

from generator.sandbox import auth, envelope, writes
from generator.sandbox.bodies import BODIES
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import bad, not_found
from generator.sandbox.store import Json, Record

AUTHORSHIP = ("createdAt", "createdBy", "modifiedAt", "modifiedBy")


def demand_authorship(call: Call, body: Mapping[str, Json]) -> None:
    """Who wrote something and when is for administrators to say."""
    if any(name in body for name in AUTHORSHIP):
        auth.demand(call.key, ("org.admin",), call.world.settings.missing_role_status)


def _filtered(call: Call, records: list[Record]) -> Reply:
    channel = call.query.get("channel")
    kept = [r for r in records if channel is None or r.attributes["channel"] == channel]
    return _with_attachments(call, envelope.many(call, "message", kept))


def _with_attachments(call: Call, reply: Reply) -> Reply:
    """`include=attachments` adds those of the messages that are shown."""
    if "attachments" not in call.query.get("include", "").split(","):
        return reply
    data = reply.document["data"]
    shown = {message["id"] for message in (data if isinstance(data, list) else [data])}
    found = [a for a in call.org.tables.all("attachment") if a.ref("message") in shown]
    return Reply(200, {**reply.document, "included": [envelope.dressed(call, a) for a in found]})


def _list(call: Call) -> Reply:
    return _filtered(call, list(call.org.tables.all("message")))


def _of_conversation(call: Call) -> Reply:
    return _filtered(call, call.org.tables.where("message", conversation=call.record("conversation").id))


def _of_customer(call: Call) -> Reply:
    return _filtered(call, call.org.tables.where("message", customer=call.record("customer").id))


def _get(call: Call) -> Reply:
    return _with_attachments(call, envelope.one(call, call.record("message")))


def _by_external_id(call: Call) -> Reply:
    found = call.org.external("message", call.params["externalId"])
    if found is None:
        raise not_found("externalId")
    return envelope.one(call, found)


def _record(call: Call, body: dict[str, Json]) -> Reply:
    """Stores a message. Without a conversation it begins one, as any new message of a customer does."""
    demand_authorship(call, body)
    if "customer" not in body:
        raise bad("customer", "Missing required property: customer", "/required/0")
    now = call.world.clock.stamp()
    if "conversation" not in body:
        name = body.get("subject") or body.get("preview", "")[:64]
        about = {"customer": body["customer"], "name": name, "direction": body.get("direction", "in")}
        body = {**body, "conversation": writes.create(call, "conversation", about).id}
    out = body.get("direction") == "out"
    standing = {"status": "sent" if out else "received", "size": len(body.get("preview", "")), "sentAt": now}
    message = writes.create(call, "message", {**standing, **body}, body["customer"])
    conversation = call.org.tables.get("conversation", body["conversation"])
    if conversation is not None:
        writes.update(call, conversation, {})
    return envelope.one(call, message, 201)


def _said(call: Call, **given: Json) -> dict[str, Json]:
    """The body with what the path already says; a body that is no object fails the table."""
    said = {**given, **call.body} if isinstance(call.body, dict) else call.body
    writes.check(call, BODIES["message.create"], "message", said)
    return {**said, **given}


def _create(call: Call) -> Reply:
    body = _said(call)
    if "direction" not in body:
        raise bad("direction", "Missing required property: direction", "/required/2")
    conversation = call.org.tables.get("conversation", body.get("conversation", ""))
    if conversation is not None:
        body.setdefault("customer", conversation.ref("customer"))
    return _record(call, body)


def _create_in_conversation(call: Call) -> Reply:
    conversation = call.record("conversation")
    return _record(call, _said(call, conversation=conversation.id, customer=conversation.ref("customer")))


def _create_for_customer(call: Call) -> Reply:
    return _record(call, _said(call, customer=call.record("customer").id))


def _update(call: Call) -> Reply:
    record = call.record("message")
    body = writes.checked(call, "message.update", "message")
    demand_authorship(call, body)
    return envelope.one(call, writes.update(call, record, body, replaces=writes.replaces(call)))


READ, CREATE, UPDATE = may("message", "read"), may("message", "create"), may("message", "update")

OPERATIONS = (
    Operation("GET", "/v1/messages", _list, READ),
    Operation("POST", "/v1/messages", _create, CREATE),
    Operation("GET", "/v1/messages/externalId={externalId}", _by_external_id, READ),
    Operation("GET", "/v1/messages/{id}", _get, READ),
    Operation("PUT", "/v1/messages/{id}", _update, UPDATE),
    Operation("PATCH", "/v1/messages/{id}", _update, UPDATE),
    Operation("GET", "/v1/conversations/{id}/messages", _of_conversation, READ),
    Operation("POST", "/v1/conversations/{id}/messages", _create_in_conversation, CREATE),
    Operation("GET", "/v1/customers/{id}/messages", _of_customer, READ),
    Operation("POST", "/v1/customers/{id}/messages", _create_for_customer, CREATE),
)
