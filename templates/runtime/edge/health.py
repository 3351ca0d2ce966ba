"""Owns /healthz and /readyz: whether the process lives, and whether it should be sent requests. They say nothing else."""

from __future__ import annotations

import json
import time

from ..grants.model import StoreDown
from ..grants.service import Grants
from .asgi import AsgiApp, Problem, Receive, Scope, Send, respond
from .audit import Audit
from .requests import record_of

# Whoever asks more often is told what was found then, so that asking costs the store nothing.
_FRESH_SECONDS = 1.0
_JSON = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_NOT_ALLOWED = Problem(405, "Method Not Allowed", "Use GET.", ((b"allow", b"GET, HEAD"),))


class Health:
    """Answers the two probes, whatever Host they name.

    Args:
        app: What answers everything else.
        name: The server's name.
        grants: Whose store must be reachable; None where the server is open.
        audit: What must be writable.
    """

    def __init__(self, app: AsgiApp, name: str, grants: Grants | None, audit: Audit) -> None:
        self._app = app
        self._name = name
        self._grants = grants
        self._audit = audit
        self._looked = float("-inf")
        self._store_works = True
        self.draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in ("/healthz", "/readyz"):
            await self._app(scope, receive, send)
            return
        record_of(scope).route = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _NOT_ALLOWED.send(send)
        elif scope["path"] == "/healthz":
            await respond(send, 200, json.dumps({"status": "ok", "name": self._name}).encode(), _JSON)
        else:
            await self._ready(send)

    async def _ready(self, send: Send) -> None:
        missing = await self.missing()
        body = {"status": "not ready", "missing": missing} if missing else {"status": "ready"}
        await respond(send, 503 if missing else 200, json.dumps(body).encode(), _JSON)

    async def missing(self) -> list[str]:
        """What keeps the server from doing its work: the store, the audit log, or that it is about to stop."""
        if time.monotonic() - self._looked > _FRESH_SECONDS:
            self._store_works = await self._reach_store()
            self._looked = time.monotonic()
        rows = (("store", not self._store_works), ("audit log", not self._audit.mend()), ("draining", self.draining))
        return [name for name, is_missing in rows if is_missing]

    async def _reach_store(self) -> bool:
        if self._grants is None:
            return True
        try:
            await self._grants.ready()
        except StoreDown:
            return False
        return True
