"""Owns arguments at the edges of what a schema allows: the least, the most, the strangest, and null. No expectations."""

from __future__ import annotations

from functools import cache
from typing import Any

import proof_kit as kit
from hypothesis import strategies as st

Json = Any
EDGES = ("least", "most", "strange", "null")
# Everything that means something in a URL, in JSON or on a screen, and what UTF-8 writes in two, three and four bytes.
STRANGE = "ü/..?#&=%2F+ ;,@:~'\"\\\u2028\u202e\ufeffe\u0301中😀{}[]<>|^`$!*()"
LONG = 3  # items of a list that has no greatest number
FAR = 1.7976931348623157e308
WIDE = 2**53  # what JSON carries to every reader


def at_the(edge: str, schema: Json) -> Json:
    """The arguments of an object schema, all at one edge; `least` has only what is required."""
    return _Edge(edge, schema.get("$defs", {})).object(schema)


class _Edge:
    def __init__(self, edge: str, definitions: Json) -> None:
        self._edge = edge
        self._definitions = definitions

    def object(self, schema: Json) -> Json:
        required = schema.get("required", [])
        names = [n for n in schema["properties"] if n in required or self._edge != "least"]
        return {name: self.value(schema["properties"][name]) for name in names}

    def value(self, schema: Json, turn: int = 0) -> Json:
        if "$ref" in schema:
            return self.value(self._definitions[schema["$ref"].rpartition("/")[2]], turn)
        if "anyOf" in schema:
            if self._edge == "null" and {"type": "null"} in schema["anyOf"]:
                return None
            options = [one for one in schema["anyOf"] if one != {"type": "null"}]
            return self.value(options[-1 if self._edge == "most" else 0], turn)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][turn % len(schema["enum"]) - (self._edge == "most")]
        return getattr(self, f"_{schema.get('type', 'any')}")(schema, turn)

    def _string(self, schema: Json, turn: int) -> str:
        low, high = schema.get("minLength", 0), schema.get("maxLength", 2000)
        if "pattern" in schema:
            return _matching(schema["pattern"], low, high, turn)
        if self._edge in ("least", "null"):
            return "xyz"[turn % 3] * low
        mark = str(turn) if turn else ""
        text = STRANGE if self._edge == "strange" else STRANGE * (high // len(STRANGE) + 1)
        return (mark + text)[:high].ljust(low, "x")

    def _integer(self, schema: Json, turn: int) -> int:
        least, most = int(schema.get("minimum", -WIDE)), int(schema.get("maximum", WIDE))
        return most - turn if self._edge == "most" else least + turn

    def _number(self, schema: Json, turn: int) -> float:
        if self._edge == "strange":
            return min(max(0.1 + 0.2 + turn, schema.get("minimum", 0)), schema.get("maximum", FAR))
        return float(schema.get("maximum", FAR) if self._edge == "most" else schema.get("minimum", -FAR))

    def _boolean(self, schema: Json, turn: int) -> bool:
        return (self._edge == "most") ^ bool(turn % 2)

    def _null(self, schema: Json, turn: int) -> None:
        return None

    def _array(self, schema: Json, turn: int) -> list[Json]:
        low = schema.get("minItems", 0)
        count = {"least": low, "null": low, "strange": max(low, 1)}.get(
            self._edge, schema.get("maxItems", max(low, LONG))
        )
        return [
            self.value(schema["items"], i) for i in range(min(count, len(schema["items"].get("enum", range(count)))))
        ]

    def _object(self, schema: Json, turn: int) -> Json:
        if schema.get("properties"):
            return self.object(schema)
        if self._edge in ("least", "null"):
            return {}
        if isinstance(schema.get("additionalProperties"), dict):
            return {name: self.value(schema["additionalProperties"], turn) for name in ("", STRANGE)}
        return {"": None, STRANGE: [{"": [[], {}, 0, -0.5, False, STRANGE]}]}

    def _any(self, schema: Json, turn: int) -> Json:
        return "" if self._edge in ("least", "null") else STRANGE


@cache
def _matching(pattern: str, low: int, high: int, turn: int) -> str:
    """The same few texts for a pattern each time."""
    fitting = st.from_regex(pattern, fullmatch=True).filter(lambda text: low <= len(text) <= high)
    found = list(dict.fromkeys(kit.drawn(fitting, 12)))
    return found[turn % len(found)]
