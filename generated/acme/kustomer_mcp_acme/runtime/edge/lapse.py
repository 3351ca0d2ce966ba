"""Owns ending what runs too long or has lost its right to run: at the request's own time-out, when its access expires, and soon
after its grant was revoked or changed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio

from .asgi import NOT_FOUND, Problem
from .limits import TOO_LONG, Answer, Work

# How often running requests are asked about: a revoked one ends within this time and that of one look into the store.
_LOOK_SECONDS = 2.0

StillHolds = Callable[[], Awaitable[bool]]


@dataclass(eq=False, slots=True)
class _Running:
    still_holds: StillHolds
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    instead: Problem = TOO_LONG
    since: float = field(default_factory=anyio.current_time)

    def lapse(self) -> None:
        self.instead = NOT_FOUND
        self.scope.cancel()


class Lapses:
    """The requests at work, each until its time is over.

    Args:
        request_seconds: How long any of them may take.
    """

    def __init__(self, request_seconds: float) -> None:
        self._seconds = request_seconds
        self._running: set[_Running] = set()

    async def run(self, answer: Answer, work: Work, expires_at: float | None, still_holds: StillHolds) -> None:
        """Do the work of a request, and end its answer where the time is over first.

        Args:
            answer: What is sent of it.
            work: The rest of the request.
            expires_at: When the caller's access ends (Unix seconds), or None.
            still_holds: Asks again whether the caller may call.
        """
        one = _Running(still_holds)
        left = float("inf") if expires_at is None else max(expires_at - time.time(), 0.0)
        if left < self._seconds:
            one.instead = NOT_FOUND
        one.scope.deadline = one.since + min(left, self._seconds)
        self._running.add(one)
        try:
            with one.scope:
                await work(answer.send)
                return
        finally:
            self._running.discard(one)
        await answer.end(one.instead)

    async def look_after(self) -> None:
        """End requests whose right to run is gone; runs as long as the server does."""
        while True:
            await anyio.sleep(_LOOK_SECONDS)
            young = anyio.current_time() - _LOOK_SECONDS / 2
            for one in [one for one in self._running if one.since < young]:
                if one in self._running and not await one.still_holds():
                    one.lapse()


async def stays() -> bool:
    """For callers who hold nothing that could be taken away."""
    return True
