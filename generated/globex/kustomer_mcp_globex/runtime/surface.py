"""Owns what of a package one access is shown: its tools, prompts and Klasses. What it does not show does not exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from .access import Access
from .ranking import Described
from .watch import report_denied

# The four tools through which a caller with `exposure: discovery` finds and calls the others; see discovery.py.
SEARCH, DESCRIBE, CALL_READ, CALL_WRITE = "search_tools", "describe_tools", "call_read_tool", "call_write_tool"
# A Klass may have hundreds of attributes, and a tree thousands of nodes.
_MOST_ATTRIBUTES, _MOST_CHOICES = 30, 12


@dataclass(frozen=True, slots=True)
class Surface:
    """A package's tools and what is of use with them.

    Attributes:
        rows: Tool -> its tags, methods, what people say who want it (`asked`) and, where a lean contract says less, its
            description (`about`).
        prompts: Prompt -> the tools that it names.
        klasses: Klass -> the tools that read or write its records.
    """

    rows: Mapping[str, Mapping[str, Any]]
    prompts: Mapping[str, frozenset[str]]
    klasses: Mapping[str, frozenset[str]]

    def admits(self, access: Access, tool: str) -> bool:
        """Whether a tool of the package exists for a caller."""
        return tool in self.rows and access.admits(tool)

    def report(self, tool: str) -> None:
        """Say to whoever listens that a call was denied, if it was one of a tool that there is; the caller learns nothing."""
        if tool in self.rows:
            report_denied(tool)

    def tools(self, access: Access) -> tuple[str, ...]:
        """The tools of the package that exist for a caller, by name."""
        return tuple(name for name in self.rows if access.admits(name))

    def listed(self, access: Access) -> tuple[str, ...]:
        """What tools/list shows a caller: those tools, or the ones that find and call them."""
        admitted = self.tools(access)
        if access.exposure == "all" or not admitted:
            return admitted
        reads = {self.reads(name) for name in admitted}
        return (SEARCH, DESCRIBE, *((CALL_READ,) if True in reads else ()), *((CALL_WRITE,) if False in reads else ()))

    def reads(self, tool: str) -> bool:
        """Whether a tool changes nothing."""
        return bool(self.rows[tool]["methods"][0] == "read")

    def shows_prompt(self, access: Access, prompt: str) -> bool:
        """Whether a caller has every tool that a prompt names."""
        return all(access.admits(tool) for tool in self.prompts.get(prompt, ()))

    def shows_klass(self, access: Access, klass: str) -> bool:
        """Whether a caller has a tool for a Klass's records. Callers with every tool see those without any as well."""
        return access.tools is None or any(access.admits(tool) for tool in self.klasses.get(klass, ()))

    def described(
        self, contracts: Mapping[str, Mapping[str, Any]], klasses: Iterable[Mapping[str, Any]] = ()
    ) -> list[Described]:
        """What a request is compared with, of every tool; a Klass's name counts for the tools that take it by name, and what
        can be chosen in its attributes for the tools that are its own."""
        choices = _choices(klasses)
        return [self._described(contracts[name], row, choices.get(name, ())) for name, row in self.rows.items()]

    def _described(self, contract: Mapping[str, Any], row: Mapping[str, Any], choices: tuple[str, ...]) -> Described:
        name, arguments = contract["name"], _names(contract["inputSchema"])
        klasses = tuple(klass for klass, tools in self.klasses.items() if "klass_name" in arguments and name in tools)
        about = row.get("about", contract["description"])
        asked = (*row.get("asked", ()), *choices)
        return Described(
            name, contract["title"], about, tuple(row["tags"]), arguments, tuple(row["methods"]), klasses, asked
        )


def surface_of(module: str) -> Surface:
    """The surface of a package, from its tools.json."""
    tables = json.loads((resources.files(module) / "tools.json").read_text(encoding="utf-8"))
    prompts = {name: frozenset(tools) for name, tools in tables["prompts"].items()}
    klasses = {name: frozenset(tools) for name, tools in tables["klasses"].items()}
    return Surface(dict(sorted(tables["tools"].items())), prompts, klasses)


def _names(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of all arguments, and those within `custom` and `more`: in their properties, or told in their description."""
    found = list(schema["properties"])
    for inner in (schema["properties"].get(name, {}) for name in ("custom", "more")):
        found += inner.get("properties") or re.findall(r"\w+", inner.get("description", ""))
    return tuple(found)


def _choices(klasses: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """A custom Klass's own tools -> a phrase of each attribute that has choices, with the first of them."""
    found: dict[str, tuple[str, ...]] = {}
    for klass in klasses:
        told = [(attribute["label"], _values(attribute)[:_MOST_CHOICES]) for attribute in klass["attributes"]]
        phrases = [f"{label.lower()}: {', '.join(values)}" for label, values in told if values][:_MOST_ATTRIBUTES]
        found |= dict.fromkeys(() if klass["standard"] else klass["tools"]["own"], tuple(phrases))
    return found


def _values(attribute: Mapping[str, Any]) -> list[str]:
    return [*attribute.get("enumeration", ()), *_labels(attribute.get("tree", ()))]


def _labels(nodes: Iterable[Mapping[str, Any]]) -> list[str]:
    return [label for node in nodes for label in (node.get("label", node["id"]), *_labels(node.get("children", ())))]
