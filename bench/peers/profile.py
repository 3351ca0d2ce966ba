"""Owns the schema profile that all of the common clients accept, as rules over one tool each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = Any
_COMBINATORS = ("oneOf", "anyOf", "allOf", "not", "enum", "$ref")
_HINTS = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")


def _schemas(value: Json) -> Iterator[Json]:
    """Every schema inside a schema, itself first."""
    yield value
    if not isinstance(value, dict):
        return
    for key in ("properties", "$defs", "definitions", "patternProperties"):
        for inner in (value.get(key) or {}).values() if isinstance(value.get(key), dict) else ():
            yield from _schemas(inner)
    for key in ("items", "additionalProperties", "not"):
        if key in value and not (key == "additionalProperties" and isinstance(value[key], bool)):
            yield from _schemas(value[key])
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in value.get(key) or ():
            yield from _schemas(inner)


def _inside(test: Callable[[Json], bool]) -> Callable[[Json], bool]:
    return lambda tool: any(test(schema) for schema in _schemas(tool["inputSchema"]))


def _root(tool: Json) -> bool:
    schema = tool["inputSchema"]
    return schema.get("type") != "object" or "properties" not in schema or any(key in schema for key in _COMBINATORS)


def _dangling(tool: Json) -> bool:
    definitions = tool["inputSchema"].get("$defs", {})
    references = [
        s["$ref"] for s in _schemas(tool["inputSchema"]) if isinstance(s, dict) and isinstance(s.get("$ref"), str)
    ]
    return any(not r.startswith("#/$defs/") or r.removeprefix("#/$defs/") not in definitions for r in references)


def _keys(schema: Json) -> bool:
    return isinstance(schema, dict) and any(
        not re.fullmatch(r"[a-zA-Z0-9_]{1,64}", key) for key in schema.get("properties") or {}
    )


def _mixed(schema: Json) -> bool:
    values = schema.get("enum") if isinstance(schema, dict) else None
    return isinstance(values, list) and len({type(one) for one in values}) > 1


# What a rule is called -> whether a tool breaks it.
RULES: dict[str, Callable[[Json], bool]] = {
    "name is not [a-z][a-z0-9_]* of at most 64": lambda t: not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", t["name"]),
    "root is no plain object": _root,
    "unknown arguments are allowed": lambda t: t["inputSchema"].get("additionalProperties") is not False,
    "property keys outside [a-zA-Z0-9_]{1,64}": _inside(_keys),
    "boolean or empty schemas": _inside(lambda s: isinstance(s, bool) or s == {}),
    "lists of types": _inside(lambda s: isinstance(s, dict) and isinstance(s.get("type"), list)),
    "arrays without items": _inside(lambda s: isinstance(s, dict) and s.get("type") == "array" and "items" not in s),
    "enumerations of several types": _inside(_mixed),
    "references that lead nowhere": _dangling,
    "description missing or over 1 kB": lambda t: not 0 < len(t.get("description") or "") <= 1024,
    "arguments without description": lambda t: any(
        isinstance(one, dict) and not one.get("description") and "$ref" not in one
        for one in t["inputSchema"].get("properties", {}).values()
    ),
    "hints missing": lambda t: any((t.get("annotations") or {}).get(hint) is None for hint in _HINTS),
    "title missing": lambda t: not (t.get("title") or (t.get("annotations") or {}).get("title")),
}


def violations(tools: list[Json]) -> dict[str, int]:
    """How many tools break each rule; names that occur twice count as well."""
    found = {name: sum(map(broken, tools)) for name, broken in RULES.items()}
    found["names that occur twice"] = len(tools) - len({tool["name"] for tool in tools})
    return {name: count for name, count in found.items() if count}
