"""Owns the stores that the tests of grants run against. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from grants_kit import Clock, Redis, redis_server


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def _redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis_server(tmp_path_factory.mktemp("r")) as one:
        yield one


@pytest.fixture
def redis(_redis: Redis) -> Redis:
    """A Redis server with nothing in it."""
    _redis.client().flushall()
    return _redis


@pytest.fixture(params=["sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store, of each kind."""
    if request.param == "redis":
        server: Redis = request.getfixturevalue("redis")
        return server.url
    return str(tmp_path / "store" / "grants.sqlite3")
