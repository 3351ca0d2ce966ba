"""Owns the servers that the tests of a module share. Must not hold an expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from serving_kit import ROOT

from generator.sandbox import Budgets, Sandbox, Settings, fresh, running

sys.path.insert(0, str(ROOT / "generated" / "acme"))


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those that a test gives."""
    for name in list(os.environ):
        if name.startswith(("KUSTOMER_", "OTEL_")):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Sandbox]:
    """The Kustomer emulator; tests look at what is new in its journal."""
    wide = Settings(budgets=Budgets(org_per_minute=1_000_000, search_per_minute=1_000_000))
    with running(fresh(settings=wide)) as one:
        yield one
