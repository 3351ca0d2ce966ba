"""Owns the canonical form of a JSON Schema: what a document says, said one way, with every `$ref` inlined.

Canonical keywords: type, properties, required, items, additionalProperties (true, or the values' schema where no property
is named), enum, anyOf, nullable, format, pattern and the bounds, description, and `x-name`, the component's name where
there was one. An object without properties is open; any other object is closed. `{}` is any JSON value. It reads no files.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable

from pydantic_core import SchemaError, SchemaValidator, core_schema

from generator.errors import SpecError
from generator.ir import Json, Schema
from generator.text import cut, one_line

_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "uniqueItems")
_SCALARS = frozenset({"string", "number", "integer", "boolean"})
_MAX_DEPTH = 40
_LARGEST = 2**63
# One body of Kustomer's has some hundreds; references that multiply would have billions.
_MAX_SCHEMAS = 20_000
# Of Python's `A | B | ...` too, which nests by one for each.
_MAX_BRANCHES = 500
# What the regular expressions of pydantic can't do, or JavaScript and Python spell differently.
_FOREIGN_PATTERN = re.compile(r"\(\?|\\[1-9pPkuAZzGbB]")


class Canonical:
    """Turns the schemas of one document into their canonical form.

    Args:
        document: Its name, for error texts.
        components: The document's `components.schemas`, by name.
    """

    def __init__(self, document: str, components: dict[str, Schema]) -> None:
        self._document = document
        self._components = components
        self.notes: list[str] = []
        self._count = 0

    def __call__(self, schema: Json, where: str) -> Schema:
        """Give the canonical form of one schema found at `where`.

        Raises:
            SpecError: It points outside the document, nests too deeply, is too large, or is no schema.
        """
        self._count = 0
        return self._canonical(schema, where, ())

    def _canonical(self, schema: Json, where: str, seen: tuple[str, ...], depth: int = 0) -> Schema:
        if schema is True:
            return {}
        if not isinstance(schema, dict):
            raise SpecError(f"{self._document}: {where} is {type(schema).__name__} where a schema is due")
        self._count += 1
        if self._count > _MAX_SCHEMAS:
            raise SpecError(
                f"{self._document}: {where} stands for more than {_MAX_SCHEMAS} schemas when its references are written out"
            )
        if depth > _MAX_DEPTH:
            raise SpecError(f"{self._document}: {where} nests more than {_MAX_DEPTH} schemas deep")
        if isinstance(schema.get("$ref"), str):
            return self._referenced(schema, where, seen, depth)
        if "allOf" in schema:
            return self._merged(schema, where, seen, depth)
        for union in ("anyOf", "oneOf"):
            if union in schema:
                return self._union(schema, schema[union], where, seen, depth)
        return self._plain(schema, where, seen, depth)

    def _referenced(self, schema: Schema, where: str, seen: tuple[str, ...], depth: int) -> Schema:
        target: str = schema["$ref"]
        prefix = "#/components/schemas/"
        name = target.removeprefix(prefix)
        if not target.startswith(prefix) or name not in self._components:
            raise SpecError(
                f"{self._document}: {where} refers to {cut(ascii(target), 120)}, which is not a schema of this "
                "document; only local references are followed, and nothing is read from elsewhere"
            )
        if name in seen:
            self.notes.append(f"{self._document}: {where} contains itself through {name}; cut there to any object")
            return {"type": "object"}
        inner = self._canonical(self._components[name], f"{where} ({name})", (*seen, name), depth + 1)
        result = dict(inner)
        if inner.get("type") == "object" and inner.get("properties"):
            result.setdefault("x-name", name)
        if text := one_line(schema.get("description", "")):
            result["description"] = text
        return result

    def _merged(self, schema: Schema, where: str, seen: tuple[str, ...], depth: int) -> Schema:
        """All of several: their properties together. Closed parts are opened, else they could never hold together."""
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts = [self._canonical(part, where, seen, depth + 1) for part in _list(schema["allOf"])]
        if set(own) - {"description", "nullable"}:
            parts.append(self._canonical(own, where, seen, depth + 1))
        merged: Schema = {}
        for part in parts:
            for key, value in part.items():
                if key == "properties":
                    merged["properties"] = {**merged.get("properties", {}), **value}
                elif key == "required":
                    merged["required"] = [*merged.get("required", []), *value]
                elif key != "x-name" or len(parts) == 1:
                    merged[key] = value
        if text := one_line(own.get("description", "")):
            merged["description"] = text
        if own.get("nullable"):
            merged["nullable"] = True
        return merged

    def _union(self, schema: Schema, branches: Json, where: str, seen: tuple[str, ...], depth: int) -> Schema:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf", "discriminator")}
        if len(_list(branches)) > _MAX_BRANCHES:
            raise SpecError(f"{self._document}: {where} has more than {_MAX_BRANCHES} alternatives")
        kept = [branch for branch in _list(branches) if not (isinstance(branch, dict) and branch.get("type") == "null")]
        canonical = [self._canonical(branch, f"{where}[{i}]", seen, depth + 1) for i, branch in enumerate(kept)]
        options = without_repeats(canonical)
        result: Schema = dict(options[0]) if len(options) == 1 else {"anyOf": options}
        arrays = [o for o in options if o.get("type") == "array"]
        if len(options) == 2 and len(arrays) == 1 and arrays[0]["items"] in options:
            result = dict(arrays[0])  # "one or a list of them": the list says both
        if text := one_line(rest.get("description", "")):
            result["description"] = text
        if rest.get("nullable") or len(kept) < len(_list(branches)) or any(o.get("nullable") for o in options):
            result["nullable"] = True
        return result

    def _plain(self, schema: Schema, where: str, seen: tuple[str, ...], depth: int) -> Schema:
        types = [schema["type"]] if isinstance(schema.get("type"), str) else _list(schema.get("type"))
        nullable = bool(schema.get("nullable")) or "null" in types
        types = [name for name in types if name != "null"]
        if not all(isinstance(name, str) for name in types):
            raise SpecError(f"{self._document}: {where} has a type that is no word")
        enumeration = [schema["const"]] if "const" in schema else schema.get("enum")
        result: Schema = {}
        if len(types) > 1:
            options = [self._plain({**schema, "type": name}, where, seen, depth) for name in types]
            result = {"anyOf": [{k: v for k, v in o.items() if k != "description"} for o in options]}
        elif "properties" in schema or types == ["object"]:
            result = self._object(schema, where, seen, depth)
        elif types == ["array"] or "items" in schema:
            items = self._canonical(schema.get("items", {}), f"{where}[]", seen, depth + 1)
            result = {"type": "array", "items": items}
        elif types and types[0] in _SCALARS:
            result = {"type": types[0]}
        elif types:
            raise SpecError(f"{self._document}: {where} has the type {one_line(types[0], 40)!r}, which JSON has not")
        if isinstance(enumeration, list) and "anyOf" not in result:
            nullable = nullable or None in enumeration
            result |= _enumeration(enumeration, types)
        for key in _BOUNDS:
            if key not in schema or "anyOf" in result:
                continue
            if _usable_bound(key, schema[key]):
                result[key] = schema[key]
            else:
                self.notes.append(f"{self._document}: {where} has a {key} that is out of range; left out")
        if isinstance(schema.get("format"), str):
            result["format"] = one_line(schema["format"], 40)
        if _usable_pattern(schema.get("pattern")):
            result["pattern"] = schema["pattern"]
        if text := one_line(schema.get("description", "")):
            result["description"] = text
        if nullable:
            result["nullable"] = True
        return result

    def _object(self, schema: Schema, where: str, seen: tuple[str, ...], depth: int) -> Schema:
        properties = schema.get("properties") or {}
        if not isinstance(properties, dict):
            raise SpecError(f"{self._document}: the properties of {where} are no object")
        if not properties:
            if schema.get("additionalProperties") is False:
                self.notes.append(f"{self._document}: {where} is published closed and empty; taken as any object")
            values = self._canonical(schema.get("additionalProperties") or True, f"{where}.*", seen, depth + 1)
            return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
        required = [name for name in _list(schema.get("required", [])) if isinstance(name, str) and name in properties]
        result: Schema = {
            "type": "object",
            "properties": {
                name: self._canonical(value, f"{where}.{name}", seen, depth + 1)
                for name, value in sorted(properties.items())
            },
        }
        if required:
            result["required"] = sorted(set(required))
        if schema.get("additionalProperties") is True:
            result["additionalProperties"] = True
        return result


def _enumeration(values: list[Json], types: list[str]) -> Schema:
    kept = [value for value in values if value is not None]
    if kept and all(isinstance(value, str) for value in kept):
        return {"type": "string", "enum": sorted(set(kept))}
    if kept and all(isinstance(value, int) and not isinstance(value, bool) for value in kept):
        return {"type": "integer", "enum": sorted(set(kept))}
    if kept and all(isinstance(value, bool) for value in kept):
        return {"type": "boolean"} if len(set(kept)) == 2 else {"type": "boolean", "enum": kept[:1]}
    return {"type": types[0]} if types else {}


def _usable_bound(key: str, value: Json) -> bool:
    """Whether a bound is one that JSON Schema allows and that 64 bits hold."""
    if key == "uniqueItems" or isinstance(value, bool):
        return key == "uniqueItems" and isinstance(value, bool)
    if key in ("minimum", "maximum"):
        return isinstance(value, int | float) and abs(value) < _LARGEST
    return isinstance(value, int) and 0 <= value < _LARGEST


def _usable_pattern(pattern: Json) -> bool:
    if not isinstance(pattern, str) or len(pattern) > 500 or _FOREIGN_PATTERN.search(pattern):
        return False
    try:
        with warnings.catch_warnings(action="ignore"):  # what Python may read otherwise one day
            re.compile(pattern)
        SchemaValidator(core_schema.str_schema(pattern=pattern))  # the engine that the packages check with
    except (re.error, OverflowError, RecursionError, SchemaError):
        return False
    return True


def without_repeats(schemas: Iterable[Schema]) -> list[Schema]:
    """Each of several schemas once, in their order."""
    kept: list[Schema] = []
    for schema in schemas:
        if schema not in kept:
            kept.append(schema)
    return kept


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
