"""Owns the definitions of custom attributes. Must not check values against them; `custom` does."""

from __future__ import annotations

import re
from collections.abc import Mapping

from generator.sandbox import custom, writes
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import ApiError, Problem, not_found
from generator.sandbox.store import Json

STAMPED = ("modifiedBy", "modifiedAt", "updatedAt")
TYPE_OF_SUFFIX = {"Num": "number", "Bool": "boolean"}
SECTIONS = ("standardProperties", "relationships", "properties")


def _resource(call: Call) -> str:
    """The resource the path names: a standard Klass, or `kobject.<name>` of a Klass of this org."""
    name = call.params["resource"]
    known = name in call.world.settings.metadata_resources
    if not known and not (name.startswith("kobject.") and call.org.klass(name.removeprefix("kobject."))):
        raise not_found("resource")
    return name


def _shown(call: Call, name: str) -> Reply:
    stored = {"properties": {}, **call.org.metadata.get(name, {})}
    org = {"links": {"self": f"/v1/orgs/{call.org.id}"}, "data": {"type": "org", "id": call.org.id}}
    data = {
        "type": "metadata",
        "id": name,
        "attributes": stored,
        "relationships": {"org": org},
        "links": {"self": f"/v1/metadata/{name}"},
    }
    return Reply(200, {"data": data})


def _get(call: Call) -> Reply:
    return _shown(call, _resource(call))


def label(name: str) -> str:
    """The default display name: `totalOrdersNum` reads Total Orders."""
    suffix = next((s for s in custom.SUFFIXES if name.endswith(s) and name != s), "")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removesuffix(suffix))
    return words[:1].upper() + words[1:]


def _defaults(name: str) -> dict[str, Json]:
    suffix = next((s for s in custom.SUFFIXES if name.endswith(s)), "")
    return {"type": TYPE_OF_SUFFIX.get(suffix, "string"), "displayName": label(name)}


def _target_exists(call: Call, target: str) -> bool:
    standard = ("company", "conversation", "customer", "message", "user", "team")
    return target in standard or call.org.klass(target.removeprefix("kobject.")) is not None


def _check_targets(call: Call, properties: Mapping[str, Json]) -> None:
    """An attribute that ends in Id must say what it points at, and that must exist."""
    wrong = [
        Problem(400, name, "Invalid target", f"/properties/properties/{name}/target")
        for name, said in properties.items()
        if name.endswith("Id") and said is not None and not _target_exists(call, said.get("target", ""))
    ]
    if wrong:
        raise ApiError(*wrong)


def _put(call: Call) -> Reply:
    """Merges by attribute. A null deletes softly: the definition stays, with who deleted it and when."""
    name = _resource(call)
    body = writes.checked(call, "metadata.update", "metadata")
    _check_targets(call, body.get("properties", {}))
    now = call.world.clock.stamp()
    signed = dict(zip(STAMPED, (call.key.user, now, now), strict=True))
    stored = call.org.metadata.setdefault(name, {"properties": {}})
    for section in SECTIONS:
        for attribute, said in body.get(section, {}).items():
            old = stored.setdefault(section, {}).get(attribute)
            if said is None:
                new = {**(old or _defaults(attribute)), "deletedAt": now, "deletedBy": call.key.user}
            else:
                born = _defaults(attribute) if section == "properties" else {}
                new = {**(old or born), **said, **signed}
            stored[section] = {**stored[section], attribute: new}
    return _shown(call, name)


OPERATIONS = (
    Operation("GET", "/v1/metadata/{resource}", _get, may("metadata", "read", "org.admin.metadata.read")),
    Operation("PUT", "/v1/metadata/{resource}", _put, ("org.permission.metadata.update", "org.admin.metadata")),
)
