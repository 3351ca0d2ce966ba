"""Owns which classes of arguments lead to which, by their definitions, and the order in which they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from generator.ir import Schema

ARGUMENTS = "Arguments"
_REFERENCE = re.compile(r'"#/components/schemas/(\w+)"')


def needed_by(names: Iterable[str], definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """The definitions that some of them lead to, themselves included."""
    found: dict[str, Schema] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found[name] = definitions[name]
            left.extend(_REFERENCE.findall(json.dumps(definitions[name])))
    return dict(sorted(found.items()))


def in_order(definitions: Mapping[str, Schema]) -> list[str]:
    """The order of the classes: nested ones first, each after those it uses, then the arguments of each tool, by name."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        for used in sorted(set(_REFERENCE.findall(json.dumps(definitions[name])))):
            if used != name and used not in order:
                visit(used)
        order.setdefault(name)

    for name in sorted(definitions, key=lambda name: (name.endswith(ARGUMENTS), name)):
        visit(name)
    return list(order)
