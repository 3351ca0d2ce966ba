"""Owns records and their tables, one set per org. Must not know HTTP, masks or validation."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from generator.sandbox.clock import parse

Json = Any
Attributes = Mapping[str, Json]


def object_id(*parts: object) -> str:
    """24 hex digits that depend on nothing but the parts: a seed has the same id everywhere."""
    return hashlib.sha256("\x00".join(map(str, parts)).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Ref:
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """One resource. `refs` are the relationships that carry data; links are made when it is rendered."""

    kind: str
    id: str
    attributes: Attributes
    refs: Mapping[str, Ref] = field(default_factory=dict)

    def ref(self, name: str) -> str | None:
        found = self.refs.get(name)
        return found.id if found else None


class Tables:
    """The records of one org by kind and id, in the order in which they were put."""

    def __init__(self, org: str) -> None:
        self._org = org
        self._rows: dict[str, dict[str, Record]] = {}
        self._history: dict[tuple[str, str], list[Record]] = {}
        self._made = 0

    def new_id(self, kind: str) -> str:
        self._made += 1
        return object_id(self._org, kind, "made", self._made)

    def put(self, record: Record) -> Record:
        self._rows.setdefault(record.kind, {})[record.id] = record
        self._history.setdefault((record.kind, record.id), []).append(record)
        return record

    def get(self, kind: str, id: str) -> Record | None:
        return self._rows.get(kind, {}).get(id)

    def drop(self, record: Record) -> None:
        self._rows.get(record.kind, {}).pop(record.id, None)

    def all(self, kind: str) -> Iterator[Record]:
        return iter(tuple(self._rows.get(kind, {}).values()))

    def as_of(self, kind: str, moment: datetime) -> list[Record]:
        """The records of a kind as they were last updated at a moment: what a lagging index knows of them."""
        found = []
        for record in self.all(kind):
            past = [v for v in self._history[kind, record.id] if (parse(v.attributes["updatedAt"]) or moment) <= moment]
            found.extend(past[-1:])
        return found

    def where(self, kind: str, **refs: str) -> list[Record]:
        """The records of a kind whose relationships point at the given ids."""
        return [r for r in self.all(kind) if all(r.ref(name) == id for name, id in refs.items())]

    def first(self, kind: str, test: Callable[[Record], bool]) -> Record | None:
        return next((r for r in self.all(kind) if test(r)), None)

    def kinds(self) -> tuple[str, ...]:
        return tuple(self._rows)
