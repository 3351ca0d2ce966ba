"""Owns the running administration of these tests. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from admin_kit import Listening, Served, listening, runtime, serving
from grants_kit import redis_server


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
def redis_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of its own."""
    with redis_server(tmp_path_factory.mktemp("r")) as one:
        yield one.url


@pytest.fixture(params=["sqlite", "redis"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    """A store of each kind, empty."""
    address = str(tmp_path / "s.sqlite3") if request.param == "sqlite" else request.getfixturevalue("redis_address")
    one = runtime("grants.store").open_store(address, f"package_{tmp_path.name}")
    yield one
    await one.aclose()
