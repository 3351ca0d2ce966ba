"""Owns the package of everything, the recording server and the client of the proof. Must not hold an expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

sys.path.insert(0, str(Path(__file__).parents[1] / "package"))

from package_build import EVERYTHING, locked, make_everything
from package_recorder import Recorder, recording
from test_package_wire import runtime


@pytest.fixture(scope="session")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The package of a tenant that selects every operation, with acme's Klasses; made once a run."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    before = os.environ.get("KUSTOMER_MCP_CACHE")
    os.environ["KUSTOMER_MCP_CACHE"] = str(shared / "cache")
    folder = shared / EVERYTHING
    with locked(shared, EVERYTHING) as first:
        if first:
            make_everything(folder)
    sys.path.insert(0, str(folder))
    yield folder
    os.environ.pop("KUSTOMER_MCP_CACHE")
    if before is not None:
        os.environ["KUSTOMER_MCP_CACHE"] = before


@pytest.fixture(scope="session")
def _recorder() -> Iterator[Recorder]:
    with recording() as one:
        yield one


@pytest.fixture
def recorder(_recorder: Recorder) -> Recorder:
    _recorder.clear()
    return _recorder


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kustomer(everything: Path, _recorder: Recorder) -> AsyncIterator[Any]:
    """One client for all: making one costs more than a request."""
    made = runtime("settings").Settings(base_url=_recorder.url, api_key="k")
    async with runtime("client").Kustomer(made) as one:
        yield one
