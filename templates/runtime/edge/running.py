"""Owns one serving process: its socket, uvicorn, and stopping: unready first, then no new connections, then running calls end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from ..server import PackageInfo
from . import logs
from .app import HttpApp
from .assembly import StartError, assemble
from .mcp import PATH
from .protocol import HEAD_BYTES, protocol
from .settings import Serving

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve_http(info: PackageInfo, serving: Serving) -> int:
    """Serve until told to stop; the exit code.

    Raises:
        StartError: It can't be served; the text says why.
    """
    with listening(serving) as listener:
        if serving.workers == 1:
            app = assemble(info, serving)
            _announce(info, serving, listener)
            run(app, serving, listener)
            return 0
        from .workers import Workers

        _announce(info, serving, listener)
        return Workers(info.module, listener, serving).run()


def listening(serving: Serving) -> socket.socket:
    """The socket that every worker accepts from."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    try:
        listener = socket.create_server((serving.host, serving.port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # behind it Python repeats the address
        raise StartError(f"can't listen on {serving.host}:{serving.port}: {reason}") from None
    # Accepted connections inherit it. asyncio sets it only where a socket names TCP; without it Nagle's algorithm and
    # delayed acknowledgements cost 40 ms an answer on a kept connection.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def run(app: HttpApp, serving: Serving, listener: socket.socket, parent: int | None = None) -> None:
    """Serve from a socket until a signal, or until `parent` (a pipe) ends."""
    config = uvicorn.Config(
        app,
        http=protocol(serving.head_seconds),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # The public URL says what this server is called; nothing here believes a header about where a request is from.
        proxy_headers=False,
        timeout_keep_alive=serving.keep_alive_seconds,
        timeout_graceful_shutdown=serving.drain_seconds,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    gc.freeze()  # what is there now stays: looking through it again and again would cost a list a quarter of its time
    Draining(config, app, serving.drain_delay, parent).run(sockets=[listener])


class Draining(uvicorn.Server):
    """A server that says it is unready before it stops, and that a signal ends well.

    Args:
        config: uvicorn's settings.
        app: What turns unready.
        delay: Seconds that it goes on accepting after it was told to stop, so that whoever balances the load can see it.
        parent: A pipe that ends when the supervising process does, or None.
    """

    def __init__(self, config: uvicorn.Config, app: HttpApp, delay: float, parent: int | None) -> None:
        super().__init__(config)
        # The SDK streams with sse-starlette, which would end every stream at the signal: running calls are to finish. Those
        # that do not are cancelled after `timeout_graceful_shutdown`.
        if (streams := sys.modules.get("sse_starlette.sse")) is not None:
            streams.AppStatus.enable_automatic_graceful_drain = False
        self._app = app
        self._delay = delay
        self._parent = parent
        self._stop_at = float("inf")

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        await super().startup(sockets)
        if self._parent is not None:
            asyncio.get_running_loop().add_reader(self._parent, self._orphaned, self._parent)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to stop; a second signal waits for nothing more."""
        if not self._app.health.draining:
            self._app.health.draining = True
            self._stop_at = time.monotonic() + self._delay
            if self._delay:
                return
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        if time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Stop at a signal, and do not die of it afterwards, as uvicorn's own does: the exit code is 0."""
        before = {sig: signal.signal(sig, self.handle_exit) for sig in _SIGNALS}
        try:
            yield
        finally:
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def _orphaned(self, parent: int) -> None:
        asyncio.get_running_loop().remove_reader(parent)
        self.handle_exit(signal.SIGTERM, None)


def _announce(info: PackageInfo, serving: Serving, listener: socket.socket) -> None:
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    url = f"http://{host}:{listener.getsockname()[1]}{PATH}"
    if serving.log_format == "text":
        print(f"{info.title} {info.version}: {url}", file=sys.stderr, flush=True)
        return
    # Whatever the level: whoever starts a server on any free port must learn which.
    fields = {"name": info.title, "version": info.version, "open": serving.open, "url": url}
    logs.line(max(logging.INFO, logs.log.getEffectiveLevel()), "listening", fields)
