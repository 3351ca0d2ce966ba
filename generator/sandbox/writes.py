"""Owns how a body becomes a record and how an update changes one. Must not render or route."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from generator.sandbox import custom, fields, limits
from generator.sandbox.bodies import BODIES
from generator.sandbox.call import Call
from generator.sandbox.errors import ApiError, Problem
from generator.sandbox.masking import metadata_name
from generator.sandbox.resources import resource
from generator.sandbox.store import Json, Record, Ref

COUNTED = ("conversation", "message", "note", "draft", "kobject")
UNCOUNTED_IF_IMPORTED = ("conversation", "message", "kobject")
LOOSE = (
    "queue",
    "subStatus",
)  # relationships which a replacing update drops; the others say whose a record is
SYSTEM = ("id", "rev", "createdAt", "modifiedAt", "importedAt", "app", "channel", "direction")


def exists(call: Call) -> fields.Exists:
    """Whether a kind holds a record of that id."""
    return lambda kind, id: call.org.tables.get(kind, id) is not None


def check(call: Call, rule: fields.Field, kind: str, body: Json) -> None:
    """All problems of a body at once. Where it may carry `custom`, the org's own attributes decide."""
    if rule.fields is not None and "custom" in rule.fields:
        metadata = call.org.metadata.get(metadata_name(kind), {})
        rule = replace(rule, fields={**rule.fields, "custom": custom.closed(metadata, call.world.settings)})
    problems = tuple(fields.check(rule, body, exists(call)))
    if problems:
        raise ApiError(*problems)


def checked(call: Call, name: str, kind: str, body: Json = None) -> dict[str, Json]:
    """The body of the call (or of one row of a bulk call), if the table `name` lets it pass."""
    said = call.body if body is None else body
    check(call, BODIES[name], kind, said)
    return dict(said)


def _refs(kind: str, body: Mapping[str, Json]) -> dict[str, Ref]:
    named = resource(kind).refs
    return {name: Ref(target, body[name]) for name, target in named.items() if body.get(name)}


def _values(kind: str, body: Mapping[str, Json]) -> dict[str, Json]:
    """What of a body stays as attributes: not the relationships, not the instructions."""
    away = {*resource(kind).refs, "rev", "id", "createdBy", "modifiedBy"}
    return {name: value for name, value in body.items() if name not in away}


def merged(old: Mapping[str, Json], new: Mapping[str, Json], defaults: Mapping[str, Json]) -> dict[str, Json]:
    """New over old. A null clears, back to what is shown when nothing is set. `custom` merges too."""
    result = dict(old)
    for name, value in new.items():
        if name == "custom" and isinstance(value, Mapping):
            result[name] = merged(old.get(name) or {}, value, {})
        elif value is not None:
            result[name] = value
        elif name in defaults:
            result[name] = defaults[name]
        else:
            result.pop(name, None)
    return result


def create(call: Call, kind: str, body: Mapping[str, Json], customer: str | None = None) -> Record:
    """A new record from a checked body. `customer` is whose creation budget it costs."""
    family = kind.partition(".")[0]
    free = "importedAt" in body and family in UNCOUNTED_IF_IMPORTED
    if customer and family in COUNTED and not free:
        limits.spend_creation(call.world, call.org, call.key, customer, family)
    wire, now = resource(kind), call.world.clock.stamp()
    values = merged(wire.defaults, _values(kind, body), wire.defaults)
    values = {**values, "createdAt": values.get("createdAt", now), "updatedAt": now, "modifiedAt": now}
    if wire.versioned:
        values["rev"] = 1
    author = Ref("user", body.get("createdBy") or call.key.user)
    editor = Ref("user", body.get("modifiedBy") or call.key.user)
    refs = {**_refs(kind, body), "createdBy": author, "modifiedBy": editor}
    id = body.get("id") or call.org.tables.new_id(kind)
    if call.org.tables.get(kind, id) is not None:
        raise ApiError(Problem(409, "id", detail=f"{kind} {id} exists"))
    return call.org.tables.put(Record(kind, id, values, refs))


def same_revision(call: Call, record: Record, body: Mapping[str, Json]) -> None:
    """409 when the caller says which revision it changes and another one stands."""
    said = body.get("rev", call.query.get("rev"))
    if said is not None and str(said) != str(record.attributes.get("rev")):
        at = record.attributes.get("rev")
        raise ApiError(Problem(409, "rev", detail=f"Revision {said} does not match current revision {at}"))


def update(call: Call, record: Record, body: Mapping[str, Json], *, replaces: bool = False) -> Record:
    """The record after an update. With `replaces`, what the body does not name goes to its default."""
    same_revision(call, record, body)
    wire, now = resource(record.kind), call.world.clock.stamp()
    old: Mapping[str, Json] = record.attributes
    if replaces:
        old = {**wire.defaults, **{n: v for n, v in old.items() if n in SYSTEM}}
    values = merged(old, _values(record.kind, body), wire.defaults) | {"updatedAt": now}
    values["modifiedAt"] = body.get("modifiedAt") or now
    if wire.versioned:
        values["rev"] = int(record.attributes.get("rev", 0)) + 1
    lost = [n for n in record.refs if body.get(n, "") is None or (replaces and n in LOOSE and n not in body)]
    kept = {n: ref for n, ref in record.refs.items() if n not in lost}
    editor = Ref("user", body.get("modifiedBy") or call.key.user)
    refs = {**kept, **_refs(record.kind, body), "modifiedBy": editor}
    changed = call.org.tables.put(replace(record, attributes=values, refs=refs))
    if values.get("deleted") is True:
        call.org.tables.drop(changed)
    return changed


def replaces(call: Call) -> bool:
    return call.method == "PUT" and call.flag("replace")
