"""Owns how the layers stand on one another: what a request meets, the outermost first, and which path is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio

from ..grants.service import Grants
from .asgi import NOT_FOUND, AsgiApp, Message, Receive, Scope, Send
from .audit import Audit
from .door import Door
from .health import Health
from .hosts import Hosts
from .lapse import Lapses, stays
from .limits import Answer, arrived
from .mcp import PATH, Mcp
from .requests import Requests, record_of
from .settings import Serving
from .telemetry import Telemetry

_ADMIN = "/admin"
# A body is held before anybody knows whose it is, and as many of them as there are connections. What the administration takes is
# half of this, so that it refuses in its own words what is little more.
_ADMIN_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """What the layers are made of.

    Attributes:
        name: The server's name.
        mcp: The SDK's application.
        door: Who comes in at /mcp.
        audit: Where calls are written down.
        grants: Whose store readiness looks at; None where the server is open.
        documents: Path -> application of what anybody may read (the protected resource's metadata).
        admin: The administration, at /admin and below; None where it is off.
        telemetry: Where spans and numbers go, or None.
    """

    name: str
    mcp: AsgiApp
    door: Door
    audit: Audit
    grants: Grants | None = None
    documents: Mapping[str, AsgiApp] = field(default_factory=dict)
    admin: AsgiApp | None = None
    telemetry: Telemetry | None = None


class HttpApp:
    """The ASGI application of a package.

    request id and log -> /healthz, /readyz -> Host and Origin -> routes: /mcp (door, body, time-outs, SDK), documents, /admin
    """

    def __init__(self, parts: Parts, serving: Serving) -> None:
        self._parts = parts
        self._serving = serving
        self._lapses = Lapses(serving.request_seconds)
        self._mcp = Mcp(parts.mcp, parts.door, serving, self._lapses)
        self.health = Health(Hosts(self._route, serving), parts.name, parts.grants, parts.audit)
        self._layers = Requests(self.health, parts.audit, parts.telemetry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
        elif scope["type"] == "http":
            await self._layers(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Look after running requests as long as the server lives; close what is open when it ends."""

        async def closing(message: Message) -> None:
            # The server does not wait for what is done after this message.
            if message["type"] == "lifespan.shutdown.complete":
                await self._close()
            await send(message)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._lapses.look_after)
            await self._parts.mcp(scope, receive, closing)
            tasks.cancel_scope.cancel()

    async def _close(self) -> None:
        if self._parts.grants is not None:
            await self._parts.grants.aclose()
        if self._parts.telemetry is not None:
            await anyio.to_thread.run_sync(self._parts.telemetry.close)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find whose path it is, letter by letter: what is encoded or nearly right is nothing."""
        path: str = scope["path"]
        if scope["raw_path"] != path.encode():
            await NOT_FOUND.send(send)
        elif path == PATH or path.startswith(f"{PATH}/"):
            await self._mcp.answer(scope, receive, send)
        elif path in self._parts.documents:
            record_of(scope).route = path
            await self._parts.documents[path](scope, receive, send)
        elif self._parts.admin is not None and (path == _ADMIN or path.startswith(f"{_ADMIN}/")):
            await self._administrate(self._parts.admin, scope, receive, send)
        else:
            await NOT_FOUND.send(send)

    async def _administrate(self, admin: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
        record_of(scope).route = _ADMIN
        again = await arrived(scope, receive, send, _ADMIN_BYTES, self._serving.body_seconds)
        if again is None:
            return

        async def work(send_on: Send) -> None:
            await admin(scope, again, send_on)

        await self._lapses.run(Answer(scope, send), work, None, stays)
