"""Owns /mcp and /mcp/<secret>: from a request to the SDK's own application, which never sees a secret."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings

from ..access import SCOPE_KEY
from ..calls import seen_limit
from ..ratelimit import RateLimit
from .asgi import AsgiApp, Problem, Receive, Scope, Send
from .lapse import Lapses
from .limits import BUSY, Answer, Gate, arrived
from .requests import record_of
from .settings import Serving

if TYPE_CHECKING:
    from .door import Door, Entry

PATH = "/mcp"
_SECRET_HEADERS = frozenset({b"authorization", b"x-api-token", b"cookie"})
# A stateless server has nothing to say on an idle stream, and no session to delete (MCP 2025-11-25, Transports).
_NOT_ALLOWED = Problem(405, "Method Not Allowed", "Use POST.", ((b"allow", b"POST"),))


def sdk_app(server: Server[Any], body_bytes: int) -> AsgiApp:
    """The SDK's application of a server, at /mcp; whoever gets here was checked."""
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=False,  # with True, progress is dropped and a client that leaves does not cancel its call
        max_request_body_size=body_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return _with_limit_headers(app)


class Mcp:
    """Answers MCP requests.

    Args:
        app: The SDK's application.
        door: Who comes in.
        serving: The limits.
        lapses: Ends what runs too long.
    """

    def __init__(self, app: AsgiApp, door: Door, serving: Serving, lapses: Lapses) -> None:
        self._app = app
        self._door = door
        self._serving = serving
        self._lapses = lapses
        self.gate = Gate(serving.concurrent_requests)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request to /mcp or right below it."""
        record = record_of(scope)
        record.route = PATH if scope["path"] == PATH else f"{PATH}/<secret>"
        entry = await self._door.admit(scope)
        if isinstance(entry, Problem):
            await entry.send(send)
            return
        record.grant, record.caller = entry.access.grant, entry.subject
        if scope["method"] != "POST":
            await _NOT_ALLOWED.send(send)
            return
        # Only who came in takes a place: strangers, whom a slow issuer or store lets wait at the door, take nobody's.
        with self.gate.entered() as has_room:
            if has_room:
                await self._admitted(scope, receive, send, entry)
            else:
                await BUSY.send(send)

    async def _admitted(self, scope: Scope, receive: Receive, send: Send, entry: Entry) -> None:
        again = await arrived(scope, receive, send, self._serving.body_bytes, self._serving.body_seconds)
        if again is None:
            return
        inner = _without_secrets(scope)
        inner[SCOPE_KEY] = entry.access

        async def work(send_on: Send) -> None:
            await self._app(inner, again, send_on)

        await self._lapses.run(Answer(scope, send), work, entry.access.expires_at, entry.still_holds)


def _without_secrets(scope: Scope) -> Scope:
    """A request as those may see it who need no secret of it."""
    headers = [(name, value) for name, value in scope["headers"] if name not in _SECRET_HEADERS]
    return {**scope, "path": PATH, "raw_path": PATH.encode(), "query_string": b"", "headers": headers}


def _with_limit_headers(app: AsgiApp) -> AsgiApp:
    """Put the rate limit that a call met on its own answer, where the answer begins after the call: an answer that
    streams has sent its headers by then, and has the limit in `_meta` or in the error's text alone."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        seen: list[RateLimit] = []
        token = seen_limit.set(seen)

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start" and seen:
                added = [(name.encode(), value.encode()) for name, value in seen[-1].headers().items()]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        try:
            await app(scope, receive, with_headers)
        finally:
            seen_limit.reset(token)

    return wrapped
