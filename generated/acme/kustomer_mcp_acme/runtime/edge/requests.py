"""Owns the outermost layer: each request gets an id and one line in the log, and is listened to while it runs."""

from __future__ import annotations

import logging
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from ..errors import KustomerError
from ..watch import Outcome, Sent, watching
from . import logs
from .asgi import AsgiApp, Message, Problem, Receive, Scope, Send, header
from .audit import Audit
from .telemetry import CallSpan, Telemetry

# Where the layers below find the record of the request, to say what they know.
RECORD_KEY = "kustomer_mcp.record"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FAILED = Problem(500, "Internal Server Error", "The server failed on this request; its log says where.")
_NOT_AUDITED = "This server's audit log can't be written, so it makes no calls: tell its operator. Nothing was sent."
_QUIET = frozenset({"/healthz", "/readyz"})


@dataclass(slots=True)
class Record:
    """What is known of one request. `route` is a pattern: the address itself may hold a secret. `caller` tells apart those who
    come with OAuth tokens."""

    request_id: str
    era: str
    route: str = "-"
    grant: str = ""
    caller: str = ""
    status: int = 0
    start: float = field(default_factory=time.perf_counter)

    def who(self) -> dict[str, Any]:
        """The fields that say whose request it is."""
        return {"request_id": self.request_id, "grant": self.grant} | ({"caller": self.caller} if self.caller else {})


class CallWatch:
    """Listens to the tool calls of one request: log, audit and telemetry.

    Args:
        record: The request; over stdio one for the process.
        audit: Where calls are written down, or None where they need not be.
        telemetry: Where spans and numbers go, or None.
        parent: The W3C trace context that the caller sent, or an empty string.
    """

    def __init__(self, record: Record, audit: Audit | None, telemetry: Telemetry | None, parent: str = "") -> None:
        self.record = record
        self.audit = audit
        self.telemetry = telemetry
        self._parent = parent

    def calling(self, tool: str) -> WatchedCall:
        """Write down that a call begins.

        Raises:
            KustomerError: It can't be written down, so it must not be made.
        """
        if self.audit is not None and not self.audit.write("tool.call", {**self.record.who(), "tool": tool}):
            raise KustomerError(_NOT_AUDITED)
        span = self.telemetry.call_begins(tool, self._parent) if self.telemetry is not None else None
        return WatchedCall(self, tool, span)

    def denied(self, tool: str) -> None:
        """Write down that a tool was called by somebody who may not use it."""
        WatchedCall(self, tool, None).ended("denied", 0.0)


class WatchedCall:
    """Listens to one tool call."""

    def __init__(self, watch: CallWatch, tool: str, span: CallSpan | None) -> None:
        self._watch = watch
        self._tool = tool
        self._span = span
        self._status: int | None = None

    def sent(self, sent: Sent) -> None:
        """Remember the status of a request to Kustomer."""
        self._status = sent.status
        if self._watch.telemetry is not None:
            self._watch.telemetry.sent(self._span, sent)

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """Write down how it ended."""
        watch, record = self._watch, self._watch.record
        said = {**record.who(), "tool": self._tool, "outcome": outcome}
        if watch.audit is not None:
            watch.audit.write("tool.result", said)
        fields = {"duration_ms": round(seconds * 1000, 1), "upstream_status": self._status, "era": record.era}
        logs.line(logging.INFO, "tool", said | fields)
        if watch.telemetry is not None:
            watch.telemetry.call_ended(self._span, self._tool, outcome, seconds)


class Requests:
    """Gives each request its id, its line and its watch.

    Args:
        app: What comes next.
        audit: Where tool calls are written down.
        telemetry: Where spans and numbers go, or None.
    """

    def __init__(self, app: AsgiApp, audit: Audit, telemetry: Telemetry | None) -> None:
        self._app = app
        self._audit = audit
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        record = Record(_request_id(scope), _era(scope))
        scope[RECORD_KEY] = record
        echoed = (b"x-request-id", record.request_id.encode())

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), echoed]}
            await send(message)

        parent = header(scope, b"traceparent") if self._telemetry is not None else ""
        token = watching.set(CallWatch(record, self._audit, self._telemetry, parent))
        try:
            await self._app(scope, receive, with_id)
        except Exception as error:  # the boundary to the connection: a bug, and its text may hold people's data
            fields = {"request_id": record.request_id, "error": type(error).__name__, "places": logs.places(error)}
            logs.line(logging.ERROR, "failure", fields)
            if record.status:
                raise
            await _FAILED.send(with_id)
        finally:
            watching.reset(token)
            self._note(record, scope["method"])

    def _note(self, record: Record, method: str) -> None:
        outcome = _outcome(record.status)
        if self._telemetry is not None and outcome != "ok":
            self._telemetry.refused(record.route, record.status)
        level = logging.DEBUG if record.route in _QUIET and outcome == "ok" else logging.INFO
        if log_is_off(level):
            return
        fields = {
            **record.who(),
            "method": method if method.isalpha() and len(method) <= 10 else "-",
            "route": record.route,
            "status": record.status or None,
            "outcome": outcome,
            "duration_ms": round((time.perf_counter() - record.start) * 1000, 1),
            "era": record.era,
        }
        logs.line(level, "request", fields)


def log_is_off(level: int) -> bool:
    """Whether lines of a level are written nowhere."""
    return not logs.log.isEnabledFor(level)


def record_of(scope: Scope) -> Record:
    """The record that the outermost layer left."""
    found: Record = scope[RECORD_KEY]
    return found


def _outcome(status: int) -> Outcome:
    if status in (401, 403, 404, 421, 429):
        return "denied"
    return "error" if status >= 500 or not status else "refused" if status >= 400 else "ok"


def _request_id(scope: Scope) -> str:
    given = header(scope, b"x-request-id")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _era(scope: Scope) -> str:
    given = header(scope, b"mcp-protocol-version")
    return given if _VERSION.fullmatch(given) else "-"
