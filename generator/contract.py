"""Owns what an MCP client sees of a tool: the profile of schema that every known client accepts, and its size.

Flat, closed, described; no `$ref`, no root union, no `{}`, no `type` lists; null only where it clears a field.
Nested objects are shown whole while the tool is small, else by what they must have, and one line that names their
other fields: the models validate them in full either way. What still does not fit travels in one argument, `more`,
whose description names its fields, the useful ones first, and how the nested among these look; the runtime takes it
apart again before it validates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from generator import quirks
from generator.arguments import CURSOR, DESCRIPTION_LIMIT, PAGE_SIZE
from generator.ir import Argument, Effect, Json, Kind, Schema
from generator.shapes import SHOWN_BOUNDS, described, nullable, outline, rank, shape, signature
from generator.text import clause, cut

MORE = "more"


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a tool its contract shows; the models check all of it anyway.

    Attributes:
        schema: Bytes that its input schema may have.
        description: Characters of its own text.
        argument: Characters of the text of an argument.
        signature: Characters of the line that names an object's fields.
        outlines: Characters of the outlines of nested fields in `more`.
        exact: Whether custom attributes are always whole, and bounds and formats shown.
    """

    schema: int
    description: int
    argument: int
    signature: int
    outlines: int
    exact: bool


DETAILS: dict[str, Detail] = {
    "full": Detail(schema=700, description=1000, argument=160, signature=220, outlines=100, exact=True),
    "lean": Detail(schema=220, description=60, argument=20, signature=120, outlines=60, exact=False),
}


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


def input_schema(
    arguments: tuple[Argument, ...], detail: Detail, without: Mapping[str, tuple[str, ...]] | None = None
) -> Schema:
    """The input schema, in which a bound is told once: in words only where no keyword says it.

    Args:
        arguments: What the tool takes, with what Kustomer says of it.
        detail: How much is shown.
        without: Argument -> those that can't be given beside it: at the root, JSON Schema could say it only with a union.
    """
    schema = _fitted(arguments, detail, without or {})
    return {**schema, "properties": {name: _told_once(shown) for name, shown in schema["properties"].items()}}


# A bound at the end of a text: `Tag names, at most 20`, `Headline, 1-256 chars`.
_BOUND = re.compile(r", (?:at most |1-)(\d+)(?: chars)?$")


def _told_once(shown: Schema) -> Schema:
    found = _BOUND.search(shown.get("description", ""))
    if not found or int(found[1]) not in (shown.get("maxLength"), shown.get("maxItems")):
        return shown
    return {**shown, "description": shown["description"][: found.start()]}


def _fitted(arguments: tuple[Argument, ...], detail: Detail, without: Mapping[str, tuple[str, ...]]) -> Schema:
    """The input schema: whole where it fits, else with nested objects by what they must have, else with `more`."""
    arguments = tuple(replace(a, description=_brief(a, detail, without)) for a in arguments)
    if not detail.exact:
        arguments = tuple(replace(a, schema=_without(a.schema, (*SHOWN_BOUNDS, "format"))) for a in arguments)
    apart = frozenset(a.name for a in arguments if _is_apart(a, detail))
    for show in (_whole, partial(_folded, detail.signature)):
        schema = _assembled(arguments, show, apart)
        if _size(schema, apart) <= detail.schema:
            return schema
    movable = sorted(filter(_may_move, arguments), key=_usefulness)
    moved = _moved(schema, [argument.name for argument in movable], apart, detail.schema)
    if not moved:
        return schema
    # One short field is shorter than `more` with its name.
    return min(_with_more(schema, _outlined(movable[: len(moved)], detail.outlines)), schema, key=_bytes)


def _moved(schema: Schema, movable: list[str], apart: frozenset[str], limit: int) -> list[str]:
    """The arguments that have to travel in `more`, so that the schema fits, or all that may; each is measured once."""
    sizes = {n: _bytes(n) + _bytes(value) + 2 for n, value in schema["properties"].items() if n not in (*apart, MORE)}
    frame = _bytes({**schema, "properties": {}})
    moved: list[str] = []
    for name in movable:
        moved.append(name)
        sizes.pop(name, None)
        if frame + sum(sizes.values()) + _bytes({MORE: _more(moved)}) - 2 <= limit:
            break
    return moved


def _bytes(value: Json) -> int:
    return len(compact(value).encode("utf-8"))


def _brief(argument: Argument, detail: Detail, without: Mapping[str, tuple[str, ...]]) -> str:
    """What is said of an argument, cut to its length; how to search and what it excludes is never cut."""
    limit = detail.argument if "x-shown" not in argument.schema else DESCRIPTION_LIMIT
    text = clause(argument.description, limit)
    names = ", ".join(without.get(argument.name, ()))
    return f"{text}; not with {names}" if names else text


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
    return _bytes({**schema, "properties": others})


def _may_move(argument: Argument) -> bool:
    return (
        not argument.required
        and argument.place != "path"
        and "x-shown" not in argument.schema
        and argument.name not in ("custom", CURSOR, PAGE_SIZE)
    )


def _usefulness(argument: Argument) -> tuple[int, int, str]:
    """What moves first: the opposite of what is told first, but for the names that nothing else orders."""
    group, place = rank(argument.wire)
    return -group, -place, argument.name


def _outlined(moved: list[Argument], allowed: int) -> dict[str, str]:
    """The arguments in `more`, the most useful first, with the outlines of those that are nested: as many as are allowed,
    and none of what few callers set."""
    said: dict[str, str] = {}
    for argument in sorted(moved, key=lambda one: (*rank(one.wire), one.name)):
        said[argument.name] = argument.name
        text = "" if argument.wire in quirks.RARE_FIELDS else outline(argument.schema)
        if text and len(text) <= allowed:
            allowed -= len(text)
            said[argument.name] += f" {text}"
    return said


def _with_more(schema: Schema, moved: Mapping[str, str]) -> Schema:
    kept = {name: value for name, value in schema["properties"].items() if name not in moved}
    return {**schema, "properties": {**kept, MORE: _more(moved.values())}}


def _more(moved: Iterable[str]) -> Schema:
    return {"type": "object", "description": f"Also: {', '.join(moved)}"}


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
    if "x-shown" in argument.schema:
        return described(argument.schema["x-shown"], argument.description)
    if argument.name in apart:
        show = _whole
    shown = show(argument.schema, argument.description)
    return nullable(argument.schema, shown)


def _whole(schema: Schema, description: str) -> Schema:
    return described(shape(schema, nested=True), description)


def _folded(limit: int, schema: Schema, description: str) -> Schema:
    fields = signature(schema, shown=True)
    if fields:
        description = f"{description}: {fields}" if description else fields
    return described(shape(schema, nested=False), cut(description, limit))
