"""Owns the emulator as a process of its own, with budgets that no measurement uses up; prints its URL.

`python -m bench.emulator [SEARCHES]`: with a number, so many searches a minute, and more are refused.
"""

from __future__ import annotations

import sys

from generator.sandbox import Budgets, Settings, serve

_PLENTY = 10**9

if __name__ == "__main__":
    searches = int(sys.argv[1]) if len(sys.argv) > 1 else _PLENTY
    settings = Settings(budgets=Budgets(org_per_minute=_PLENTY, search_per_minute=searches))
    serve(settings=settings, on_bound=lambda url: print(url, flush=True))
