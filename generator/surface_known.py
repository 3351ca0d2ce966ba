"""Owns what need not be read of a package whose surface is to be known: what stands in another, known one word for word.

Black's text is cut into its statements by their first lines, at the margin; so this is asked only of files that a
generator wrote and nobody edited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.surface import Surface, ToolSurface

_STATEMENT = re.compile(r"(?m)^(?:(?:class|async def) (?P<block>\w+)|(?P<name>\w+)(?:: \w+)? = )")
_ROW = re.compile(r'(?m)^    "(?P<tool>\w+)": \(\s*(?P=tool),\s*models\.(?P<model>\w+),?\s*\),$')
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Known:
    """A package whose files and surface are known."""

    files: Mapping[str, str] = field(default_factory=dict)
    surface: Surface = field(default_factory=Surface)

    def parted(
        self, models: str, tools: str, paths: tuple[str, str]
    ) -> tuple[Mapping[str, ToolSurface], tuple[str, str]]:
        """The tools of a toolset that are, word for word, tools of this package; and both modules without them.

        Args:
            models: The text of models/<toolset>.py.
            tools: The text of tools/<toolset>.py.
            paths: Where this package would have the two.
        """
        mine = [self.files.get(path) for path in paths]
        if not all(mine):
            return {}, (models, tools)
        here, there = Statements.of(models, tools), Statements.of(*map(str, mine))
        if not (here.is_cut_well and there.is_cut_well):
            return {}, (models, tools)
        same = {
            tool: self.surface.tools[tool]
            for tool in here.models
            if tool in self.surface.tools and here.has(tool) and here.of_tool(tool) == there.of_tool(tool)
        }
        return same, here.without(same) if same else (models, tools)


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements of a toolset's two modules, by the names that they give; `models` is the class of each tool."""

    classes: Mapping[str, str]
    functions: Mapping[str, str]
    models: Mapping[str, str]

    @classmethod
    def of(cls, models: str, tools: str) -> Statements:
        functions = _statements(tools)
        rows = {found["tool"]: found["model"] for found in _ROW.finditer(functions.get("TOOLS", ""))}
        return cls(_statements(models), functions, rows)

    @property
    def is_cut_well(self) -> bool:
        """Whether no cut went through a docstring, which may hold a line like the first of a statement."""
        return all(text.count('"""') % 2 == 0 for rows in (self.classes, self.functions) for text in rows.values())

    def of_tool(self, tool: str) -> tuple[dict[str, str], dict[str, str]]:
        """All classes and all statements that say what a tool is: its own, and whatever those name."""
        return _reached([self.models.get(tool, "")], self.classes), _reached([tool], self.functions)

    def has(self, tool: str) -> bool:
        """Whether its function and its class are there."""
        return tool in self.functions and self.models.get(tool) in self.classes

    def without(self, tools: Iterable[str]) -> tuple[str, str]:
        """The text of both modules with no more than what the other tools need."""
        left = [self.of_tool(tool) for tool in self.models if tool not in set(tools)]
        classes = {name: text for found, _ in left for name, text in found.items()}
        functions = {name: text for _, found in left for name, text in found.items()}
        rows = {"TOOLS": self.functions["TOOLS"]} if "TOOLS" in self.functions else {}
        return "\n".join(classes.values()), "\n".join((functions | rows).values())


def _statements(text: str) -> dict[str, str]:
    starts = list(_STATEMENT.finditer(text))
    ends = [found.start() for found in starts[1:]] + [len(text)]
    rows = zip(starts, ends, strict=True)
    return {found["block"] or found["name"]: text[found.start() : end] for found, end in rows}


def _reached(names: Iterable[str], statements: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    left = list(names)
    while left:
        name = left.pop()
        if name in statements and name not in found:
            found[name] = statements[name]
            left += _WORD.findall(statements[name])
    return dict(sorted(found.items()))
