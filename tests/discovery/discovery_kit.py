"""Owns the packages of every operation and their rankings. Must not hold an expectation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from generator.beside import beside_files
from generator.config import Tenant
from generator.package import build
from generator.snapshot import load

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Package:
    """What is known of a package's tools, and the ranking over them."""

    described: Sequence[Any]
    ranking: Any
    toolsets: dict[str, str]
    contracts: dict[str, Any]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.toolsets)

    @property
    def meant(self) -> frozenset[str]:
        """Every word that the table of meanings leads to."""
        table = import_module("kustomer_mcp_acme.runtime.meanings").MEANT
        return frozenset(words().stem(word) for meant in table.values() for word in meant.split())

    @property
    def said(self) -> frozenset[str]:
        """Every word, as its stem, that some tool is found by."""
        return frozenset(self.ranking._weights)

    def anew(self, described: Sequence[Any]) -> Any:
        """A ranking over tools given in another order."""
        return ranking().Ranking(described)


def ranking() -> Any:
    return import_module("kustomer_mcp_acme.runtime.ranking")


def words() -> Any:
    return import_module("kustomer_mcp_acme.runtime.words")


def everything(detail: str) -> Package:
    """The package of a tenant that selects every operation, with acme's Klasses; its server's tables, not written."""
    pinned = load(ROOT, ["acme"])
    pinned = replace(pinned, klasses={"everything": pinned.klasses["acme"]})
    made = build(pinned, Tenant("everything", "tenant.toml", "https://everything.example", detail=detail))
    tables = json.loads(beside_files(made)[f"{made.module}/tools.json"])
    klasses = [dict(resource.content) for resource in made.klass_resources]
    contracts = {tool.name: dict(tool.contract) for tool in made.tools}
    described = _surface(tables).described(contracts, klasses)
    toolsets = {tool.name: tool.toolset for tool in made.tools}
    return Package(described, ranking().Ranking(described), toolsets, contracts)


def _surface(tables: dict[str, Any]) -> Any:
    surface = import_module("kustomer_mcp_acme.runtime.surface").Surface
    return surface(tables["tools"], tables["prompts"], tables["klasses"])
