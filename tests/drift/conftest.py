"""Owns the surroundings of the drift tests: one emulator, and a copy of the tree. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_kit import copy_root

from generator.sandbox import Sandbox, running


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(_emulator: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The emulator as new, with the keys of both tenants in the environment."""
    _emulator.start_over()
    monkeypatch.setenv("KUSTOMER_BASE_URL", _emulator.url)
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME", "sandbox-acme")
    monkeypatch.setenv("KUSTOMER_API_KEY_GLOBEX", "sandbox-globex")
    return _emulator


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_root(tmp_path / "root")
