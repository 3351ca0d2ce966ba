"""Owns the surroundings of the drift tests: a cache of the run's own, no key of the person who runs it, one emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_kit import copy_root

from generator import cache
from generator.sandbox import Sandbox, running


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kustomer-mcp-cache"
    before = os.environ.get(cache.VARIABLE)
    os.environ[cache.VARIABLE] = str(folder)
    yield folder
    if before is None:
        del os.environ[cache.VARIABLE]
    else:
        os.environ[cache.VARIABLE] = before


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("KUSTOMER_", "JOB_")) and name != cache.VARIABLE:
            monkeypatch.delenv(name)


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
