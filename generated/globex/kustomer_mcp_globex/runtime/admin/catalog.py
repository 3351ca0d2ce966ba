"""Owns what the administration knows of the package's tools: names, titles, tags, methods, and what each costs a client."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Any

from ..grants.model import ToolRow

# One token is about four bytes of JSON.
_BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class CatalogTool:
    """One tool as a person chooses it; `tokens` is the estimate of what its contract costs in a list."""

    name: str
    title: str
    tags: tuple[str, ...]
    methods: tuple[str, ...]
    tokens: int


@dataclass(frozen=True)
class Catalog:
    """The tools of a package, by name, and what the package is called."""

    title: str
    version: str
    tools: tuple[CatalogTool, ...]

    @cached_property
    def tags(self) -> tuple[str, ...]:
        return tuple(sorted({tag for tool in self.tools for tag in tool.tags}))

    @cached_property
    def rows(self) -> dict[str, ToolRow]:
        return {tool.name: ToolRow(tool.tags, tool.methods) for tool in self.tools}

    def tokens(self, names: frozenset[str]) -> int:
        """The estimate for a list of these tools."""
        return sum(tool.tokens for tool in self.tools if tool.name in names)


def catalog_of(module: str, title: str, version: str) -> Catalog:
    """Read the catalog of an installed package from its tools.json and its contracts.

    Args:
        module: Its name, as it is imported.
        title: What people call it.
        version: Its version.
    """
    files = resources.files(module)
    rows = json.loads((files / "tools.json").read_text(encoding="utf-8"))["tools"]
    contracts = _contracts(module)
    tools = (_tool(name, row, contracts[name]) for name, row in sorted(rows.items()))
    return Catalog(title, version, tuple(tools))


def _contracts(module: str) -> dict[str, dict[str, Any]]:
    texts = (
        file.read_text(encoding="utf-8")
        for file in resources.files(f"{module}.contract").iterdir()
        if file.name.endswith(".json")
    )
    return {tool["name"]: tool for text in texts for tool in json.loads(text)}


def _tool(name: str, row: dict[str, Any], contract: dict[str, Any]) -> CatalogTool:
    size = len(json.dumps(contract, separators=(",", ":"), ensure_ascii=False).encode("utf-8"))
    tokens = -(-size // _BYTES_A_TOKEN)
    return CatalogTool(name, contract.get("title") or name, tuple(row["tags"]), tuple(row["methods"]), tokens)
