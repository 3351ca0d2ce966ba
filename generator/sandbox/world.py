"""Owns the state of the whole sandbox: clock, orgs, keys, switches, spent budgets. Must not know HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING

from generator.sandbox.clock import Clock
from generator.sandbox.settings import Settings
from generator.sandbox.store import Json, Record, Tables

if TYPE_CHECKING:
    from generator.sandbox.auth import Key


@dataclass(slots=True)
class Org:
    """One organisation. `metadata` maps a resource (`kobject.order`) to its attribute definitions."""

    name: str
    id: str
    attributes: Mapping[str, Json]
    tables: Tables
    metadata: dict[str, dict[str, Json]] = field(default_factory=dict)
    windows: dict[str, dict[str, Json]] = field(default_factory=dict)
    looks: dict[str, int] = field(default_factory=dict)  # how often each bulk job was looked at

    def klass(self, name: str) -> Record | None:
        return self.tables.first("klass", lambda k: k.attributes["name"] == name)

    def external(self, kind: str, external_id: str) -> Record | None:
        return self.tables.first(kind, lambda r: r.attributes.get("externalId") == external_id)


@dataclass(slots=True)
class World:
    """Everything a server answers from. Tests reach in: `world.clock.advance(61)`, `world.settings = ...`."""

    orgs: dict[str, Org]
    keys: dict[str, Key]
    clock: Clock = field(default_factory=Clock)
    settings: Settings = field(default_factory=Settings)
    spent: dict[tuple[str, ...], tuple[datetime, int]] = field(default_factory=dict)

    def org(self, name: str) -> Org:
        return self.orgs[name]

    def become(self, other: World) -> None:
        """Takes over everything of another world, in place: whoever holds this one sees the change."""
        for each in fields(self):
            setattr(self, each.name, getattr(other, each.name))
