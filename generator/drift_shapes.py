"""Owns how two shapes differ, as a caller who sends values sees it. It knows no tools and no Klasses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.ir import Json
from generator.surface import Field, Shape


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference below a tool.

    Attributes:
        rule: The rule's id.
        path: The argument, and the fields below it: `attachments[].name`.
        owner: The fields of the nested object in which it stands, and which of them; an empty string for an argument.
    """

    rule: str
    path: str
    owner: str = ""
    before: Json = None
    after: Json = None


# Keyword -> whether a larger value admits more.
_BOUNDS = {
    "minLength": False, "maxLength": True, "minimum": False, "maximum": True, "minItems": False, "maxItems": True,
}  # fmt: skip


def fields_differ(
    old: Mapping[str, Field], new: Mapping[str, Field], path: str = "", owner: str = ""
) -> Iterator[Difference]:
    """How the fields of an object (or the arguments of a tool, with neither path nor owner) differ."""
    gone = [name for name in old if name not in new]
    come = [name for name in new if name not in old]
    for was, name in _renamed(old, new, gone, come):
        gone.remove(was)
        come.remove(name)
        yield Difference("argument-renamed", path + was, _of(owner, was), was, name)
        yield from _field(old[was], new[name], path + name, _of(owner, name))
    for name in gone:
        yield Difference("argument-removed", path + name, _of(owner, name), told(old[name].shape))
    for name in come:
        rule = "argument-required-added" if new[name].required else "argument-added"
        yield Difference(rule, path + name, _of(owner, name), None, told(new[name].shape))
    for name in old:
        if name in new:
            yield from _field(old[name], new[name], path + name, _of(owner, name))


def _of(owner: str, name: str) -> str:
    return f"{owner}.{name}" if owner else ""


def _renamed(
    old: Mapping[str, Field], new: Mapping[str, Field], gone: list[str], come: list[str]
) -> list[tuple[str, str]]:
    """Arguments that fill the same place of the request under another name; only where there is one candidate on each side."""
    pairs = []
    for was in gone:
        wire = old[was].wire
        rivals = [name for name in gone if old[name].wire == wire]
        same = [name for name in come if new[name].wire == wire]
        if wire and len(rivals) == len(same) == 1:
            pairs.append((was, same[0]))
    return pairs


def _field(old: Field, new: Field, path: str, owner: str) -> Iterator[Difference]:
    if old.required != new.required:
        rule = "argument-became-required" if new.required else "argument-became-optional"
        yield Difference(rule, path, owner)
    yield from shapes_differ(old.shape, new.shape, path, owner)
    if old.description != new.description:
        yield Difference("argument-description-changed", path, owner, old.description, new.description)


def shapes_differ(old: Shape, new: Shape, path: str, owner: str = "") -> Iterator[Difference]:
    """How two shapes differ; nothing where they take the same values."""
    if bool(old.get("nullable")) != bool(new.get("nullable")):
        rule = "argument-null-accepted" if new.get("nullable") else "argument-null-refused"
        yield Difference(rule, path, owner)
    if (pairs := _paired(old, new)) is not None:
        for was, now in pairs:
            yield from shapes_differ(was, now, path, owner)
        return
    other = _type_rule(old, new)
    if other:
        yield Difference(other, path, owner, told(old), told(new))
    if other is not None:
        return
    yield from _choices(old, new, path, owner)
    yield from _bounds(old, new, path, owner)
    if "items" in old and "items" in new:
        yield from shapes_differ(old["items"], new["items"], f"{path}[]", owner)
    if "fields" in old and "fields" in new:
        if new["open"] != old["open"]:
            rule = "argument-type-widened" if new["open"] else "argument-type-narrowed"
            yield Difference(rule, path, owner, told(old), told(new))
        # One component may have a class of its own in each tool; what its fields were called says that it is the same.
        yield from fields_differ(old["fields"], new["fields"], f"{path}.", ",".join(sorted(old["fields"])))


