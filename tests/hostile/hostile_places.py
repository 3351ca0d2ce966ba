"""Owns the places where a foreign string can stand: each gives a document and Klasses that hold it. Must not hold an expectation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import generator_kit
from hostile_kit import package

from generator.ir import Package

Json = Any
Values = Sequence[str]
small = json.loads((generator_kit.HERE / "shared" / "small.json").read_text(encoding="utf-8"))


def things(**rest: Json) -> Json:
    """A document of three operations, one of them with a body, changed as told."""
    paths = generator_kit.things()
    paths["/v1/things"]["post"].update(rest)
    return generator_kit.document(paths)


def _with_properties(properties: Json, required: Json = ()) -> tuple[Json, Json]:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, **properties}, "required": list(required)}
    return things(requestBody=generator_kit.body(schema)), {}


def _order(content: Json) -> tuple[Json, Json]:
    return small, {"klasses/order.json": content}


def text_places(s: str) -> tuple[Json, Json]:
    """One document and one Klass that hold the string wherever free text stands."""
    extensions = dict.fromkeys(
        ("x-python-type", "x-python-import", "x-comment", "customBasePath", "default_factory"), s
    )
    leaf = {
        "type": "string",
        "description": s,
        "title": s,
        "example": s,
        "default": s,
        "format": s,
        "pattern": s,
        **extensions,
    }
    inner = {"type": "object", "title": s, "description": s, "properties": {"deep": dict(leaf)}, "default": {"deep": s}}
    operation = generator_kit.operation(
        "CreateThing",
        summary=s,
        description=s,
        externalDocs={"url": s, "description": s},
        parameters=[{"in": "query", "name": "q", "description": s, "schema": dict(leaf)}],
        requestBody={
            "description": s,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "description": s,
                        "properties": {"leaf": leaf, "inner": inner, "kind": {"type": "string", "enum": [s, "other"]}},
                    }
                }
            },
        },
        responses={"200": {"description": s, "headers": {s: {"description": s}}}},
        **extensions,
    )
    paths = {**small["paths"], "/v1/things": {"post": operation, "summary": s, "description": s}}
    document = {
        **small,
        "info": {"title": s, "version": s, "description": s, "license": {"name": s}},
        "tags": [{"name": s, "description": s}],
        "paths": paths,
        "x-tagGroups": [{"name": s, "tags": [s]}],
        **extensions,
    }
    attributes = {
        "aStr": {"displayName": s, "enumeration": [s, "b"], "type": s},
        "bTree": {"displayName": s, "tree": {"children": [{"displayName": s, "id": s}]}},
        "cId": {"displayName": s, "target": s},
        "other": {"displayName": s, "type": s},
    }
    order = {**generator_kit.klass("order", attributes), "displayName": s, "description": s, "icon": s}
    return document, {"klasses/order.json": order}


def _operations(values: Values, row: Callable[[str], Json]) -> tuple[Json, Json]:
    """One operation a string, each with a path of its own."""
    paths = {f"/v1/things{i}": {"get": {**generator_kit.operation(), **row(s)}} for i, s in enumerate(values)}
    return generator_kit.document({**generator_kit.things(), **paths}), {}


def _parameters(values: Values, place: str = "query", spelled: str = "{}") -> tuple[Json, Json]:
    rows = [{"in": place, "name": spelled.format(s), "schema": {"type": "string"}} for s in values]
    return things(parameters=rows), {}


def _components(values: Values) -> tuple[Json, Json]:
    schemas = {s: {"type": "object", "properties": {"x": {"type": "string"}}} for s in values}
    document, klasses = _with_properties(
        {f"kind{i}": {"$ref": f"#/components/schemas/{s}"} for i, s in enumerate(values)}
    )
    return {**document, "components": {"schemas": schemas}}, klasses


def _nested(values: Values) -> tuple[Json, Json]:
    inner = {
        "type": "object",
        "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, **{s: {"type": "string"} for s in values}},
    }
    return _with_properties({"inner": inner})


def _branch(s: str) -> tuple[Json, Json]:
    branches = [
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": [each]}, each[:5] or "x": {"type": "string"}},
        }
        for each in (s, "other")
    ]
    return things(requestBody=generator_kit.body({"oneOf": branches})), {}


def _path(path: str) -> tuple[Json, Json]:
    return generator_kit.document({**generator_kit.things(), path: {"get": generator_kit.operation()}}), {}


def _attributes(values: Values, ending: str, metadata: Json) -> tuple[Json, Json]:
    return _order(generator_kit.klass("order", {"aStr": {}, **{f"{s}{ending}": metadata for s in values}}))


# Where a string is a name; each gives the document and the Klasses that hold these strings there. First the places where
# many can stand side by side, then those where one does.
MANY: dict[str, Callable[[Values], tuple[Json, Json]]] = {
    "operation id": lambda values: _operations(values, lambda s: {"operationId": s}),
    "tag": lambda values: _operations(values, lambda s: {"tags": [s]}),
    "second tag": lambda values: _operations(values, lambda s: {"tags": ["Things", s]}),
    "query name": lambda values: _parameters(values),
    "deep query name": lambda values: _parameters(values, spelled="filter[{}]"),
    "header name": lambda values: _parameters(values, "header"),
    "property name": lambda values: _with_properties({s: {"type": "string"} for s in values}),
    "nested property name": _nested,
    "required name": lambda values: _with_properties({}, values),
    "component": _components,
    "choice": lambda values: _with_properties(
        {"kind": {"type": "array", "items": {"type": "string", "enum": [*values]}}}
    ),
    "const": lambda values: _with_properties({f"kind{i}": {"const": s} for i, s in enumerate(values)}),
    "pattern": lambda values: _with_properties(
        {f"kind{i}": {"type": "string", "pattern": s} for i, s in enumerate(values)}
    ),
    "attribute name": lambda values: _attributes(values, "", {"type": "string"}),
    "suffixed attribute name": lambda values: _attributes(values, "Str", {"enumeration": ["a"]}),
}
ONE: dict[str, Callable[[str], tuple[Json, Json]]] = {
    "parameter place": lambda s: _parameters(("q",), s),
    "path": lambda s: _path(f"/v1/{s}"),
    "path parameter": lambda s: _path(f"/v1/things/{{{s}}}"),
    "branch": _branch,
    "media type": lambda s: (things(requestBody=generator_kit.body({"type": "object", "properties": {"a": {"type": "string"}}}, s)), {}),
    "type": lambda s: _with_properties({"kind": {"type": s}}),
    "$ref": lambda s: _with_properties({"kind": {"$ref": s}}),
    "server": lambda s: ({**things(), "servers": [{"url": s}]}, {}),
    "Klass name": lambda s: _order(generator_kit.klass(s, {"aStr": {}})),
}  # fmt: skip


def side_by_side(place: Callable[[Values], tuple[Json, Json]], values: Values) -> Iterator[Package]:
    """Packages that hold all of the strings together; where they can't stand together, fewer in each."""
    if made := package(*place(values)):
        yield made
    elif len(values) > 1:
        half = len(values) // 2
        yield from side_by_side(place, values[:half])
        yield from side_by_side(place, values[half:])
