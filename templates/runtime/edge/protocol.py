"""Owns what a connection may do before and between its requests: uvicorn limits neither the time that headers take, nor that of a
body nobody reads any more, nor that of an answer the caller does not read: each would hold a connection for ever."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .limits import ABORT_KEY

# Bytes of headers that a request may have.
HEAD_BYTES = 32_768


class _Patient(H11Protocol):
    """A connection that is closed where it is neither at work nor done with its headers in time."""

    head_seconds: ClassVar[float]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._head_timer: asyncio.TimerHandle | None = None
        self._deaf_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        inner = self.app

        async def with_abort(scope: Any, receive: Any, send: Any) -> None:
            scope[ABORT_KEY] = transport.abort
            await inner(scope, receive, send)

        self.app = with_abort
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_head_timer()
        self._unset_deaf_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._unset_head_timer()
        elif self._head_timer is None and not self.transport.is_closing():
            self._expect_head()

    def pause_writing(self) -> None:
        """The caller does not read as fast as the server writes: it has some time to take what waits."""
        super().pause_writing()
        self._unset_deaf_timer()
        self._deaf_timer = self.loop.call_later(self.head_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        self._unset_deaf_timer()
        super().resume_writing()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        # Closing waits for what is written to be read; that must end too.
        self.loop.call_later(self.head_seconds, self.transport.abort)

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _unset_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _unset_deaf_timer(self) -> None:
        if self._deaf_timer is not None:
            self._deaf_timer.cancel()
            self._deaf_timer = None


def protocol(head_seconds: float) -> type[asyncio.Protocol]:
    """The protocol of connections whose headers must arrive within `head_seconds`, and who must go on reading as often.

    It is h11's, whatever else is installed: it is strict about framing (RFC 9112), and always there with uvicorn.
    """
    return type("Patient", (_Patient,), {"head_seconds": head_seconds})
