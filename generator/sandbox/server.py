"""Owns the listening server, blocking or in a thread. Must not print, and must not know what it serves."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from generator.sandbox import loader
from generator.sandbox.app import RESET_KEY, create_app
from generator.sandbox.faults import Faults
from generator.sandbox.journal import Journal
from generator.sandbox.settings import Settings
from generator.sandbox.world import World

OnBound = Callable[[str], None]
_HOST = "127.0.0.1"


class _Breakable(H11Protocol):
    """Lets the application break the connection a request came by."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state.setdefault(RESET_KEY, {})[self.client] = lambda: _break(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.app_state.get(RESET_KEY, {}).pop(self.client, None)
        super().connection_lost(exc)


def _break(transport: asyncio.Transport) -> None:
    """A hard reset: with a linger of zero the close sends RST, not FIN."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running server, for tests: where it listens, what it answers from, what it was asked."""

    url: str
    world: World
    journal: Journal
    faults: Faults

    def start_over(self, world: World | None = None) -> None:
        """Fresh seeds, a still clock, nothing journaled, no faults: cheaper than a new server."""
        self.world.become(world or loader.fresh())
        self.journal.clear()
        self.faults.clear()


def _bound(port: int) -> tuple[socket.socket, str]:
    """A socket on loopback and its URL; port 0 takes any free one."""
    # Only with the protocol named does asyncio switch Nagle's algorithm off, which costs 40 ms an answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    return listener, f"http://{_HOST}:{listener.getsockname()[1]}"


def _server(world: World, documents: Path | None, journal: Journal, faults: Faults) -> uvicorn.Server:
    app = create_app(world, documents=documents, journal=journal, faults=faults)
    quiet = {"log_config": None, "log_level": "critical", "access_log": False}
    config = uvicorn.Config(
        app,
        http=_Breakable,
        ws="none",
        lifespan="off",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        **quiet,  # type: ignore[arg-type]
    )
    return uvicorn.Server(config)


def serve(
    port: int = 0,
    *,
    documents: Path | None = None,
    settings: Settings | None = None,
    on_bound: OnBound | None = None,
) -> None:
    """Serves until interrupted. Prints nothing: `on_bound` gets the URL as soon as the port is taken."""
    world = loader.fresh(ticking=True)
    world.settings = settings or world.settings
    listener, url = _bound(port)
    with listener:
        listener.listen(128)
        if on_bound is not None:
            on_bound(url)
        _server(world, documents, Journal(), Faults()).run(sockets=[listener])


@contextmanager
def running(
    world: World | None = None, *, documents: Path | None = None, settings: Settings | None = None
) -> Iterator[Sandbox]:
    """A server in a background thread on a free loopback port, for as long as the block runs."""
    world = world or loader.fresh(ticking=True)
    world.settings = settings or world.settings
    listener, url = _bound(0)
    journal, faults = Journal(), Faults()
    server = _server(world, documents, journal, faults)
    with listener:
        listener.listen(128)  # connections wait in the backlog until the loop runs: no polling for readiness
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Sandbox(url, world, journal, faults)
        finally:
            server.should_exit = True
            thread.join(timeout=10)
