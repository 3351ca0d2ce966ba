"""Owns the emulator as a process of its own, with budgets that no measurement uses up; prints its URL."""

from __future__ import annotations

from generator.sandbox import Budgets, Settings, serve

_PLENTY = 10**9

if __name__ == "__main__":
    settings = Settings(budgets=Budgets(org_per_minute=_PLENTY, search_per_minute=_PLENTY))
    serve(settings=settings, on_bound=lambda url: print(url, flush=True))
