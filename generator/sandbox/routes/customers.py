"""Owns customers: records, look-ups, merges, unmasking windows. Must not own what hangs below them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from generator.sandbox import envelope, paging, writes
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.clock import stamp
from generator.sandbox.errors import bad, not_found
from generator.sandbox.store import Json, Record, Ref

Test = Callable[[Record], bool]
ADDRESSES = ("externalIds", "emails", "phones", "whatsapps", "socials")


def _list(call: Call) -> Reply:
    """Of the lists of records, this one alone has a link to its last page."""
    reply = envelope.many(call, "customer", list(call.org.tables.all("customer")))
    meta = reply.document["meta"]
    last = paging.Page(max(1, meta["totalPages"]), meta["pageSize"])
    reply.document["links"]["last"] = paging.links(call.path, call.query, last, 0)["self"]
    return reply


def _get(call: Call) -> Reply:
    return envelope.named(call, "customer")


def _with_external_id(body: dict[str, Json], had: Mapping[str, Json]) -> dict[str, Json]:
    """`externalId` and `externalIds` tell of the same ids: setting one shows in the other."""
    if "externalIds" in body:
        first = (body["externalIds"] or [{"externalId": None}])[0]["externalId"]
        return {**body, "externalId": body.get("externalId", first)}
    if "externalId" in body:
        others = [e for e in had.get("externalIds", []) if e["externalId"] != had.get("externalId")]
        first = [{"externalId": body["externalId"], "verified": True}] if body["externalId"] else []
        return {**body, "externalIds": [*first, *others]}
    return body


def _unique(call: Call, body: Mapping[str, Json], own: str = "") -> None:
    """An external id names one customer of an org."""
    for said in body.get("externalIds") or []:
        holder = _by_external_id(call, said["externalId"])
        if holder is not None and holder.id != own:
            raise bad("externalId", "Already in use", f"externalId {said['externalId']} names another customer")


def _unverified(body: dict[str, Json]) -> dict[str, Json]:
    """An address of which nobody says that it was verified was not."""
    lists = {name: body[name] for name in ADDRESSES if body.get(name)}
    return {**body, **{name: [{"verified": False, **one} for one in each] for name, each in lists.items()}}


def _create(call: Call) -> Reply:
    body = _with_external_id(_unverified(writes.checked(call, "customer.create", "customer")), {})
    _unique(call, body)
    return envelope.one(call, writes.create(call, "customer", body), 201)


def _update(call: Call) -> Reply:
    record = call.record("customer")
    said = _unverified(writes.checked(call, "customer.update", "customer"))
    body = _with_external_id(said, {} if writes.replaces(call) else record.attributes)
    _unique(call, body, record.id)
    # The trap of this resource: an update that does not name the company unlinks it.
    body.setdefault("company", None)
    return envelope.one(call, writes.update(call, record, body, replaces=writes.replaces(call)))


def _delete(call: Call) -> Reply:
    record = call.record("customer")
    for kind in tuple(call.org.tables.kinds()):
        for child in call.org.tables.where(kind, customer=record.id):
            call.org.tables.drop(child)
    call.org.tables.drop(record)
    return Reply(204)


def _digits(phone: str) -> str:
    return re.sub(r"\D", "", phone)


def _external_ids(record: Record) -> list[str | None]:
    return [record.attributes.get("externalId"), *(e["externalId"] for e in record.attributes["externalIds"])]


def _by_external_id(call: Call, wanted: str) -> Record | None:
    return call.org.tables.first("customer", lambda r: wanted in _external_ids(r))


def _matcher(param: str, wanted: str) -> Test:
    """Whether a customer has the e-mail (in any case), phone (the plus may be missing) or external id."""
    number = _digits(wanted)
    tests: Mapping[str, Test] = {
        "email": lambda r: wanted.lower() in [e["email"].lower() for e in r.attributes["emails"]],
        "phone": lambda r: bool(number) and number in [_digits(p["phone"]) for p in r.attributes["phones"]],
        "externalId": lambda r: wanted in _external_ids(r),
    }
    return tests[param]


def _look_up(param: str) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        found = call.org.tables.first("customer", _matcher(param, call.params[param]))
        if found is None:
            raise not_found(param)
        return envelope.one(call, found)

    return handler


def _open_window(call: Call) -> Reply:
    """Opens or restarts the window and answers with the customer, now unmasked."""
    record, now = call.record("customer"), call.world.clock.now()
    call.org.windows[record.id] = {
        "requestedBy": call.key.user,
        "startDate": stamp(now),
        "endDate": stamp(now + timedelta(hours=call.world.settings.window_hours)),
        "updatedAt": stamp(now),
        "createdAt": stamp(now),
    }
    return envelope.one(call, record, 201)


def _close_window(call: Call) -> Reply:
    call.org.windows.pop(call.record("customer").id, None)
    return Reply(204)


def _party(call: Call, id: str) -> Record:
    found = call.org.tables.get("customer", id)
    if found is None:
        raise not_found("id")
    return found


def _merge(call: Call) -> Reply:
    """Everything of the source moves to the target, and the source is gone."""
    body = writes.checked(call, "customer_merge.create", "customer_merge")
    if body["source"] == body["target"]:
        raise bad("target", "Source and target must differ")
    tables = call.org.tables
    for kind in tables.kinds():
        for child in tables.where(kind, customer=body["source"]):
            tables.put(replace(child, refs={**child.refs, "customer": Ref("customer", body["target"])}))
    source, target = _party(call, body["source"]), _party(call, body["target"])
    lists = ("emails", "phones", "externalIds")
    joined = {
        n: [*target.attributes[n], *(x for x in source.attributes[n] if x not in target.attributes[n])] for n in lists
    }
    writes.update(call, target, joined)
    tables.drop(source)
    return envelope.one(call, writes.create(call, "customer_merge", {**body, "status": "complete"}), 201)


def _get_merge(call: Call) -> Reply:
    return envelope.one(call, call.record("customer_merge"))


def _merges_of(call: Call) -> Reply:
    customer = call.record("customer")
    return envelope.many(call, "customer_merge", call.org.tables.where("customer_merge", target=customer.id))


READ, CREATE, UPDATE = may("customer", "read"), may("customer", "create"), may("customer", "update")
WINDOW = {verb: (f"org.permission.unmasking_window.{verb}", "org.user.customer.write") for verb in ("create", "delete")}
MERGE = {verb: (f"org.permission.customer_merge.{verb}", "org.admin.customer.merge") for verb in ("create", "read")}

OPERATIONS = (
    Operation("GET", "/v1/customers", _list, READ),
    Operation("POST", "/v1/customers", _create, CREATE),
    Operation("GET", "/v1/customers/email={email}", _look_up("email"), READ),
    Operation("GET", "/v1/customers/phone={phone}", _look_up("phone"), READ),
    Operation("GET", "/v1/customers/externalId={externalId}", _look_up("externalId"), READ),
    Operation("POST", "/v1/customers/merges", _merge, MERGE["create"]),
    Operation("GET", "/v1/customers/merges/{id}", _get_merge, MERGE["read"]),
    Operation("GET", "/v1/customers/{id}", _get, READ),
    Operation("PUT", "/v1/customers/{id}", _update, UPDATE),
    Operation("PATCH", "/v1/customers/{id}", _update, UPDATE),
    Operation("DELETE", "/v1/customers/{id}", _delete, may("customer", "delete"), "plain"),
    Operation("GET", "/v1/customers/{id}/merges", _merges_of, MERGE["read"]),
    Operation("POST", "/v1/customers/{id}/unmasking-windows", _open_window, WINDOW["create"], "plain"),
    Operation("DELETE", "/v1/customers/{id}/unmasking-windows", _close_window, WINDOW["delete"], "plain"),
)
