"""Owns the two search endpoints and their bounds. Must not know operators: the other `search` does."""

from __future__ import annotations

from datetime import timedelta

from generator.sandbox import envelope, paging, search, writes
from generator.sandbox.call import Call, Operation, Reply
from generator.sandbox.clock import parse
from generator.sandbox.errors import bad
from generator.sandbox.fields import Field
from generator.sandbox.resources import PAGE_MAX
from generator.sandbox.rules import OPEN, closed, some, text
from generator.sandbox.store import Json, Record

PAGE_CAP = 100
WINDOW = timedelta(days=2 * 365)

_SECTION = Field(either=(OPEN, some(OPEN, 20)))
BODY = closed(
    searchHash=text(high=256),
    queryContext=text(high=256),
    includeDeleted=Field("boolean"),
    timeZone=text(high=64),
    sort=Field(either=(OPEN, some(OPEN, 5))),
    aggs=OPEN,
    fields=some(Field(either=(OPEN, text())), 20),
    **dict.fromkeys(("and", "or", "not"), _SECTION),
)


def _kinds(call: Call, context: str) -> list[str]:
    """The kinds a context searches: one, one Klass, or all KObjects."""
    if context.startswith("kobject_") and call.org.klass(context.removeprefix("kobject_")):
        return [f"kobject.{context.removeprefix('kobject_')}"]
    if context not in search.CONTEXTS:
        raise bad("queryContext", f"No enum match for: {context}", "/properties/queryContext/enum")
    return [k for k in call.org.tables.kinds() if k.startswith("kobject.")] if context == "kobject" else [context]


def _candidates(call: Call, context: str, archived: bool) -> list[Record]:
    """What the index holds: what was updated within two years, or in the archive what was not."""
    now = call.world.clock.now()
    indexed = now - timedelta(seconds=call.world.settings.search_lag_seconds)
    found = [r for kind in _kinds(call, context) for r in call.org.tables.as_of(kind, indexed)]
    return [
        r for r in found if ((at := parse(r.attributes["updatedAt"])) is not None and at < now - WINDOW) is archived
    ]


def _page(call: Call) -> paging.Page:
    page = paging.read(call.query, PAGE_MAX["search"], call.world.settings.page_size)
    if page.number > PAGE_CAP:
        raise bad("page", f"Value {page.number} is greater than maximum {PAGE_CAP}", "/properties/page/maximum")
    return page


def _run(call: Call, archived: bool) -> Reply:
    body: dict[str, Json] = {} if call.body is None else call.body
    writes.check(call, BODY, "search", body)
    page, context = _page(call), body.get("queryContext", "customer")
    hits = [r for r in _candidates(call, context, archived) if search.matches(call.org, r, body)]
    default = f"{'kobject' if context.startswith('kobject') else context}_updated_at"
    hits = search.sort(call.org, hits, body, default)
    ids_only = call.flag("idsOnly")
    data = [{"type": r.kind, "id": r.id} if ids_only else envelope.dressed(call, r) for r in page.cut(hits)]
    document = envelope.listing(call, data, page, min(len(hits), PAGE_CAP * page.size))
    last = max(1, min(page.pages(len(hits)), PAGE_CAP))
    document["meta"] |= {"total": len(hits), "totalPages": page.pages(len(hits)), "aggregations": {}}
    document["links"]["last"] = paging.links(call.path, call.query, paging.Page(last, page.size), 0)["self"]
    return Reply(200, document)


ROLES = (
    *(f"org.permission.{name}" for name in ("search.create", "search.update", "search_global.create")),
    "org.permission.search_preview.create",
    "org.user.search.read",
    "org.admin.search.read",
)

OPERATIONS = (
    Operation("POST", "/v1/customers/search", lambda call: _run(call, False), ROLES, search=True),
    Operation("POST", "/v1/customers/archive/search", lambda call: _run(call, True), ROLES, search=True),
)
