"""Owns what all tests share: paths, a cache and an environment of the run's own, recorders, emulators. No expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from generator import cache
from generator.sandbox import Sandbox, fresh, running

if TYPE_CHECKING:
    from package_recorder import Recorder

TESTS = Path(__file__).parent
# The committed packages, and the folders whose kits other folders use.
_PACKAGES = [TESTS.parent / "generated" / tenant for tenant in ("acme", "globex")]
sys.path[:0] = map(str, [*_PACKAGES, *(TESTS / name for name in ("generator", "grants", "package", "serving"))])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes several seconds; run by default, left out with -m 'not slow'")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One temporary folder for this run, whatever number of processes runs the tests."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def cache_folder(shared_folder: Path) -> Iterator[Path]:
    """One cache for the whole run, never the one of the person who runs it."""
    folder = shared_folder / "kustomer-mcp-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, str(folder))
        yield folder


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, address or setting of the person who runs the tests: none but those that a test gives."""
    for name in list(os.environ):
        if name.startswith(("KUSTOMER_", "OTEL_", "JOB_")) and name != cache.VARIABLE:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def everything(shared_folder: Path) -> Path:
    """The package of a tenant that selects every operation, with acme's Klasses; made once a run."""
    from package_build import EVERYTHING, locked, make_everything

    folder = shared_folder / EVERYTHING
    with locked(shared_folder, EVERYTHING) as first:
        if first:
            make_everything(folder)
    sys.path.insert(0, str(folder))
    return folder


@pytest.fixture(scope="session")
def _recorder() -> Iterator[Recorder]:
    from package_recorder import recording

    with recording() as one:
        yield one


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    """A server that does as it is told, and writes down what arrives."""
    _recorder.clear()
    return _recorder


@pytest.fixture(scope="session")
def _server() -> Iterator[Sandbox]:
    with running() as one:
        yield one


@pytest.fixture
def sandbox(_server: Sandbox) -> Sandbox:
    """A fresh world whose clock runs, for a test that may change it."""
    _server.start_over(fresh(ticking=True))
    return _server
