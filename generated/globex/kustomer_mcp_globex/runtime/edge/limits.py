"""Owns how much of the server one request may take: the size of its body, the time to send it, the time for all of it, and how
many run at one time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio

from .asgi import CLOSE, Message, Problem, Receive, Scope, Send, header_values

# Where the protocol of the connection leaves the way to cut it.
ABORT_KEY = "kustomer_mcp.abort"
# How long the last bytes of an answer that is ended may wait for a caller who does not read.
_LAST_WORDS_SECONDS = 1.0

BUSY = Problem(503, "Service Unavailable", "Too many requests are at work: try again.", ((b"retry-after", b"1"),))
SLOW_BODY = Problem(408, "Request Timeout", "The request's body took too long to arrive.", CLOSE)
TOO_LONG = Problem(504, "Gateway Timeout", "The request took longer than this server allows.", CLOSE)


# The rest of a request, given what sends its answer.
Work = Callable[[Send], Awaitable[None]]


class Gate:
    """Counts the requests at work.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.running = 0

    @contextmanager
    def entered(self) -> Iterator[bool]:
        """Stand in for one request; False where there is no room."""
        if self.running >= self._most:
            yield False
            return
        self.running += 1
        try:
            yield True
        finally:
            self.running -= 1


def too_large(limit: int) -> Problem:
    """The refusal of a body over `limit` bytes."""
    return Problem(413, "Content Too Large", f"A request may have {limit} bytes at most.", CLOSE)


async def arrived(scope: Scope, receive: Receive, send: Send, limit: int, seconds: float) -> Receive | None:
    """A request whose body was read to its end, to be received once more; None where it was refused, or its client left.

    Args:
        scope: The request.
        receive: Where its body comes from.
        send: Where a refusal goes.
        limit: Bytes that the body may have, as declared and as they come.
        seconds: How long it may take; a byte now and then does not prolong it.
    """
    body = await _whole_body(scope, receive, limit, seconds)
    if isinstance(body, Problem):
        await body.send(send)
    return _replayed(body, receive) if isinstance(body, bytes) else None


async def _whole_body(scope: Scope, receive: Receive, limit: int, seconds: float) -> bytes | Problem | None:
    declared = header_values(scope, b"content-length")
    if declared and (not declared[0].isdigit() or int(declared[0][:20]) > limit):
        return too_large(limit)
    received = bytearray()
    with anyio.move_on_after(seconds):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            received += message.get("body", b"")
            if len(received) > limit:
                return too_large(limit)
            if not message.get("more_body", False):
                return bytes(received)
    return SLOW_BODY


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be received once more; what follows comes from the connection."""
    waiting = True

    async def wrapped() -> Message:
        nonlocal waiting
        if waiting:
            waiting = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return wrapped


class Answer:
    """What of an answer was sent so far, and how to end it before its time."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._abort: Callable[[], Any] | None = scope.get(ABORT_KEY)
        self._send = send
        self.started = False
        self.complete = False

    async def send(self, message: Message) -> None:
        """Send on, and remember what is sent: a message may wait for a caller who does not read, and then never be."""
        await self._send(message)
        if message["type"] == "http.response.start":
            self.started = True
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self.complete = True

    async def end(self, instead: Problem) -> None:
        """End it: with a refusal where nothing was sent, else by ending the stream, or the connection with it."""
        if self.complete:
            return
        with anyio.move_on_after(_LAST_WORDS_SECONDS, shield=True) as patience:
            if self.started:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await instead.send(self._send)
        if patience.cancelled_caught and self._abort is not None:
            self._abort()