def _type_rule(old: Shape, new: Shape) -> str | None:
    """The rule for two types that differ; an empty string where there is nothing to say, None where they are one type."""
    kinds = [_options(shape) for shape in (old, new)]
    if "anyOf" in old or "anyOf" in new:
        was, now = ({json.dumps(bare(option), sort_keys=True) for option in options} for options in kinds)
        if was == now:
            return ""
        return (
            "argument-type-widened" if was < now else "argument-type-narrowed" if was > now else "argument-type-changed"
        )
    first, second = old.get("type"), new.get("type")
    if first != second:
        if first is None or (first, second) == ("number", "integer"):
            return "argument-type-narrowed"
        if second is None or (first, second) == ("integer", "number"):
            return "argument-type-widened" if "enum" not in new else "argument-type-changed"
        return "argument-type-changed"
    if ("fields" in old) != ("fields" in new):
        return "argument-type-narrowed" if "fields" in new else "argument-became-free-form"
    if ("enum" in old) != ("enum" in new):
        return "argument-type-narrowed" if "enum" in new else "argument-type-widened"
    return None


def _paired(old: Shape, new: Shape) -> list[tuple[Shape, Shape]] | None:
    """The options of two unions side by side, where their types say which belongs to which; else None."""
    if "anyOf" not in old or "anyOf" not in new:
        return None
    befores, afters = ({_kind(option): option for option in shape["anyOf"]} for shape in (old, new))
    if befores.keys() != afters.keys() or len(befores) != len(old["anyOf"]) or len(afters) != len(new["anyOf"]):
        return None
    return [(option, afters[kind]) for kind, option in befores.items()]


def _kind(shape: Shape) -> str:
    inner = f" of {_kind(shape['items'])}" if "items" in shape else ""
    return f"{shape.get('type')}{inner}{' with fields' if 'fields' in shape else ''}"


def _options(shape: Shape) -> list[Shape]:
    return shape["anyOf"] if "anyOf" in shape else [{k: v for k, v in shape.items() if k != "nullable"}]


def _choices(old: Shape, new: Shape, path: str, owner: str) -> Iterator[Difference]:
    was, now = old.get("enum", []), new.get("enum", [])
    if gone := [value for value in was if value not in now]:
        yield Difference("argument-choice-removed", path, owner, gone)
    if come := [value for value in now if value not in was]:
        yield Difference("argument-choice-added", path, owner, None, come)


def _bounds(old: Shape, new: Shape, path: str, owner: str) -> Iterator[Difference]:
    looser: dict[str, tuple[Json, Json]] = {}
    tighter: dict[str, tuple[Json, Json]] = {}
    for key in (*_BOUNDS, "pattern"):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        admits_more = now is None or (was is not None and key in _BOUNDS and (now > was) == _BOUNDS[key])
        (looser if admits_more else tighter)[key] = (was, now)
    for rule, rows in (("argument-bounds-tightened", tighter), ("argument-bounds-loosened", looser)):
        if rows:
            before, after = ({key: pair[i] for key, pair in rows.items() if pair[i] is not None} for i in (0, 1))
            yield Difference(rule, path, owner, before, after)


def bare(shape: Json) -> Json:
    """A shape as plain JSON, without texts and class names."""
    if isinstance(shape, Field):
        return {"shape": bare(shape.shape), "required": shape.required}
    if isinstance(shape, Mapping):
        return {key: bare(value) for key, value in shape.items() if key != "class"}
    return [bare(value) for value in shape] if isinstance(shape, list) else shape


def told(shape: Shape) -> str:
    """A shape in few words, for a person.

    >>> told({"type": "array", "items": {"type": "string", "enum": ["a", "b"]}})
    'list of one of "a", "b"'
    """
    if "anyOf" in shape:
        return " or ".join(told(option) for option in shape["anyOf"])
    if "enum" in shape:
        words = [json.dumps(value, ensure_ascii=False) for value in shape["enum"][:8]]
        return f"one of {', '.join(words)}{', …' if len(shape['enum']) > 8 else ''}"
    if shape.get("type") == "array":
        return f"list of {told(shape['items'])}"
    if "fields" in shape:
        names = [name if f.required else f"{name}?" for name, f in shape["fields"].items()]
        return f"object {{{', '.join(names[:12])}{', …' if len(names) > 12 else ''}}}"
    kind = str(shape.get("type", "any value"))
    return "any object" if kind == "object" else kind
