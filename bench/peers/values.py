"""Owns valid arguments made from nothing but a tool's own input schema: what is required, everything, or one of the rest."""

from __future__ import annotations

import itertools
from functools import cache
from typing import Any

from hypothesis import HealthCheck, find, settings
from hypothesis import strategies as st

Json = Any
_DEPTH = 6
_quick = settings(max_examples=200, database=None, derandomize=True, suppress_health_check=list(HealthCheck))


@cache
def _matching(pattern: str, low: int, high: int) -> str:
    """The simplest text that a pattern allows, of a length within the bounds."""
    allowed = st.from_regex(pattern).filter(lambda text: low <= len(text) <= high and text.isprintable())
    return str(find(allowed, lambda _: True, settings=_quick))


class Maker:
    """Makes arguments; free texts are `tok1`, `tok2` ..., so that each can be found again in a request.

    Args:
        root: The input schema, to which its references point.
        everything: Whether optional fields are given as well.
        own: Names at the top that are the server's own and have no place in a request.
        branch: Which branch of a union is taken, counted anew in one that has fewer.

    Attributes:
        branches: The most branches that a union had, of those that were come by.
    """

    def __init__(self, root: Json, everything: bool, own: tuple[str, ...] = (), branch: int = 0) -> None:
        self._root, self._everything, self._own, self._branch = root, everything, own, branch
        self.branches = 1
        self._numbers = itertools.count(1)

    @property
    def _properties(self) -> Json:
        return {name: one for name, one in self._root.get("properties", {}).items() if name not in self._own}

    @property
    def optional(self) -> list[str]:
        """The arguments that a call may leave out."""
        return [name for name in self._properties if name not in self._root.get("required", [])]

    def arguments(self, beside: str = "") -> Json:
        """The arguments of a call; `beside` is one that is given whole beside the others."""
        made = self._object({**self._root, "properties": self._properties}, 0)
        if beside:
            self._everything = True
            made[beside] = self._value(self._properties[beside], beside, 1)
        return made

    def _object(self, schema: Json, depth: int) -> Json:
        required = schema.get("required", [])
        fields = schema.get("properties", {})
        wanted = [name for name in fields if name in required or (self._everything and depth < _DEPTH)]
        if len(wanted) > (most := schema.get("maxProperties", len(wanted))):
            wanted = sorted(wanted, key=lambda name: name not in required)[:most]
        return {name: self._value(fields[name], name, depth + 1) for name in wanted}

    def _value(self, schema: Json, name: str, depth: int) -> Json:
        if not isinstance(schema, dict):
            return self._text()
        if "$ref" in schema:
            return self._value(self._target(schema["$ref"]), name, depth + 1) if depth < 12 else None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return next((one for one in schema["enum"] if one is not None), None)
        for union in ("anyOf", "oneOf"):
            if schema.get(union):
                beside = {"maxProperties": schema["maxProperties"]} if "maxProperties" in schema else {}
                options = [{**one, **beside} for one in schema[union] if one != {"type": "null"}]
                self.branches = max(self.branches, len(options))
                return self._value(options[self._branch % len(options)] if options else {}, name, depth)
        if schema.get("allOf"):
            whole: Json = {"type": "object", "properties": {}, "required": []}
            for part in schema["allOf"]:
                part = self._target(part["$ref"]) if "$ref" in part else part
                whole["properties"] |= part.get("properties", {})
                whole["required"] += part.get("required", [])
            return self._object(whole, depth) if whole["properties"] else self._value(schema["allOf"][0], name, depth)
        return self._typed(schema, name, depth)

    def _typed(self, schema: Json, name: str, depth: int) -> Json:
        kind = schema.get("type", "object" if "properties" in schema else "string")
        kind = next((one for one in kind if one != "null"), "null") if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(schema, depth) if schema.get("properties") else {}
        if kind == "array":
            count = max(schema.get("minItems", 0), 1)
            return [self._value(schema.get("items", {}), name, depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return min(max(7, schema.get("minimum", 7)), schema.get("maximum", 100))
        if kind == "boolean":
            return True
        return self._string(schema) if kind == "string" else None

    def _string(self, schema: Json) -> str:
        low, high = schema.get("minLength", 0), schema.get("maxLength", 10_000)
        if "pattern" in schema:
            return _matching(schema["pattern"], low, high)
        by_format = {
            "date-time": "2026-01-02T03:04:05Z",
            "date": "2026-01-02",
            "email": "tok@example.com",
            "uri": "https://example.com/tok",
        }
        return by_format.get(schema.get("format", "")) or self._text().ljust(low, "x")[:high]

    def _text(self) -> str:
        return f"tok{next(self._numbers)}z"

    def _target(self, reference: str) -> Json:
        found: Json = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
        return found
