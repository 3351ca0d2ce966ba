"""Owns the watch over a tool call: what the call and its requests to Kustomer report, to whoever listens. It sees names of
tools, outcomes, statuses and times; never arguments, values, addresses or keys."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

from .asking import InputNeeded
from .errors import InvalidArguments, KustomerError

# ok; refused: by this server or by Kustomer's 4xx, nothing was changed; error: anything else; denied: not the caller's.
Outcome = Literal["ok", "refused", "error", "denied"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A request to Kustomer: its method, its path as Kustomer publishes it, the status or None, and how long it took."""

    method: str
    template: str
    status: int | None
    seconds: float


class Call(Protocol):
    """Who listens to one tool call."""

    def sent(self, sent: Sent) -> None:
        """A request to Kustomer was answered or failed."""

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """The call ended, in whatever way."""


class Watch(Protocol):
    """Who listens to the calls of one request (HTTP) or of one process (stdio)."""

    def calling(self, tool: str) -> Call:
        """A call begins; nothing was sent yet.

        Raises:
            KustomerError: It must not be made.
        """

    def denied(self, tool: str) -> None:
        """A tool of the package was called by somebody who may not use it."""


# Whoever listens here and now; tasks that are started inherit it.
watching: ContextVar[Watch | None] = ContextVar("watching", default=None)
_current: ContextVar[Call | None] = ContextVar("current", default=None)


@contextmanager
def watched(tool: str) -> Iterator[None]:
    """Report the call that the block makes; its outcome is told by what leaves the block.

    Raises:
        KustomerError: The call must not be made; the block was not entered.
    """
    watch = watching.get()
    if watch is None:
        yield
        return
    call = watch.calling(tool)
    token = _current.set(call)
    outcome: Outcome = "error"
    start = time.perf_counter()
    try:
        yield
        outcome = "ok"
    except (InvalidArguments, InputNeeded):
        outcome = "refused"
        raise
    except KustomerError as error:
        outcome = "refused" if error.status is not None and error.status < 500 else "error"
        raise
    finally:
        _current.reset(token)
        call.ended(outcome, time.perf_counter() - start)


def report_sent(sent: Sent) -> None:
    """Report a request to Kustomer to whoever listens to the call that it is part of."""
    if (call := _current.get()) is not None:
        call.sent(sent)


def report_denied(tool: str) -> None:
    """Report a call of a tool that the caller may not use.

    Args:
        tool: The name of one of the package's tools; never a name that only the caller has given.
    """
    if (watch := watching.get()) is not None:
        watch.denied(tool)
