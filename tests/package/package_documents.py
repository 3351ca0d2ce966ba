"""Owns a second reading of the OpenAPI documents, for tests only. It shares no code with the generator, on purpose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jsonschema

SPECS = Path(__file__).parents[2] / "specs"
REF = "#/components/schemas/"

# Bodies that the published documents leave out, as Kustomer's guides describe them.
UNPUBLISHED_BODIES: dict[str, Any] = {
    "DELETE /v1/conversations/{id}/tags": {"type": "array", "items": {"type": "string"}},
    **{
        f"{verb} /v1/outbound-webhooks{rest}": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "url": {"type": "string"},
                "events": {"type": "array", "items": {"type": "string"}},
                "headers": {"type": "object"},
                **({"enabled": {"type": "boolean"}} if rest else {}),
            },
            "additionalProperties": False,
        }
        for verb, rest in (("POST", ""), ("PATCH", "/{id}"))
    },
    **{
        key: {"type": "object"}
        for key in (
            "POST /v1/hooks/form/{hash}",
            "POST /v1/hooks/form/{org}/{hash}",
            "POST /v1/hooks/web/{hash}",
            "PUT /v1/spam/senders",
        )
    },
}
UNPUBLISHED_QUERY = {"DELETE /v1/klasses/{name}/bulk": ("ids",)}
# Several ids in one value, published as a string.
COMMAS = ("ids", "resourceIds")


@dataclass(frozen=True)
class Published:
    """One operation as a document has it."""

    document: str
    key: str
    raw: Mapping[str, Any]
    shared: tuple[Mapping[str, Any], ...]
    components: Mapping[str, Any]

    @property
    def method(self) -> str:
        return self.key.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.key.partition(" ")[2]

    def parameters(self, place: str) -> dict[str, Mapping[str, Any]]:
        rows = (*self.shared, *self.raw.get("parameters", ()))
        found = {row["name"]: row for row in rows if row["in"] == place}
        if place == "query":
            found |= {
                name: {"name": name, "schema": {"type": "string"}} for name in UNPUBLISHED_QUERY.get(self.key, ())
            }
        return found

    @property
    def body(self) -> Any:
        """The schema of the JSON body, or None."""
        content = self.raw.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        empty = schema is None or not self.fields(schema)
        return UNPUBLISHED_BODIES.get(self.key, schema) if empty else schema

    def resolved(self, schema: Any) -> Any:
        while "$ref" in schema:
            schema = self.components[schema["$ref"].removeprefix(REF)]
        return schema

    def fields(self, schema: Any) -> dict[str, Any]:
        """Every field that some branch of an object has."""
        schema = self.resolved(schema)
        found = dict(schema.get("properties", {}))
        for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
            found |= self.fields(part)
        return found

    def problems(self, body: Any) -> list[str]:
        """What a validator says of a body; `custom` is the organisation's, so it is left out of account."""
        return [
            f"{error.json_path}: {error.message}"[:300] for error in _validator(self).iter_errors(_without_custom(body))
        ]


def _without_custom(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_custom(one) for one in value]
    return {k: v for k, v in value.items() if k != "custom"} if isinstance(value, dict) else value


@cache
def _validator_of(document: str, key: str) -> Any:
    published = next(one for one in operations()[key] if one.document == document)
    schemas = {name: _modern(schema) for name, schema in published.components.items()}
    return jsonschema.Draft202012Validator({"components": {"schemas": schemas}, "allOf": [_modern(published.body)]})


def _validator(published: Published) -> Any:
    return _validator_of(published.document, published.key)


def _modern(schema: Any) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema: `nullable` is a type of its own there."""
    if isinstance(schema, list):
        return [_modern(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _modern(value) for key, value in schema.items() if key not in ("nullable", "example", "format")}
    return {"anyOf": [result, {"type": "null"}]} if schema.get("nullable") is True else result


@cache
def operations() -> dict[str, tuple[Published, ...]]:
    """Method and path -> the operation in each document that has it."""
    found: dict[str, list[Published]] = {}
    for file in sorted((SPECS / "openapi").glob("*.json")):
        for one in _of(file.stem, json.loads(file.read_text(encoding="utf-8"))):
            found.setdefault(one.key, []).append(one)
    return {key: tuple(rows) for key, rows in sorted(found.items())}


def _of(name: str, document: Any) -> Iterator[Published]:
    base = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    components = document.get("components", {}).get("schemas", {})
    for path, item in document["paths"].items():
        spelled = re.sub(r"([/=]):(\w+)", r"\1{\2}", base + path)
        for method, raw in item.items():
            if method in ("get", "put", "post", "patch", "delete"):
                yield Published(name, f"{method.upper()} {spelled}", raw, tuple(item.get("parameters", ())), components)


def words(name: str) -> str:
    """A wire name as a Python programmer would write it: `externalId` -> `external_id`, `filter[a]` -> `filter_a`."""
    separated = re.sub(r"([a-z\d])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name))
    return "_".join(re.findall(r"[a-z0-9]+", separated.lower()))
