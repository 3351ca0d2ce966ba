"""Owns two contracts of a tool side by side: which parts differ, and how. Must not know how that is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from generator.findings import ToolChange
from generator.ir import Json
from generator.reports import words

Change = Literal["added", "removed", "changed"]
# A text in pieces: those that both sides have are `same`.
Piece = tuple[Literal["same", "removed", "added"], str]
_LONGEST = 2_000
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One part of a contract that differs: `before` and `after` in pieces, empty where there is none."""

    name: str
    change: Change
    before: tuple[Piece, ...]
    after: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ToolDiff:
    """A tool that was added, removed or changed; `unchanged` counts the arguments that both sides have alike."""

    name: str
    change: Change
    texts: tuple[Row, ...]
    arguments: tuple[Row, ...]
    unchanged: int


def compare(change: ToolChange) -> ToolDiff:
    """Both contracts of a tool, part by part: what it says of itself, then its arguments by their path."""
    before, after = change.before or {}, change.after or {}
    kind: Change = "changed" if before and after else ("added" if after else "removed")
    old, new = _arguments(before), _arguments(after)
    arguments = tuple(_rows(old, new))
    unchanged = sum(name in new and new[name] == value for name, value in old.items())
    return ToolDiff(change.name, kind, tuple(_rows(_texts(before), _texts(after))), arguments, unchanged)


def _rows(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Row]:
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if before is None:
            yield Row(name, "added", (), (("same", after or ""),))
        elif after is None:
            yield Row(name, "removed", (("same", before),), ())
        else:
            yield Row(name, "changed", *_pieces(before, after))


def _pieces(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Both texts, cut by words into what is alike and what is not."""
    old, new = _tokens(before), _tokens(after)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[a:b]:
            left.append(("same" if kind == "equal" else "removed", "".join(old[a:b])))
        if new[c:d]:
            right.append(("same" if kind == "equal" else "added", "".join(new[c:d])))
    return tuple(left), tuple(right)


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+(?:[.-]\w+)*\s*|\s+|[^\w\s]\s*", text)[:_LONGEST]


def _texts(contract: Mapping[str, Json]) -> dict[str, str]:
    said = {key: words.shown(contract[key], _LONGEST) for key in ("title", "description") if contract.get(key)}
    hints = contract.get("annotations")
    for name, value in hints.items() if isinstance(hints, dict) else ():
        said[f"hint {name}"] = words.shown(value)
    return said


def _arguments(contract: Mapping[str, Json]) -> dict[str, str]:
    """Every argument by its path (`custom.priority`, `items[].sku`) with what is said of it; required first."""
    schema = contract.get("inputSchema")
    return dict(_walk(schema, "", schema, 0)) if isinstance(schema, dict) else {}


def _walk(schema: Json, path: str, root: Json, depth: int) -> Iterator[tuple[str, str]]:
    schema = _resolved(schema, root)
    if depth > _DEEPEST or not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    required = schema.get("required") or []
    for name, inner in properties.items() if isinstance(properties, dict) else ():
        inner = _resolved(inner, root)
        here = f"{path}.{words.clean(name, 80)}" if path else words.clean(name, 80)
        yield here, ("required, " if name in required else "") + _said(inner, root)
        yield from _walk(inner, here, root, depth + 1)
    items = schema.get("items")
    if isinstance(items, dict):
        yield from _walk(items, f"{path}[]", root, depth + 1)
    for key in ("anyOf", "oneOf", "allOf"):
        for branch in schema.get(key) or ():
            yield from _walk(branch, path, root, depth + 1)


def _resolved(schema: Json, root: Json) -> Json:
    """Follow a reference into the contract's own `$defs`; any other stays as it is."""
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        return root.get("$defs", {}).get(reference.removeprefix("#/$defs/"), schema)
    return schema


def _said(schema: Json, root: Json) -> str:
    """`string; one of: a, b; at most 256 characters – What it is`, in that order. Nothing of a schema goes unsaid."""
    if not isinstance(schema, dict):
        return words.shown(schema)
    parts = [_type(schema, root), *(_SENTENCES[key](schema[key]) for key in _SENTENCES if key in schema)]
    rest = {key: value for key, value in schema.items() if key not in _SENTENCES and key not in _TOLD}
    if rest and rest != {"additionalProperties": False}:
        parts.append(words.shown(rest))
    head = "; ".join(part for part in parts if part)
    description = schema.get("description")
    return f"{head} – {words.clean(description, _LONGEST)}" if isinstance(description, str) and description else head


def _type(schema: Mapping[str, Json], root: Json) -> str:
    kind = schema.get("type")
    if kind == "array":
        items = _resolved(schema.get("items"), root)
        return f"list of {_said(items, root)}" if isinstance(items, dict) else "list"
    if isinstance(kind, list):
        return " or ".join(map(str, kind))
    if kind is None:
        branches = [_resolved(row, root) for row in schema.get("anyOf") or schema.get("oneOf") or ()]
        # What may be null is said of the value first, so that it reads as the same without.
        said = [_said(row, root) for row in sorted(branches, key=lambda row: row == {"type": "null"})]
        return "; or ".join(dict.fromkeys(said)) or "anything"
    return str(kind)


def _listed(values: Json) -> str:
    return ", ".join(words.shown(value, 80) for value in values) if isinstance(values, list) else words.shown(values)


# What is told in other ways: the type, the rows below, the text.
_TOLD = {"type", "items", "properties", "required", "anyOf", "oneOf", "allOf", "description", "$ref", "$defs"}
_SENTENCES = {
    "enum": lambda value: f"one of: {_listed(value)}",
    "const": lambda value: f"always {words.shown(value)}",
    "format": lambda value: f"as {words.shown(value)}",
    "pattern": lambda value: f"matching {words.shown(value)}",
    "minimum": lambda value: f"at least {words.shown(value)}",
    "maximum": lambda value: f"at most {words.shown(value)}",
    "minLength": lambda value: f"at least {words.shown(value)} characters",
    "maxLength": lambda value: f"at most {words.shown(value)} characters",
    "minItems": lambda value: f"at least {words.shown(value)} items",
    "maxItems": lambda value: f"at most {words.shown(value)} items",
    "default": lambda value: f"{words.shown(value)} unless told",
}
