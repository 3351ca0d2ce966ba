"""Owns making valid arguments from a tool's model: only what is required, everything, or null wherever it may be."""

from __future__ import annotations

from typing import Any, Literal

from hypothesis import find
from hypothesis import strategies as st
from pydantic import BaseModel

Amount = Literal["minimal", "full", "null"]


def arguments(model: type[BaseModel], amount: Amount) -> dict[str, Any]:
    """Arguments of a tool by the names that a caller uses."""
    schema = model.model_json_schema()
    return _Maker(schema.get("$defs", {}), amount).object(schema, "")


class _Maker:
    def __init__(self, definitions: dict[str, Any], amount: Amount) -> None:
        self._definitions = definitions
        self._amount = amount

    def object(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        required = schema.get("required", [])
        fields = schema["properties"]
        if self._amount == "full":
            wanted = list(fields)
        else:
            wanted = [n for n in fields if n in required or (self._amount == "null" and self._clears(fields[n]))]
        return {n: None if n not in required and self._amount == "null" else self.value(fields[n], n) for n in wanted}

    def _clears(self, schema: dict[str, Any]) -> bool:
        return {"type": "null"} in schema.get("anyOf", ())

    def value(self, schema: dict[str, Any], name: str, turn: int = 0) -> Any:
        if "$ref" in schema:
            schema = self._definitions[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            options = [option for option in schema["anyOf"] if option != {"type": "null"}]
            return self.value(options[turn % len(options)], name, turn)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return schema["enum"][turn % len(schema["enum"])]
        kind = schema.get("type", "any")
        return getattr(self, f"_{kind}")(schema, name, turn)

    def _string(self, schema: dict[str, Any], name: str, turn: int) -> str:
        if "pattern" in schema:
            low, high = schema.get("minLength", 0), schema.get("maxLength", 10_000)
            return find(st.from_regex(schema["pattern"], fullmatch=True), lambda text: low <= len(text) <= high)
        text = f"{name} {turn}" if turn else f"{name} & 50% +ü/"
        return text[: schema.get("maxLength", 1000)].ljust(schema.get("minLength", 0), "x")

    def _integer(self, schema: dict[str, Any], name: str, turn: int) -> int:
        return min(max(7 + turn, schema.get("minimum", 0)), schema.get("maximum", 100))

    def _number(self, schema: dict[str, Any], name: str, turn: int) -> float:
        return float(self._integer(schema, name, turn)) if not turn % 2 else 0.5 + schema.get("minimum", 0)

    def _boolean(self, schema: dict[str, Any], name: str, turn: int) -> bool:
        return name == "deleted" or bool(turn % 2)  # false has no meaning in some documents: there is no undelete

    def _array(self, schema: dict[str, Any], name: str, turn: int) -> list[Any]:
        most = min(schema.get("maxItems", 2), 2) if self._amount == "full" else schema.get("minItems", 1)
        return [self.value(schema["items"], name, i + 1) for i in range(max(most, schema.get("minItems", 0)))]

    def _object(self, schema: dict[str, Any], name: str, turn: int) -> dict[str, Any]:
        if schema.get("properties"):
            return self.object(schema, name)
        values = schema.get("additionalProperties")
        return {"1": self.value(values, name)} if isinstance(values, dict) else {"free": {"from": [1, None, True]}}

    def _any(self, schema: dict[str, Any], name: str, turn: int) -> Any:
        return f"any {name}"
