"""Owns the generator's figures: whole processes on the tenant of every operation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from bench.everything import TENANT, command
from bench.processes import Ran, run
from bench.table import Row, Section, spread

_ROUNDS = 4
_AIMS = {"cold": 10.0, "unchanged": 1.5, "check": 1.5}
_SAYS = {
    "cold": "generate, cold (cache off, nothing there)",
    "warm": "generate, warm (cache on, nothing there)",
    "unchanged": "generate, unchanged",
    "check": "check, up to date",
}


def measured(folder: Path) -> Section:
    """Rows for generate and check; leaves the generated package in `folder`."""
    on = os.environ | {"KUSTOMER_MCP_CACHE": str(folder / "cache")}
    off = os.environ | {"KUSTOMER_MCP_CACHE": "off"}
    generate, check = command(folder, "generate", TENANT), command(folder, "check", TENANT)
    run(generate, on)  # fills the cache, and the byte code

    def from_nothing(environment: dict[str, str]) -> Ran:
        shutil.rmtree(folder / "generated")
        return run(generate, environment)

    ways: dict[str, Callable[[], Ran]] = {
        "cold": lambda: from_nothing(off),
        "warm": lambda: from_nothing(on),
        "unchanged": lambda: run(generate, on),
        "check": lambda: run(check, on),
    }
    rounds = [{name: way() for name, way in ways.items()} for _ in range(_ROUNDS)]
    rows = [_time(name, [each[name].seconds for each in rounds]) for name in ways]
    rows += [
        Row(f"{_SAYS[name]}: processor time", median(each[name].processor_seconds for each in rounds), "s")
        for name in ("cold", "unchanged")
    ]
    rows += [
        Row(f"{_SAYS[name]}: peak memory", median(each[name].peak_mb for each in rounds), "MB")
        for name in ("cold", "unchanged")
    ]
    how = (
        f"Whole processes on the everything tenant (every operation, acme's Klasses); median of {_ROUNDS} rounds of all "
        "four in turn; memory is that of the largest process, processor time is of all together."
    )
    return Section("Generator", how, rows)


def _time(name: str, seconds: list[float]) -> Row:
    return Row(_SAYS[name], median(seconds), "s", spread(seconds), _AIMS.get(name))
