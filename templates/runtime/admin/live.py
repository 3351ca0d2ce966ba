"""Owns the stylesheet that counts while one ticks: the tools that are left, and their tokens, without any script.

A tool that the ticked boxes leave out is not displayed, and what is not displayed does not count (CSS Lists 3, 4.4). The
rules are made of numbers alone: no name of the package gets into them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..grants.model import METHODS
from .catalog import Catalog, CatalogTool


@dataclass(frozen=True, slots=True)
class Classes:
    """The CSS classes of each tool, and the rules that go with them."""

    by_tool: dict[str, str]
    stylesheet: str


def classes_of(catalog: Catalog) -> Classes:
    """One class for a tool's methods, one for its tags, one for its tokens; tools that are alike share them."""
    methods = _numbered(sorted({tool.methods for tool in catalog.tools}))
    tags = _numbered(sorted({tool.tags for tool in catalog.tools}))

    def of(tool: CatalogTool) -> str:
        return f"ms{methods[tool.methods]} ts{tags[tool.tags]} w{tool.tokens}"

    rules = [_hidden("methods", "m", METHODS, words, f"ms{number}") for words, number in methods.items()]
    rules += [_hidden("tags", "t", catalog.tags, words, f"ts{number}") for words, number in tags.items()]
    rules += [
        f".w{size} {{ counter-increment: tools tokens {size} }}" for size in sorted({t.tokens for t in catalog.tools})
    ]
    exact = ".choose:has([name=tools]:checked) .tool:not(:has(:checked))"
    rules.append(f"{exact} {{ counter-increment: none; opacity: .72 }}")
    text = "@supports selector(:has(*)) {\n" + "\n".join(rules) + "\n}\n"
    return Classes({tool.name: of(tool) for tool in catalog.tools}, text)


def _numbered(values: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    return {value: number for number, value in enumerate(values)}


def _hidden(field: str, letter: str, known: Sequence[str], words: tuple[str, ...], name: str) -> str:
    """Hide a class where something of a field is ticked, and nothing that its tools have."""
    any_ticked = f".choose:has([name={field}]:checked)"
    own = ", ".join(f"#{letter}{known.index(word)}:checked" for word in words)
    return f"{any_ticked}{f':not(:has({own}))' if own else ''} .{name} {{ display: none }}"
