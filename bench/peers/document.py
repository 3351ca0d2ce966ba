"""Owns the documents as every peer gets them: one, with everything of all nine, for none of the peers takes several.

It shares no code with the generator: what it says is what a request is held against.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema

from bench.everything import ROOT

Json = Any
METHODS = ("get", "put", "post", "patch", "delete")
_REF = "#/components/schemas/"
# The field that is added to see how much of the output a small change moves.
ADDED = ("post", "/v1/customers", "nickname")


def merged(folder: Path = ROOT / "specs" / "openapi") -> Json:
    """One document of all; components get their document's name before theirs, operations stay as they are."""
    made: Json = {
        "openapi": "3.0.3",
        "info": {"title": "Kustomer", "version": "1.0.0"},
        "servers": [{"url": "https://api.kustomerapp.com"}],
        "security": [{"bearerAuth": []}],
        "paths": {},
        "components": {"schemas": {}, "securitySchemes": {"bearerAuth": {"type": "http", "scheme": "bearer"}}},
    }
    for file in sorted(folder.glob("*.json")):
        prefix = "".join(word.capitalize() for word in file.stem.split("-"))
        document = _renamed(json.loads(file.read_text(encoding="utf-8")), prefix)
        base = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
        for path, item in document["paths"].items():
            spelled = re.sub(r"([/=]):(\w+)", r"\1{\2}", base + path)
            there = made["paths"].setdefault(spelled, {})
            for key, value in item.items():
                there.setdefault(key, value)
        schemas = document.get("components", {}).get("schemas", {})
        made["components"]["schemas"] |= {prefix + name: schema for name, schema in schemas.items()}
    return made


def _renamed(value: Json, prefix: str) -> Json:
    if isinstance(value, list):
        return [_renamed(one, prefix) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: (
            _REF + prefix + inner.removeprefix(_REF)
            if key == "$ref" and isinstance(inner, str)
            else _renamed(inner, prefix)
        )
        for key, inner in value.items()
    }


def with_a_field(document: Json) -> Json:
    """The same document whose ADDED operation takes one more optional field."""
    changed = copy.deepcopy(document)
    method, path, name = ADDED
    schema = changed["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = changed["components"]["schemas"][schema["$ref"].removeprefix(_REF)]
    schema["properties"][name] = {"type": "string", "description": "What friends say"}
    return changed


@dataclass(frozen=True)
class Published:
    """One operation: what its request may be."""

    key: str
    raw: Json
    shared: tuple[Json, ...]
    components: Json

    def parameters(self, place: str) -> dict[str, Json]:
        rows = (*self.shared, *self.raw.get("parameters", ()))
        return {row["name"]: row for row in rows if row.get("in") == place}

    @property
    def body(self) -> Json:
        content = self.raw.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("schema")


class Reader:
    """Finds the operations that a request may belong to, and says what is wrong with the request."""

    def __init__(self, document: Json) -> None:
        self._components = document["components"]
        self._modern = _modern(document["components"])
        self.operations = {one.key: one for one in self._all(document)}
        self._patterns = [(self._pattern(key), one) for key, one in self.operations.items()]
        # `/a/b` goes before `/a/{id}`, and `/a/email={email}` too.
        self._patterns.sort(key=lambda row: (row[1].key.count("{"), -len(re.sub(r"\{[^{}]+\}", "", row[1].key))))

    def _all(self, document: Json) -> Iterator[Published]:
        for path, item in document["paths"].items():
            for method in METHODS:
                if method in item:
                    shared = tuple(item.get("parameters", ()))
                    yield Published(f"{method.upper()} {path}", item[method], shared, self._components)

    @staticmethod
    def _pattern(key: str) -> re.Pattern[str]:
        parts = re.split(r"(\{[^{}]+\})", key)
        return re.compile("".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in parts))

    def find(self, method: str, target: str) -> list[Published]:
        """The operations that a request may be: several where paths differ in nothing but what an id is called."""
        line = f"{method} {target.partition('?')[0]}"
        found = [(pattern.pattern, one) for pattern, one in self._patterns if pattern.fullmatch(line)]
        return [one for shape, one in found if shape == found[0][0]]

    def places(self, published: Published) -> set[str]:
        """What a request may say beside its path: query names, and the fields of its body."""
        fields = self._fields(published.body or {})
        return {f"query {name}" for name in published.parameters("query")} | {f"body {name}" for name in fields}

    def _fields(self, schema: Json) -> set[str]:
        """The fields that some branch of an object has."""
        while "$ref" in schema:
            schema = self._components["schemas"][schema["$ref"].removeprefix(_REF)]
        branches = (one for union in ("allOf", "anyOf", "oneOf") for one in schema.get(union, ()))
        return set(schema.get("properties", {})).union(*map(self._fields, branches))

    def said(self, published: Published, target: str, raw: bytes) -> set[str]:
        """Which of its places a request fills."""
        body = _json(raw)
        names = {f"query {name}" for name, _ in _query(target)} | {
            f"query {name.partition('[')[0]}" for name, _ in _query(target)
        }
        return (names | {f"body {name}" for name in (body if isinstance(body, dict) else ())}) & self.places(published)

    def problems(self, published: Published, target: str, raw: bytes, given: Json) -> list[str]:
        """What is not as the document has it: query names, the body's form, values that never arrived."""
        known = set(published.parameters("query"))
        for row in published.parameters("query").values():
            if row.get("style", "form") == "form":  # an object's fields are then parameters of their own (OpenAPI 3.0)
                known |= set(row.get("schema", {}).get("properties", {}))
        query = _query(target)
        found = [f"query {name}" for name, _ in query if name not in known and name.partition("[")[0] not in known]
        body = _json(raw)
        if raw and body is None:
            found.append("a body that is no JSON")
        if raw and published.body is None and published.key.startswith("GET"):
            found.append("a body where none is due")
        if raw and published.body is not None:
            found += [f"body {error.json_path}" for error in self._errors(published, body)]
        sent = unquote(target) + json.dumps(body, ensure_ascii=False)
        return found + [f"{token} never arrived" for token in tokens(given) if token not in sent]

    def _errors(self, published: Published, body: Json) -> Iterator[Any]:
        return iter(list(self._validator(published.key).iter_errors(body))[:3])

    @cache  # noqa: B019  one reader lives as long as the run
    def _validator(self, key: str) -> Any:
        schema = {"components": self._modern, "allOf": [_modern(self.operations[key].body)]}
        return jsonschema.Draft202012Validator(schema)


def _modern(schema: Json) -> Json:
    """OpenAPI 3.0's dialect as JSON Schema; `custom` is the organisation's own, so anything will do there."""
    if isinstance(schema, list):
        return [_modern(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {
        key: (
            {name: {} if name == "custom" else _modern(inner) for name, inner in value.items()}
            if key == "properties" and isinstance(value, dict)
            else _modern(value)
        )
        for key, value in schema.items()
        if key not in ("nullable", "example", "format")
    }
    return {"anyOf": [result, {"type": "null"}]} if schema.get("nullable") is True else result


def _query(target: str) -> list[tuple[str, str]]:
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


def _json(raw: bytes) -> Json:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return None


def tokens(value: Json) -> Iterator[str]:
    """The free texts that were planted in the arguments."""
    if isinstance(value, str) and value.startswith("tok"):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from tokens(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from tokens(one)
