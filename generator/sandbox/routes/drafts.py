"""Owns drafts and what becomes of them in time. Must not record messages other than sent drafts."""

from __future__ import annotations

from collections.abc import Mapping

from generator.sandbox import draft_bodies, envelope, fields, writes
from generator.sandbox.call import Call, Operation, Reply
from generator.sandbox.clock import moment, parse, stamp
from generator.sandbox.errors import ApiError, Problem, bad
from generator.sandbox.rules import closed
from generator.sandbox.store import Json, Record, Ref
from generator.sandbox.world import Org, World

SENT_FIELDS = ("channel", "app", "subject", "auto", "shortcuts", "kbArticles", "lang")


def _checked(call: Call, body: Json, action: str) -> dict[str, Json]:
    """The body, if the table of its channel lets it pass; the detail of an error names the table's number."""
    channel = body.get("channel") if isinstance(body, Mapping) else None
    if channel not in draft_bodies.CHANNELS:
        known = closed(("channel",), channel=fields.Field("string", enum=draft_bodies.CHANNELS))
        said = {"channel": channel} if channel is not None else {}
        writes.check(call, known, "draft", said if isinstance(body, Mapping) else body)
    number = draft_bodies.number_of(body)
    rule = draft_bodies.rule(number, action, call.world.settings.chat_body_max)
    at = fields.start(f"/oneOf/{number}")
    problems = tuple(fields.check(rule, body, writes.exists(call), at))
    if problems:
        raise ApiError(*problems)
    return dict(body)


def _timed(call: Call, body: dict[str, Json], had: Mapping[str, Json]) -> dict[str, Json]:
    """`sendAt` only counts together with `scheduled: true`; otherwise the draft stands at once."""
    now = call.world.clock.now()
    if "sendAt" not in body:
        return body
    if not body["sendAt"] or not body.get("scheduled", had.get("scheduled", False)):
        return {**body, "sendAt": None, "scheduled": False}
    at = moment(body["sendAt"], now)
    if at <= now:
        raise bad("sendAt", "Invalid value", "sendAt must lie in the future")
    return {**body, "sendAt": stamp(at), "scheduled": True}


def _one_note(call: Call, body: Mapping[str, Json]) -> None:
    """A conversation has room for one note draft."""
    drafts = call.org.tables.where("draft", conversation=body.get("conversation", ""))
    if body["channel"] == "note" and any(d.attributes["channel"] == "note" for d in drafts):
        raise ApiError(Problem(409, "conversation", detail="A note draft exists for this conversation"))


def _create(call: Call) -> Reply:
    customer = call.record("customer")
    body = {**_checked(call, call.body, "create"), "customer": customer.id}
    conversation = call.org.tables.get("conversation", body.get("conversation", ""))
    if conversation is not None and conversation.ref("customer") != customer.id:
        raise bad("conversation", "Conversation belongs to another customer")
    _one_note(call, body)
    body = _timed(call, body, {})
    if conversation is None and call.flag("createConversation"):
        about = {"customer": customer.id, "name": body.get("subject", ""), "direction": "out"}
        body["conversation"] = writes.create(call, "conversation", about, customer.id).id
    return envelope.one(call, writes.create(call, "draft", body, customer.id))


def _of_customer(call: Call) -> Reply:
    reply = envelope.many(call, "draft", call.org.tables.where("draft", customer=call.record("customer").id))
    return Reply(200, {**reply.document, "included": []})


def _update(call: Call) -> Reply:
    record = call.record("draft")
    said = {"channel": record.attributes["channel"], **call.body} if isinstance(call.body, dict) else call.body
    body = _checked(call, said, "update")
    if body["channel"] != record.attributes["channel"]:
        raise bad("channel", "The channel of a draft cannot change")
    return envelope.one(call, writes.update(call, record, _timed(call, body, record.attributes)))


def _delete(call: Call) -> Reply:
    record = call.record("draft")
    call.org.tables.drop(record)
    conversation = call.org.tables.get("conversation", record.ref("conversation") or "")
    if conversation is not None and call.flag("deleteConversation"):
        call.org.tables.drop(conversation)
    return Reply(204)


def _sent(org: Org, draft: Record, at: str) -> Record:
    """The outbound message a sent draft leaves on the timeline."""
    had = draft.attributes
    kept = {name: had[name] for name in SENT_FIELDS if name in had}
    meta = {name: had[name] for name in ("to", "from", "cc", "bcc", "subject") if name in had}
    text = had.get("body", "")
    values = {
        "app": had["channel"],
        **kept,
        "direction": "out",
        "status": "sent",
        "preview": text,
        "size": len(text),
    }
    stamps = {"sentAt": at, "createdAt": at, "updatedAt": at, "modifiedAt": at}
    refs = {**draft.refs, "draft": Ref("draft", draft.id)}
    return Record("message", org.tables.new_id("message"), {**values, "meta": meta, **stamps, "rev": 1}, refs)


def deliver_due(world: World, org: Org) -> None:
    """Sends the drafts whose time has come. Called before each request: nothing runs in between."""
    now = world.clock.now()
    for draft in org.tables.all("draft"):
        at = parse(draft.attributes.get("sendAt") or "") if draft.attributes["scheduled"] else None
        if at is None or at > now:
            continue
        org.tables.drop(draft)
        if draft.attributes["channel"] != "note":
            org.tables.put(_sent(org, draft, stamp(at)))


# Any valid key may create, change and delete drafts; only listing them asks for a role.
OPERATIONS = (
    Operation(
        "GET",
        "/v1/customers/{id}/drafts",
        _of_customer,
        ("org.permission.draft.read", "org.user.draft.read"),
        "plain",
    ),
    Operation("POST", "/v1/customers/{id}/drafts", _create, (), "plain"),
    Operation("PUT", "/v1/drafts/{id}", _update, (), "plain"),
    Operation("DELETE", "/v1/drafts/{id}", _delete, (), "plain"),
)
