"""Owns what the generator's tests build once: the cache's folder, and the package of everything. Must not hold an expectation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import generator_kit as kit
import pytest

from generator import cache
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole run (all its processes), never the one of the person who runs it."""
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
    """No test sees a key or a base URL of the person who runs it."""
    for name in list(os.environ):
        if name.startswith("KUSTOMER_") and name != cache.VARIABLE:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def real() -> Snapshot:
    return kit.real()


@pytest.fixture(scope="session")
def everything(real: Snapshot) -> Package:
    """Every operation of the nine documents with acme's Klasses, in `lean`."""
    return build(real, kit.tenant("acme", detail="lean"))


@pytest.fixture(scope="session")
def everything_files(everything: Package) -> dict[str, str]:
    return render(everything)
