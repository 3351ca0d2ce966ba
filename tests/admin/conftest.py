"""Owns the running administration of these tests. Must not hold an expectation."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from admin_kit import Listening, Served, listening, runtime, serving, wait_for


@pytest.fixture(scope="session")
def server() -> Iterator[Listening]:
    """A server for whatever a test serves."""
    with listening() as one:
        yield one


@pytest.fixture
def served(server: Listening, tmp_path: Path) -> Iterator[Served]:
    """The administration with no servers yet."""
    with serving(server, tmp_path) as one:
        yield one


@pytest.fixture
def rest(served: Served) -> Iterator[httpx.Client]:
    """A client with the admin token."""
    with served.client() as client:
        yield client


@pytest.fixture(scope="session")
def redis_address() -> Iterator[str]:
    """A Redis server of its own, on a Unix socket; skipped where there is none, and failed where CI=true."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "needs Redis: apt-get install redis-server"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    folder = Path(tempfile.mkdtemp(prefix="admin-redis-"))  # a socket's path must be short
    options = [
        "--port",
        "0",
        "--unixsocket",
        str(folder / "s"),
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        str(folder),
    ]
    process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(folder / "s")
        yield f"unix://{folder / 's'}"
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """A store of each kind, empty."""
    address = str(tmp_path / "s.sqlite3") if request.param == "sqlite" else request.getfixturevalue("redis_address")
    one = runtime("grants.store").open_store(address, f"package_{tmp_path.name}")
    yield one
    await one.aclose()
