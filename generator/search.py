"""Owns the typed searches: one operation each for customers, conversations, messages, companies and every custom Klass,
all made from the one search endpoint. The raw search stays an operation of its own. Fields are data in search_fields.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator.ir import Attribute, Catalog, Klass, Operation, Schema, Search, SearchField
from generator.search_fields import (
    KINDS,
    KLASS_TAG,
    KLASS_TOOL,
    KOBJECT,
    OBJECTS,
    OPERATORS,
    SEARCH,
)
from generator.text import camel, identifier, snake

_VALUE: Schema = {
    "anyOf": [
        {"type": "string"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string"}},
    ]
}
_LIMITS = "Covers 2 years of updates; lags writes by up to a minute; 100 pages, and 100 searches a minute."
_CUSTOM = "custom."


def add_searches(catalog: Catalog) -> Catalog:
    """Add the typed searches, where the catalog has the endpoint that they ask."""
    made = [
        search
        for operation in catalog.operations
        if operation.key == SEARCH and not operation.tool
        for search in _searches(operation, catalog.klasses)
    ]
    return replace(catalog, operations=(*catalog.operations, *made))


def _searches(raw: Operation, klasses: tuple[Klass, ...]) -> Iterator[Operation]:
    standard = {klass.name: klass for klass in klasses if klass.standard}
    for row in OBJECTS:
        klass = standard.get(row.klass) or Klass(row.klass, row.klass, True)
        fields = (*row.fields, *_custom_fields(klass, f"{row.klass}_custom_"))
        search = Search(f"{row.klass.upper()}_SEARCH", row.klass, fields)
        title = f"Search {row.plural}"
        yield _operation(raw, row.tool, row.tag, title, f"{title}.", search)
    for klass in (klass for klass in klasses if not klass.standard):
        fields = (*KOBJECT, *_custom_fields(klass, f"kobject_custom_{klass.name}_"))
        search = Search(f"{identifier(klass.name).upper()}_SEARCH", f"kobject_{klass.name}", fields)
        title = f"Search {klass.label} objects"[:60]
        text = f"Search custom objects of the Klass {klass.name}."
        yield replace(
            _operation(raw, KLASS_TOOL.format(klass=snake(klass.name)), KLASS_TAG, title, text, search),
            klass=klass.name,
        )


def _operation(raw: Operation, tool: str, tag: str, title: str, text: str, search: Search) -> Operation:
    return replace(
        raw,
        tool=tool,
        tags=(tag, *raw.tags),
        summary=title,
        description=f"{text} {_LIMITS}",
        parameters=(),
        body=_body(search),
        body_required=False,
        search=search,
    )


def _custom_fields(klass: Klass, prefix: str) -> tuple[SearchField, ...]:
    return tuple(_custom_field(attribute, prefix) for attribute in klass.attributes)


def _custom_field(attribute: Attribute, prefix: str) -> SearchField:
    one = attribute.schema.get("items", attribute.schema)
    choices = tuple(one.get("enum", ()))
    kind = "choice" if choices else KINDS[attribute.kind.removesuffix(" list")]
    sorts = attribute.schema.get("type") != "array"
    return SearchField(f"{_CUSTOM}{attribute.name}", f"{prefix}{attribute.name}", kind, choices, sorts)


def _body(search: Search) -> Schema:
    """The arguments: `x-class` names the condition's class, `x-shown` says how the contract shows an argument."""
    condition: Schema = {
        "type": "object",
        "properties": {
            "field": {"type": "string", "enum": [field.name for field in search.fields]},
            "op": {"type": "string", "enum": list(OPERATORS)},
            "value": _VALUE,
        },
        "required": ["field", "op"],
        "x-class": f"{camel(search.name.removesuffix('_SEARCH'))}Condition",
    }
    conditions: Schema = {"type": "array", "items": condition}
    return {
        "type": "object",
        "properties": {
            "all": {**conditions, "x-shown": "whole", "description": "All must hold; set, not_set: no value"},
            "any": {**conditions, "x-shown": "needed", "description": "One must hold; as in all"},
            "sort": {
                "type": "array",
                "items": {"type": "string"},
                "x-shown": "whole",
                "description": "Fields; - in front: descending",
            },
        },
    }
