"""Owns what the tests of grants share: real stores, a clock that is set by hand, and requests as ASGI has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from kustomer_mcp_acme.runtime.grants.credentials import key_of
from kustomer_mcp_acme.runtime.grants.opening import tool_rows
from kustomer_mcp_acme.runtime.grants.service import Grants
from kustomer_mcp_acme.runtime.grants.store import open_store

MODULE = "kustomer_mcp_acme"
KEY_TEXT = "a key of the tests that is long enough"
KEY = key_of(KEY_TEXT, "test")
ROWS = tool_rows(MODULE)
ACTOR = "test"


class Clock:
    """Unix seconds; it goes on only when it is told to."""

    def __init__(self) -> None:
        self.at = float(int(time.time()))

    def __call__(self) -> float:
        return self.at

    def later(self, seconds: float) -> str:
        """RFC 3339, so many seconds from now."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at + seconds))


class Redis:
    """A Redis server of its own, on a socket in a folder."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, with what it had before, and wait until it answers."""
        import redis

        command = ["redis-server", "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self._folder)]
        options = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        until = time.monotonic() + 20
        while True:
            try:
                self.client().ping()
                return
            except redis.RedisError:
                assert time.monotonic() < until and self._process.poll() is None, "redis-server does not start"
                time.sleep(0.01)

    def stop(self) -> None:
        """Kill it, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        self.socket.unlink(missing_ok=True)

    def client(self) -> Any:
        """A client that is not the one under test."""
        import redis

        return redis.Redis(unix_socket_path=str(self.socket))

    def dump(self) -> bytes:
        """Everything it was ever told, in order."""
        return b"".join(file.read_bytes() for file in sorted(self._folder.rglob("*.aof")))


@contextmanager
def redis_server(folder: Path) -> Iterator[Redis]:
    """A running Redis server; without one, tests are skipped on a desk and fail in CI."""
    if shutil.which("redis-server") is None:
        reason = "there is no redis-server on PATH (Debian: apt-get install redis-server)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    server = Redis(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def grants_at(url: str, clock: Clock | None = None, record: Any = None, key: bytes = KEY) -> Grants:
    """The grants of acme at an address."""
    extra: dict[str, Any] = {"record": record} if record else {}
    return Grants(open_store(url, MODULE), key, ROWS, now=clock or time.time, **extra)


def words(**more: Any) -> dict[str, Any]:
    """A grant's words."""
    return {"name": "Support Ops", "methods": ["read"], "tags": ["conversations"]} | more


def request(path: str, headers: Mapping[str, str] | list[tuple[str, str]] = (), query: str = "") -> dict[str, Any]:
    """The ASGI scope of a POST, as uvicorn makes it."""
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    pairs = [("host", "127.0.0.1:8000"), *pairs]
    return {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in pairs],
    }
