"""Owns the stores that the tests of grants run against. Must not hold an expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "generated" / "acme") not in sys.path:
    sys.path.insert(0, str(ROOT / "generated" / "acme"))

from grants_kit import Clock, Redis, redis_server  # noqa: E402


@pytest.fixture(autouse=True)
def _no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but what a test says."""
    for name in [name for name in os.environ if name.startswith("KUSTOMER_")]:
        monkeypatch.delenv(name)


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
