"""Owns what the administration's tests share: the application under uvicorn on loopback, a client, expected texts. Must not hold an
expectation.

`UPDATE_EXPECTED=1` writes the expected files anew; such tests are then skipped, not passed.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import httpx
import uvicorn
from expected_kit import expecting

ROOT = Path(__file__).parents[2]
MODULE = "kustomer_mcp_acme"
TOKEN = "an-admin-token-of-forty-characters-12345"
expect = expecting(Path(__file__).parent / "expected")


def runtime(name: str) -> Any:
    """A module of the generated package's runtime."""
    return import_module(f"{MODULE}.runtime.{name}")


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Served:
    """The administration at an address; what it was told is written down in `audit`."""

    url: str
    grants: Any
    clock: Clock
    audit: list[tuple[str, str, str, Any]]
    store: Path

    def client(self, token: str | None = TOKEN) -> httpx.Client:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)


def make_grants(folder: Path, rows: Any, clock: Clock, audit: list[tuple[str, str, str, Any]]) -> Any:
    """Grants in a SQLite file of this folder."""
    store, service = runtime("grants.store"), runtime("grants.service")

    def record(event: str, subject: str, actor: str, facts: Any) -> None:
        audit.append((event, subject, actor, facts))

    kept = store.open_store(str(folder / "grants.sqlite3"), MODULE)
    return service.Grants(kept, b"k" * 32, rows, record, clock)


def whole() -> Any:
    """The catalog of acme's package."""
    return runtime("admin.catalog").catalog_of(MODULE, "Acme Support", "1.0.0")


def some(count: int) -> Any:
    """The catalog of a package with its first tools only."""
    package = whole()
    return type(package)(package.title, package.version, package.tools[:count])


class Listening:
    """A server whose application a test puts in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@contextmanager
def listening() -> Iterator[Listening]:
    """uvicorn in a thread, on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    # As the package's command does: without it a kept connection waits 40 ms for an answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    one = Listening(f"http://127.0.0.1:{listener.getsockname()[1]}")
    server = uvicorn.Server(uvicorn.Config(one, log_level="critical", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@contextmanager
def serving(
    one: Listening, folder: Path, *, token: str = TOKEN, public_url: str = "", catalog: Any = None
) -> Iterator[Served]:
    """The administration alone, with a store of its own in a folder."""
    clock, audit = Clock(), []
    package = catalog or whole()
    grants = make_grants(folder, package.rows, clock, audit)
    settings = runtime("admin.settings").AdminSettings(token, public_url)
    one.app = runtime("admin.app").admin_app(grants, package, settings)
    yield Served(one.url, grants, clock, audit, folder / "grants.sqlite3")
    anyio.run(grants.aclose)


def pretty(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
