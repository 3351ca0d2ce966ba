"""Owns the typed searches: one operation each for customers, conversations, messages, companies and every custom Klass,
all made from the one search endpoint. The raw search stays an operation of its own. Fields are data in search_fields.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from generator.ir import Attribute, Catalog, Klass, Operation, Schema, Search, SearchField
from generator.search_fields import (
    BRANCHES,
    KINDS,
    KLASS_TAG,
    KLASS_TOOL,
    KOBJECT,
    MOST_CONDITIONS,
    MOST_SORTS,
    OBJECTS,
    OPERATORS,
    SEARCH,
    SORTED,
)
from generator.text import camel, cut, identifier, snake

_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "number"}
_BOOLEAN: Schema = {"type": "boolean"}
_SCALAR: Schema = {"anyOf": [_TEXT, _NUMBER, _BOOLEAN]}
_DATE: Schema = {"type": "string", "format": "date-time"}
# A branch -> what its operators are given; `contains` always takes a text, `in` a list of texts.
_VALUES: dict[str, Schema] = {
    "text": _TEXT,
    "number": _NUMBER,
    "date": _DATE,
    "boolean": _BOOLEAN,
    "scalar": _SCALAR,
}
# What the model of a condition takes; which of it fits a field, the contract says branch by branch and the runtime checks.
_TAKES: dict[str, Schema] = {
    "contains": _TEXT,
    "equals": _SCALAR,
    "gte": _SCALAR,
    "lte": _SCALAR,
    "in": {"type": "array", "items": _TEXT},
    "set": _BOOLEAN,
    "any": _BOOLEAN,
}
# Characters of the line that names the choices; they are in the field's table, too, and in the answer to a wrong one.
_CHOICES_LIMIT = 300
_SPECIAL = re.compile(r"[.*+?^${}()|\[\]\\/]")
_LIMITS = "Covers 2 years; lags writes by a minute."
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
    sorts = attribute.kind in SORTED
    return SearchField(f"{_CUSTOM}{attribute.name}", f"{prefix}{attribute.name}", kind, choices, sorts)


def _body(search: Search) -> Schema:
    """The arguments: `x-class` names the condition's class, `x-shown` is what the contract shows of an argument."""
    asked = [field for field in search.fields if field.kind != "any"]
    condition: Schema = {
        "type": "object",
        "properties": {"field": {"type": "string", "enum": [field.name for field in asked]}, **_TAKES},
        "required": ["field"],
        "x-class": f"{camel(search.name.removesuffix('_SEARCH'))}Condition",
    }
    one: Schema = {"anyOf": _branches(asked), "maxProperties": 3}
    conditions: Schema = {"type": "array", "items": one, "maxItems": MOST_CONDITIONS}
    sorts: Schema = {"type": "array", "items": {**_TEXT, "pattern": _sorts(search)}, "maxItems": MOST_SORTS}
    return {
        "type": "object",
        "properties": {
            "any_text": {**_TEXT, "x-shown": _TEXT, "description": "Words in any text of it"},
            "where": {
                "type": "array",
                "items": condition,
                "x-shown": conditions,
                "description": "All must hold; of those with any: true, one. Field alone: is set",
            },
            "sort": {"type": "array", "items": _TEXT, "x-shown": sorts, "description": "-: descending"},
        },
    }


def _branches(fields: list[SearchField]) -> list[Schema]:
    """What a condition may be, a branch for all fields whose operators take the same values.

    `maxProperties` leaves room for two operators, or for one and `any`: alternatives are one flat list to Kustomer, in which
    a pair has no place. A branch a kind, or one a list of choices, would double the size of a search's contract.
    """
    groups: dict[str, list[SearchField]] = {}
    for field in fields:
        groups.setdefault("text" if field.choices else BRANCHES[field.kind], []).append(field)
    return [_branch(name, group) for name, group in groups.items()]


def _branch(name: str, fields: list[SearchField]) -> Schema:
    field: Schema = {"type": "string", "enum": [field.name for field in fields]}
    if known := "; ".join(
        f"{field.name.removeprefix(_CUSTOM)}: {', '.join(field.choices)}" for field in fields if field.choices
    ):
        field["description"] = cut(known, _CHOICES_LIMIT)
    given = {"contains": _TEXT, "in": {"type": "array", "items": _TEXT, "minItems": 1}}
    operators = {op: given.get(op, _VALUES[name]) for op in OPERATORS[name]}
    return {
        "type": "object",
        "properties": {"field": field, **operators, "set": _BOOLEAN, "any": _BOOLEAN},
        "required": ["field"],
        "additionalProperties": False,
    }


def _sorts(search: Search) -> str:
    """A pattern of what may be sorted by: each field once, with or without its sign."""
    names = [field.name for field in search.fields if field.sorts]
    plain = [_quoted(name) for name in names if not name.startswith(_CUSTOM)]
    if own := "|".join(_quoted(name.removeprefix(_CUSTOM)) for name in names if name.startswith(_CUSTOM)):
        plain.append(f"{_quoted(_CUSTOM)}({own})")
    return f"^-?({'|'.join(plain)})$"


def _quoted(name: str) -> str:
    """A name in a pattern; `re.escape` would also put `\\` before what ECMAScript does not let it stand before."""
    return _SPECIAL.sub(r"\\\g<0>", name)
