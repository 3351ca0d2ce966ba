"""Owns how figures are shown: sections that say how they were measured, rows with an aim and whether it is met."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        what: What is measured.
        value: The figure.
        unit: Its unit, and how many decimals it is worth: "s", "x", "tokens", "lines" ...
        spread: The smallest and the largest of the repetitions, where there are several.
        aim: What it should be at most, where there is an aim.
    """

    what: str
    value: float
    unit: str
    spread: tuple[float, float] | None = None
    aim: float | None = None

    @property
    def missed(self) -> bool:
        return self.aim is not None and self.value > self.aim


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that were measured in the same way."""

    title: str
    how: str
    rows: Sequence[Row]


def spread(values: Sequence[float]) -> tuple[float, float]:
    return min(values), max(values)


def text(section: Section) -> str:
    """The section as aligned lines."""
    lines = [section.title, f"  {section.how}"]
    for row in section.rows:
        between = f"{_number(row.spread[0], row.unit)} - {_number(row.spread[1], row.unit)}" if row.spread else ""
        aim = f"at most {_number(row.aim, row.unit)}" if row.aim is not None else ""
        verdict = "" if row.aim is None else "MISSED" if row.missed else "met"
        line = f"  {row.what:<58} {_number(row.value, row.unit):>9} {row.unit:<7} {between:<17} {aim:<16} {verdict}"
        lines.append(line.rstrip())
    return "\n".join(lines)


def _number(value: float, unit: str) -> str:
    return f"{value:.2f}" if unit in ("s", "x", "ms") else f"{value:,.0f}"
