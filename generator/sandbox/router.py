"""Owns the matching of a raw path to an operation. Must not decode before it has matched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from generator.sandbox.call import Operation

PARAM = re.compile(r"\{(\w+)(?::(\w+))?\}")
SHAPES = {None: "[^/]+", "hex": "[0-9a-f]{24}"}


@dataclass(frozen=True, slots=True)
class _Row:
    pattern: re.Pattern[str]
    rank: tuple[int, ...]
    operation: Operation


@dataclass(frozen=True, slots=True)
class Match:
    operation: Operation
    params: dict[str, str]


def _pattern(template: str) -> re.Pattern[str]:
    """`{id}` takes one segment, `{id:hex}` only an object id; everything else is literal."""
    source, last = "", 0
    for found in PARAM.finditer(template):
        source += re.escape(template[last : found.start()]) + f"(?P<{found[1]}>{SHAPES[found[2]]})"
        last = found.end()
    return re.compile(source + re.escape(template[last:]) + r"\Z")


def _rank(template: str) -> tuple[int, ...]:
    """Literal segments win over `email={email}`, these over object ids, these over anything."""
    ranks = []
    for segment in template.split("/"):
        whole = PARAM.fullmatch(segment)
        ranks.append(3 if whole and not whole[2] else 2 if whole else 1 if PARAM.search(segment) else 0)
    return tuple(ranks)


class Router:
    """The table of operations, most specific first."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        rows = [_Row(_pattern(o.path), _rank(o.path), o) for o in operations]
        self._rows = sorted(rows, key=lambda row: row.rank)

    def find(self, method: str, raw_path: str) -> Match | None:
        for row in self._rows:
            found = row.pattern.match(raw_path) if row.operation.method == method else None
            if found:
                return Match(row.operation, {n: unquote(v) for n, v in found.groupdict().items()})
        return None

    def methods(self, raw_path: str) -> tuple[str, ...]:
        return tuple(sorted({r.operation.method for r in self._rows if r.pattern.match(raw_path)}))
