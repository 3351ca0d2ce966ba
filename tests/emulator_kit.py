"""Owns the emulator with budgets that no test meets. Must not hold an expectation."""

from __future__ import annotations

from contextlib import AbstractContextManager

from generator.sandbox import Budgets, Sandbox, Settings, fresh, running

_WIDE = Settings(budgets=Budgets(org_per_minute=1_000_000, search_per_minute=1_000_000))


def roomy() -> AbstractContextManager[Sandbox]:
    """An emulator of a test's own, or of a run's, that refuses no number of requests."""
    return running(fresh(settings=_WIDE))
