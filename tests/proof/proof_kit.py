"""Owns drawing arguments from schemas with Hypothesis. Must not hold an expectation.

PROOF_EXAMPLES=100 python -m pytest tests/proof draws that many a tool, instead of the few that CI can bear.
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

Json = Any
EXAMPLES = int(os.environ.get("PROOF_EXAMPLES", "2"))
_PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=12)


def drawn(strategy: st.SearchStrategy[Json], count: int = EXAMPLES) -> list[Json]:
    """As many values of a strategy, always the same ones; the first is the simplest."""
    found: list[Json] = []

    @settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(strategy)
    def collect(value: Json) -> None:
        found.append(value)

    collect()
    return found


def arguments(schema: Json, optional: bool = True) -> st.SearchStrategy[Json]:
    """What a schema of an object allows; without `optional` only what is required."""
    return _Strategies(schema.get("$defs", {})).object(schema, optional)


class _Strategies:
    """Strategies for the JSON Schema that pydantic writes.

    hypothesis-jsonschema 0.23.1 does not run with the Hypothesis of this repository (its lists need `many.more`).
    """

    def __init__(self, definitions: Json) -> None:
        self._definitions = definitions

    def object(self, schema: Json, optional: bool = True) -> st.SearchStrategy[Json]:
        required = schema.get("required", [])
        fields = {name: st.deferred(lambda one=one: self.value(one)) for name, one in schema["properties"].items()}
        made = st.fixed_dictionaries(
            {name: fields[name] for name in fields if name in required},
            optional={name: fields[name] for name in fields if name not in required} if optional else {},
        )
        most = schema.get("maxProperties", len(fields))
        return made.map(lambda one: dict(sorted(one.items(), key=lambda pair: pair[0] not in required)[:most]))

    def value(self, schema: Json) -> st.SearchStrategy[Json]:
        if "$ref" in schema:
            return self.value(self._definitions[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            beside = {"maxProperties": schema["maxProperties"]} if "maxProperties" in schema else {}
            return st.one_of([self.value({**one, **beside}) for one in schema["anyOf"]])
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        return _BY_TYPE[schema.get("type", "any")](self, schema)

    def mapping(self, schema: Json) -> st.SearchStrategy[Json]:
        """An object of which the schema names no field."""
        values = schema.get("additionalProperties")
        return st.dictionaries(_PLAIN, self.value(values), max_size=2) if isinstance(values, dict) else _FREE

    def array(self, schema: Json) -> st.SearchStrategy[Json]:
        low, high = schema.get("minItems", 0), schema.get("maxItems", 10)
        unique = (lambda one: json.dumps(one, sort_keys=True)) if schema.get("uniqueItems") else None
        return st.lists(self.value(schema["items"]), min_size=low, max_size=min(high, low + 2), unique_by=unique)


def _string(_: _Strategies, schema: Json) -> st.SearchStrategy[str]:
    low, high = schema.get("minLength", 0), schema.get("maxLength", 10_000)
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0"))
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True).filter(lambda text: low <= len(text) <= high)
    return _PLAIN.map(lambda text: text[:high].ljust(low, "x"))


def _integer(_: _Strategies, schema: Json) -> st.SearchStrategy[int]:
    return st.integers(int(schema.get("minimum", -(2**53))), int(schema.get("maximum", 2**53)))


def _number(_: _Strategies, schema: Json) -> st.SearchStrategy[float]:
    low, high = schema.get("minimum", -1e9), schema.get("maximum", 1e9)
    return st.one_of(st.floats(low, high), st.integers(int(low), int(high)))


_SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), _PLAIN)
_FREE = st.dictionaries(_PLAIN, st.one_of(_SCALAR, st.lists(_SCALAR, max_size=2)), max_size=3)
_BY_TYPE: dict[str, Any] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda _, schema: st.booleans(),
    "null": lambda _, schema: st.none(),
    "array": _Strategies.array,
    "object": lambda strategies, schema: (
        strategies.object(schema) if schema.get("properties") else strategies.mapping(schema)
    ),
    "any": lambda _, schema: _SCALAR,
}
