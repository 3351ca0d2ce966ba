"""Owns the package of everything, the recording server and the client of the proof. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from package_recorder import Recorder
from test_package_wire import runtime


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kustomer(everything: Path, _recorder: Recorder) -> AsyncIterator[Any]:
    """One client for all: making one costs more than a request."""
    made = runtime("settings").Settings(base_url=_recorder.url, api_key="k")
    async with runtime("client").Kustomer(made) as one:
        yield one
