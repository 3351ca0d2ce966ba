"""Owns the emulator as a process of its own, with budgets that no measurement uses up; prints its URL.

`python -m bench.emulator [SEARCHES]`: with a number, so many searches a minute, and more are refused.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.processes import FOR_EVER, started
from generator.sandbox import Budgets, Settings, serve

_PLENTY = 10**9


@contextmanager
def emulator(searches: int = _PLENTY) -> Iterator[str]:
    """The address of an emulator that runs as long as the block."""
    with started([sys.executable, "-m", "bench.emulator", str(searches)], os.environ, FOR_EVER) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()


if __name__ == "__main__":
    searches = int(sys.argv[1]) if len(sys.argv) > 1 else _PLENTY
    settings = Settings(budgets=Budgets(org_per_minute=_PLENTY, search_per_minute=searches))
    serve(settings=settings, on_bound=lambda url: print(url, flush=True))
