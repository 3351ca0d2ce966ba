"""Owns what an MCP client sees of a tool: the profile of schema that every known client accepts, and its size.

Flat, closed, described; no `$ref`, no root union, no `{}`, no `type` lists; null only where it clears a field.
Nested objects are shown whole while the tool is small, else as one line that names their fields: the models validate
them in full either way. What still does not fit travels in one argument, `more`, whose description names its fields;
the runtime takes it apart again before it validates.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from generator import quirks
from generator.arguments import CURSOR, PAGE_SIZE
from generator.ir import Argument, Effect, Json, Kind, Schema
from generator.text import clause, cut

MORE = "more"


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a tool its contract shows: bytes of its input schema, characters of its and its arguments' texts and
    of the line that names an object's fields, and whether it is exact: custom attributes always whole, and bounds and formats shown. The models check all of it anyway.
    """

    schema: int
    description: int
    argument: int
    signature: int
    exact: bool


DETAILS: dict[str, Detail] = {
    "full": Detail(schema=680, description=1000, argument=160, signature=220, exact=True),
    "lean": Detail(schema=220, description=60, argument=20, signature=160, exact=False),
}
_SHOWN_FORMATS = ("date-time", "uri", "email")
_SHOWN_BOUNDS = ("minimum", "maximum", "maxLength", "maxItems")
_ANY_JSON: Schema = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"}]}
_NULL: Schema = {"type": "null"}


def without_null(schema: Schema) -> Schema:
    """The schema where null has nothing to clear: a record that is created, or replaced whole."""
    return _without(schema, ("nullable",))


def _without(schema: Schema, keywords: tuple[str, ...]) -> Schema:
    """The schema without some keywords, at any depth; fields of these names stay."""
    result = {key: value for key, value in schema.items() if key not in keywords}
    if "properties" in result:
        result["properties"] = {name: _without(inner, keywords) for name, inner in result["properties"].items()}
    if "items" in result:
        result["items"] = _without(result["items"], keywords)
    if "anyOf" in result:
        result["anyOf"] = [_without(option, keywords) for option in result["anyOf"]]
    return result


def hints(kind: Kind, effect: Effect, method: str, replaces: bool) -> dict[str, bool]:
    """The four hints, all explicit (MCP 2026-07-28, ToolAnnotations).

    Creating adds and destroys nothing; everything else that writes may overwrite or delete.
    """
    reads = effect == "read"
    adds = kind == "create" and not replaces
    return {
        "readOnlyHint": reads,
        "destructiveHint": not reads and not adds,
        "idempotentHint": reads or method in ("PUT", "DELETE", "PATCH"),
        "openWorldHint": True,
    }


