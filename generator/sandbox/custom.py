"""Owns what an org's metadata means for `custom` in a body. Must not check values: `fields` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from generator.sandbox.fields import Field
from generator.sandbox.settings import Settings
from generator.sandbox.store import Json

Definition = Mapping[str, Json]


def _nodes(children: list[Definition], leaf_only: bool, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every node a value may name."""
    for child in children:
        path = (*above, child["id"])
        below = child.get("children", [])
        if not below or not leaf_only:
            yield path
        yield from _nodes(below, leaf_only, path)


TREE_FORMS: Mapping[str, Callable[[tuple[str, ...]], str]] = {"id": lambda p: p[-1], "path": ".".join}


def _tree(definition: Definition, settings: Settings) -> Field:
    tree = definition.get("tree") or {}
    paths = list(_nodes(tree.get("children", []), bool(definition.get("lastNodeRequired"))))
    values = tuple(dict.fromkeys(TREE_FORMS[form](path) for path in paths for form in settings.tree_values))
    return Field("string", enum=values)


def _id(definition: Definition, _settings: Settings) -> Field:
    one = Field("string", format="object-id", target=definition.get("target"))
    return Field("array", items=one) if definition.get("multi") else one


SUFFIXES: Mapping[str, Callable[[Definition, Settings], Field]] = {
    "Tree": _tree,
    "Bool": lambda _d, _s: Field("boolean"),
    "Str": lambda _d, _s: Field("string", high=1024),
    "Txt": lambda _d, s: Field("string", high=s.txt_max),
    "Num": lambda _d, _s: Field("number"),
    "Url": lambda _d, _s: Field("string", format="url"),
    "At": lambda _d, _s: Field("string", format="date-time"),
    "Id": _id,
}

PLAIN_TYPES = ("string", "number", "boolean", "object", "array")


def attribute(name: str, definition: Definition, settings: Settings) -> Field:
    """The rule of one attribute: its suffix decides, else the type that metadata gives. A null clears any."""
    suffix = next((s for s in SUFFIXES if name.endswith(s)), None)
    type_ = definition.get("type", "any")
    rule = SUFFIXES[suffix](definition, settings) if suffix else Field(type_ if type_ in PLAIN_TYPES else "any")
    if definition.get("enumeration"):
        rule = replace(rule, enum=tuple(definition["enumeration"]))
    if definition.get("array"):
        rule = Field("array", items=rule)
    return replace(rule, nullable=True)


def live(properties: Mapping[str, Definition]) -> dict[str, Definition]:
    """The attributes that are not softly deleted."""
    return {name: d for name, d in properties.items() if not d.get("deletedAt")}


def closed(metadata: Mapping[str, Json], settings: Settings) -> Field:
    """`custom` as this org has it: closed over the live attributes."""
    rules = {n: attribute(n, d, settings) for n, d in live(metadata.get("properties", {})).items()}
    return Field("object", high=100, fields=rules)
