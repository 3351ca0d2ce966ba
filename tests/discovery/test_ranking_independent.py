"""The measure of the ranking on requests by somebody who had not seen it; a floor, and nothing to tune on."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from discovery_kit import Package

FIRST = 5
# What was measured when they were first run, rounded down to the next five.
FLOOR = 85
ROWS = tomllib.loads((Path(__file__).parent / "independent.toml").read_text(encoding="utf-8"))["request"]


@pytest.mark.parametrize("detail", ["full", "lean"])
def test_independent_requests_find_their_tool_among_the_first_five(
    detail: str, made: Callable[[str], Package], record_property: Callable[[str, object], None]
) -> None:
    package = made(detail)
    ranks = []
    for row in ROWS:
        names = [tool.name for tool in package.ranking.best(row["text"], package.names, 20)]
        ranks.append(next((place for place, name in enumerate(names, 1) if name in row["tools"]), 0))
        if not 0 < ranks[-1] <= FIRST:
            print(f"missed (place {ranks[-1] or 'none'}): {row['text']}\n  for {row['tools']}\n  got {names[:FIRST]}")
    found = sum(0 < rank <= FIRST for rank in ranks)
    share = 100 * found / len(ROWS)
    reciprocal = sum(1 / rank for rank in ranks if rank) / len(ranks)
    line = f"{found} of {len(ROWS)} ({share:.1f} in 100), mean reciprocal rank {reciprocal:.3f}"
    record_property(f"{detail}, independent", line)
    print(f"{detail}, independent: {line}")
    assert share >= FLOOR


def test_independent_requests_name_tools_that_there_are(made: Callable[[str], Package]) -> None:
    assert {tool for row in ROWS for tool in row["tools"]} - made("full").names == set()
