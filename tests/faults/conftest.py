"""Owns the servers that the tests of faults share. Must not hold an expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What starts servers, records requests and runs Redis is that of the tests of serving, packages and grants.
for _folder in (ROOT / "generated" / "acme", *(ROOT / "tests" / name for name in ("serving", "package", "grants"))):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from package_recorder import Recorder, recording  # noqa: E402

from generator.sandbox import Budgets, Sandbox, Settings, fresh, running  # noqa: E402


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those that a test gives."""
    for name in [name for name in os.environ if name.startswith(("KUSTOMER_", "OTEL_"))]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _recorder() -> Iterator[Recorder]:
    with recording() as one:
        yield one


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    """An upstream that does as it is told."""
    _recorder.clear()
    return _recorder


@pytest.fixture
def emulator() -> Iterator[Sandbox]:
    """A Kustomer emulator whose journal is this test's alone."""
    wide = Settings(budgets=Budgets(org_per_minute=1_000_000, search_per_minute=1_000_000))
    with running(fresh(settings=wide)) as one:
        yield one
