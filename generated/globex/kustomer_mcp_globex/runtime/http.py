"""Owns serving over Streamable HTTP: stateless, Host and Origin checked, no idle streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecuritySettings

from .calls import seen_limit
from .ratelimit import RateLimit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

PATH = "/mcp"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def http_app(
    server: Server[Any], allowed_hosts: list[str] | None = None, allowed_origins: list[str] | None = None
) -> AsgiApp:
    """The ASGI application of a server, at /mcp.

    Args:
        server: What build_server gives.
        allowed_hosts: Host headers to accept besides loopback names (DNS rebinding).
        allowed_origins: Origin headers to accept from browsers besides loopback pages.
    """
    hosts = [f"{name}{port}" for name in _LOOPBACK for port in ("", ":*")] + (allowed_hosts or [])
    origins = [f"http://{name}:*" for name in _LOOPBACK] + (allowed_origins or [])
    security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        stateless_http=True,
        json_response=False,  # with True, progress is dropped and a client that leaves does not cancel its call
        transport_security=security,
    )
    return _without_idle_streams(_with_limit_headers(app))


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


def _without_idle_streams(app: AsgiApp) -> AsgiApp:
    """Answer GET with 405 (MCP 2025-11-25, Transports): a stateless server has nothing to say on such a stream."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == PATH:
            headers = [(b"allow", b"POST"), (b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 405, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return wrapped