def tokens(value: Json) -> int:
    """The estimated size in tokens: bytes of compact JSON divided by four, rounded up."""
    return -(-len(compact(value).encode("utf-8")) // 4)


def compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def input_schema(arguments: tuple[Argument, ...], detail: Detail) -> Schema:
    """The input schema: whole where it fits, else with nested objects named by their fields, else with `more`."""
    arguments = tuple(replace(a, description=clause(a.description, detail.argument)) for a in arguments)
    if not detail.exact:
        arguments = tuple(replace(a, schema=_without(a.schema, (*_SHOWN_BOUNDS, "format"))) for a in arguments)
    apart = frozenset(a.name for a in arguments if _is_apart(a, detail))
    folded_to = partial(_folded, detail.signature)
    for show in (_whole, folded_to):
        schema = _assembled(arguments, show, apart)
        if _size(schema, apart) <= detail.schema:
            return schema
    folded, kept, moved = schema, list(arguments), []
    for argument in sorted(filter(_may_move, arguments), key=_usefulness):
        kept.remove(argument)
        moved.append(argument)
        schema = _with_more(_assembled(tuple(kept), folded_to, apart), moved)
        if _size(schema, apart) <= detail.schema:
            break
    # One short field is shorter than `more` with its name.
    return min(schema, folded, key=lambda one: len(compact(one)))


# Arguments that the server itself takes, where a tool has none of the same name.
OWN_ARGUMENTS: dict[str, Schema] = {
    "confirm": {"type": "string", "description": "Id of the record once more"},
    "dry_run": {"type": "boolean", "description": "True: answer the request, send nothing"},
    "fields": {"type": "array", "items": {"type": "string"}, "description": "Only these attributes"},
}


def with_own(schema: Schema, names: Iterable[str]) -> Schema:
    """The input schema with the server's own arguments."""
    added = {name: OWN_ARGUMENTS[name] for name in names}
    return {**schema, "properties": {**schema["properties"], **added}}


def _is_apart(argument: Argument, detail: Detail) -> bool:
    """Whether an argument is shown in its own way, whatever else there is: the tenant's own fields are what the package
    is for, as attributes to write or, in a typed search, to ask for."""
    return (argument.name == "custom" and detail.exact) or "x-shown" in argument.schema


def _size(schema: Schema, apart: frozenset[str]) -> int:
    """Bytes of the schema without what is apart: the tenant's own fields never cost others their place."""
    others = {name: value for name, value in schema["properties"].items() if name not in apart}
    return len(compact({**schema, "properties": others}).encode("utf-8"))


def _may_move(argument: Argument) -> bool:
    return (
        not argument.required
        and argument.place != "path"
        and "x-shown" not in argument.schema
        and argument.name not in ("custom", CURSOR, PAGE_SIZE)
    )


def _usefulness(argument: Argument) -> tuple[int, int, str]:
    """What moves first: fields that few callers set, then those that the table does not know, then its last."""
    common = quirks.COMMON_FIELDS
    if argument.wire in common:
        return (2, -common.index(argument.wire), argument.name)
    return (argument.wire not in quirks.RARE_FIELDS, 0, argument.name)


def _with_more(schema: Schema, moved: list[Argument]) -> Schema:
    names = ", ".join(sorted(argument.name for argument in moved))
    more: Schema = {"type": "object", "description": f"Also: {names}"}
    return {**schema, "properties": {**schema["properties"], MORE: more}}


def _assembled(arguments: tuple[Argument, ...], show: Callable[[Schema, str], Schema], apart: frozenset[str]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": {a.name: _argument(a, show, apart) for a in arguments},
        "additionalProperties": False,
    }
    if required := [a.name for a in arguments if a.required]:
        schema["required"] = required
    return schema


def _argument(argument: Argument, show: Callable[[Schema, str], Schema], apart: frozenset[str]) -> Schema:
    if argument.name in apart:
        show = _bare if argument.schema.get("x-shown") == "bare" else _whole
    shown = show(argument.schema, argument.description)
    return _nullable(argument.schema, shown)


def _nullable(schema: Schema, shown: Schema) -> Schema:
    if not schema.get("nullable"):
        return shown
    description = {"description": shown.pop("description")} if "description" in shown else {}
    options = shown.get("anyOf", [shown])
    return {"anyOf": [*options, _NULL], **description}


def _whole(schema: Schema, description: str) -> Schema:
    return _described(_shape(schema, nested=True), description)


def _bare(schema: Schema, description: str) -> Schema:
    return _described(_shape(schema, nested=False), description)


def _folded(limit: int, schema: Schema, description: str) -> Schema:
    shape = _shape(schema, nested=False)
    fields = signature(schema)
    if fields:
        description = f"{description}: {fields}" if description else fields
    return _described(shape, cut(description, limit))


def _described(shape: Schema, description: str) -> Schema:
    return {**shape, "description": description} if description else shape


def _shape(schema: Schema, *, nested: bool) -> Schema:
    if "anyOf" in schema:
        options = _unrepeated(_shape(option, nested=nested) for option in schema["anyOf"])
        return options[0] if len(options) == 1 else {"anyOf": options}
    if schema.get("type") == "array":
        return {"type": "array", "items": _shape(schema["items"], nested=nested), **_shown(schema)}
    if schema.get("properties") and nested and all(_key_is_plain(key) for key in schema["properties"]):
        return _object(schema)
    if schema.get("type") == "object":
        return {"type": "object"}
    if "enum" in schema:
        return {"type": schema["type"], "enum": schema["enum"]}
    return {"type": schema["type"], **_shown(schema)} if "type" in schema else dict(_ANY_JSON)


def _object(schema: Schema) -> Schema:
    properties = {
        name: _nullable(inner, _described(_shape(inner, nested=True), inner.get("description", "")))
        for name, inner in schema["properties"].items()
    }
    result: Schema = {"type": "object", "properties": properties}
    if schema.get("required"):
        result["required"] = schema["required"]
    if not schema.get("additionalProperties"):
        result["additionalProperties"] = False
    return result


def _shown(schema: Schema) -> Schema:
    shown: Schema = {key: schema[key] for key in _SHOWN_BOUNDS if key in schema}
    if schema.get("maxLength") == quirks.SUFFIXES["Str"].schema["maxLength"]:
        del shown["maxLength"]  # every text attribute has it; the models check it
    if schema.get("format") in _SHOWN_FORMATS:
        shown["format"] = schema["format"]
    return shown


def _key_is_plain(key: str) -> bool:
    return key.replace("_", "").isalnum() and key.isascii() and len(key) <= 64


def _unrepeated(schemas: Iterable[Schema]) -> list[Schema]:
    kept: list[Schema] = []
    for schema in schemas:
        if schema not in kept:
            kept.append(schema)
    return kept


def signature(schema: Schema, depth: int = 0) -> str:
    """One line that names the fields of a nested object, `?` behind what may be left out; empty for scalars.

    >>> signature({"type": "array", "items": {"type": "object", "properties": {"email": {}, "name": {}}, "required": ["email"]}})
    '[{email, name?}]'
    """
    if schema.get("type") == "array":
        inner = signature(schema["items"], depth)
        return f"[{inner}]" if inner else ""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, (signature(option, depth) for option in schema["anyOf"]))))
    if not schema.get("properties") or depth > 1:
        return ""
    required = schema.get("required", ())
    names = []
    for name, inner in schema["properties"].items():
        deeper = signature(inner, depth + 1)
        names.append(name + ("" if name in required else "?") + (f": {deeper}" if deeper else ""))
    return "{" + ", ".join(names) + "}"
