"""Owns the JSON:API dress of records and lists. Must not change a record, nor decide who may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from generator.sandbox import derived, masking, paging
from generator.sandbox.call import Call, Reply
from generator.sandbox.resources import PAGE_MAX, klass_of, path_of, plural, resource
from generator.sandbox.store import Json, Record, Ref
from generator.sandbox.world import Org

T = TypeVar("T")


def _related(ref: Ref) -> dict[str, Json]:
    return {"links": {"self": path_of(ref.type, ref.id)}, "data": {"type": ref.type, "id": ref.id}}


def _kobject_links(org: Org, record: Record) -> dict[str, Json]:
    """A customer or company lists its Klasses as relationships, marked by `meta.kobject`."""
    base = path_of(record.kind, record.id)
    klasses = (k for k in org.tables.all("klass") if k.attributes["status"] == "enabled")
    names = [plural(klass.attributes["name"]) for klass in klasses]
    return {name: {"links": {"self": f"{base}/klasses/{name}"}, "meta": {"kobject": True}} for name in names}


def relationships(org: Org, record: Record) -> dict[str, Json]:
    found: dict[str, Json] = {"org": _related(Ref("org", org.id))}
    if record.kind.startswith("kobject."):
        name = klass_of(record.kind)
        # `link`, not `links`: the live service really writes it so for Klasses.
        found["klass"] = {"link": {"self": f"/v1/klasses/{name}"}, "data": {"type": "klass", "id": name}}
    found |= {name: _related(ref) for name, ref in record.refs.items()}
    if record.kind == "note":
        said = record.attributes.get("userMentions", [])
        named = [{"type": kind, "id": id} for mention in said for kind, id in mention.items()]
        found["userMentions"] = {"data": named}
    base = path_of(record.kind, record.id)
    found |= {name: {"links": {"self": f"{base}/{name}"}} for name in resource(record.kind).links}
    if record.kind == "klass":
        found["kobjects"] = {"links": {"self": f"/v1/klasses/{plural(record.attributes['name'])}"}}
    if record.kind in ("customer", "company"):
        found |= _kobject_links(org, record)
    return found


def _attributes(call: Call, record: Record) -> dict[str, Json]:
    """What of a record is shown as attributes: whom a note mentions stands among its relationships."""
    shown = derived.attributes(call.world, call.org, record)
    return {n: v for n, v in shown.items() if (record.kind, n) != ("note", "userMentions")}


def dressed(call: Call, record: Record) -> dict[str, Json]:
    """One record as this caller may see it."""
    attributes = _attributes(call, record)
    return {
        "type": record.kind,
        "id": record.id,
        "attributes": masking.shown(call.world, call.org, call.key, record, attributes),
        "relationships": relationships(call.org, record),
        "links": {"self": path_of(record.kind, record.id)},
    }


def one(call: Call, record: Record, status: int = 200) -> Reply:
    return Reply(status, {"data": dressed(call, record)})


def page_of(call: Call, kind: str) -> paging.Page:
    return paging.read(call.query, PAGE_MAX.get(kind, 100), call.world.settings.page_size)


def listing(call: Call, data: Sequence[Json], page: paging.Page, total: int) -> dict[str, Json]:
    meta = {"page": page.number, "pageSize": page.size, "total": total, "totalPages": page.pages(total)}
    return {"meta": meta, "data": data, "links": paging.links(call.path, call.query, page, total)}


def many(call: Call, kind: str, records: Sequence[Record]) -> Reply:
    """A page of records, in the order which `sort` asks for (by creation)."""
    page = page_of(call, kind)
    ordered = list(reversed(records)) if call.query.get("sort") == "desc" else records
    data = [dressed(call, record) for record in page.cut(ordered)]
    return Reply(200, listing(call, data, page, len(records)))


def named(call: Call, kind: str, param: str = "id") -> Reply:
    """One record, or a list of those that are there when the path names several ids separated by commas."""
    ids = call.params[param].split(",")
    if len(ids) == 1:
        return one(call, call.record(kind, param))
    found = [record for id in ids if (record := call.org.tables.get(kind, id))]
    data = [dressed(call, record) for record in found]
    return Reply(200, listing(call, data, paging.Page(1, len(ids)), len(found)))


def only_fields(document: dict[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    """A list narrowed to the attributes that `fields` names (comma-separated)."""
    wanted = {name.strip() for name in names.get("fields", "").split(",") if name.strip()}
    if wanted:
        for item in document["data"]:
            item["attributes"] = {k: v for k, v in item["attributes"].items() if k in wanted}
    return document
