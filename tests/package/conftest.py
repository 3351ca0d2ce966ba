"""Owns the servers, packages and processes of the package tests. Must not hold an expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from package_build import EVERYTHING, ROOT, locked, make_everything
from package_recorder import Recorder, recording

from generator.sandbox import Budgets, Sandbox, Settings, fresh, running

for _tenant in ("acme", "globex"):
    sys.path.insert(0, str(ROOT / "generated" / _tenant))

# How long an example takes says something about the machine only.
hypothesis_settings.register_profile("package", deadline=None)
hypothesis_settings.load_profile("package")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes several seconds; run by default, left out with -m 'not slow'")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One temporary folder for this run, whatever number of processes runs the tests."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def _generator_cache(shared_folder: Path) -> Iterator[None]:
    before = os.environ.get("KUSTOMER_MCP_CACHE")
    os.environ["KUSTOMER_MCP_CACHE"] = str(shared_folder / "cache")
    yield
    os.environ.pop("KUSTOMER_MCP_CACHE")
    if before is not None:
        os.environ["KUSTOMER_MCP_CACHE"] = before


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key and no address but those that a test gives."""
    for name in ("KUSTOMER_API_KEY", "KUSTOMER_API_KEY_FILE", "KUSTOMER_BASE_URL", "KUSTOMER_MCP_ANSWER_BYTES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def everything(shared_folder: Path) -> Path:
    """The package of a tenant that selects every operation, with acme's Klasses; made once a run."""
    folder = shared_folder / EVERYTHING
    with locked(shared_folder, EVERYTHING) as first:
        if first:
            make_everything(folder)
    sys.path.insert(0, str(folder))
    return folder


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Sandbox]:
    wide = Settings(budgets=Budgets(org_per_minute=1_000_000, search_per_minute=1_000_000))
    with running(fresh(settings=wide)) as one:
        yield one


@pytest.fixture
def emulator(_emulator: Sandbox) -> Sandbox:
    """The Kustomer emulator with fresh seeds, nothing journaled."""
    _emulator.start_over(fresh(settings=_emulator.world.settings))
    return _emulator


@pytest.fixture(scope="session")
def _recorder() -> Iterator[Recorder]:
    with recording() as one:
        yield one


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    """A server that writes down what arrives."""
    _recorder.clear()
    return _recorder
