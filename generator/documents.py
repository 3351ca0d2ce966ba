"""Owns reading one OpenAPI document's bytes: JSON or YAML, and whether they are a document at all. No network."""

from __future__ import annotations

import json
import math
from typing import Any

import yaml

from generator.errors import SpecError
from generator.openapi import count_operations

Json = Any


class _PlainLoader(yaml.SafeLoader):
    """YAML as JSON has it: no dates, no aliases (a few of which can stand for gigabytes)."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read; write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Json]:
        """A mapping in which every key stands once."""
        if not isinstance(node, yaml.MappingNode):
            raise yaml.YAMLError("this is no mapping")
        self.flatten_mapping(node)
        return _each_key_once(
            [(self.construct_object(k, deep=True), self.construct_object(v, deep)) for k, v in node.value]
        )


_PlainLoader.yaml_implicit_resolvers = {
    first: [row for row in rows if row[0] != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_document(name: str, raw: bytes, pinned_operations: int = 0) -> Json:
    """Parse a document and refuse what can't be one.

    Args:
        name: What the document is called in specs/sources.toml.
        raw: Its bytes.
        pinned_operations: How many operations the pinned one has; 0 where none is pinned.

    Raises:
        SpecError: It is truncated, neither JSON nor YAML, no OpenAPI 3 document, has no operations, or has lost more
            than half of those that are pinned.
    """
    try:
        text = raw.decode("utf-8-sig")
        value = _parsed(text)
    except (UnicodeDecodeError, ValueError, yaml.YAMLError, RecursionError) as error:
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise SpecError(f"{name}: the document is truncated, or neither JSON nor YAML", [said]) from None
    if not isinstance(value, dict) or not str(value.get("openapi", "")).startswith("3."):
        raise SpecError(
            f"{name}: this is no OpenAPI 3 document", ["it has no `openapi: 3.x`; check its url in specs/sources.toml"]
        )
    count = count_operations(value)
    if count == 0:
        raise SpecError(f"{name}: the document has no operations", ["check its url in specs/sources.toml"])
    if count * 2 < pinned_operations:
        raise SpecError(
            f"{name}: the document has {count} operations where {pinned_operations} are pinned",
            ["more than half are gone; if that is right, remove its pin from specs/lock.json and fetch again"],
        )
    return value


def _parsed(text: str) -> Json:
    if text.lstrip()[:1] == "{":
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_each_key_once)
    return yaml.load(text, Loader=_PlainLoader)  # noqa: S506  a SafeLoader


def _each_key_once(pairs: list[tuple[Any, Json]]) -> dict[str, Json]:
    """Of a key that stands twice readers take the first or the last: a reviewer and the generator could see two documents."""
    made: dict[str, Json] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise ValueError(f"the key {str(key)[:60]!a} is no string; put it in quotes")
        if key in made:
            raise ValueError(f"the key {key[:60]!a} stands twice in one object")
        made[key] = value
    return made


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:60]} is out of range")
    return number


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
