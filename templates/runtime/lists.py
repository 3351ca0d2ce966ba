"""Owns the wire form of what a server tells about itself: lists made once and cut to each access, and what a client may keep."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from mcp.server.context import ServerMiddleware, ServerRequestContext

from .access import Access, access_of
from .client import Kustomer
from .discovery import HOW
from .surface import Surface

# How long a client may keep what a grant is shown, in milliseconds: a grant can be changed or revoked.
_GRANT_TTL_MS = 300_000
_GREETINGS = ("initialize", "server/discover")


def lists_of(surface: Surface, local: Access) -> ServerMiddleware[Kustomer]:
    """Answer tools/list from rows kept in wire form, one a tool and protocol version: the SDK validates and dumps the whole
    list anew at every request. Nothing is kept for a grant, so that any number of them needs no memory."""
    kept: dict[str, _Rows] = {}

    async def middleware(ctx: ServerRequestContext[Kustomer, Any], call_next: Any) -> Any:
        access = access_of(ctx, local)
        if ctx.method == "tools/list" and not (ctx.params or {}).get("cursor"):
            rows = kept.setdefault(ctx.protocol_version, _Rows())
            names = surface.listed(access)
            if not rows.has(names):
                made = await call_next(ctx)
                if not isinstance(made, Mapping):
                    return made  # a notification of that name: nobody waits for a list
                rows.keep(made)
            result: Any = rows.listed(names)
        else:
            result = await call_next(ctx)
        return _for(access, ctx.method, result) if isinstance(result, Mapping) else result

    return middleware


class _Rows:
    """The tools of a list by name, and what stands beside them."""

    def __init__(self) -> None:
        self._rows: dict[str, Any] = {}
        self._beside: dict[str, Any] | None = None

    def has(self, names: tuple[str, ...]) -> bool:
        return self._beside is not None and all(name in self._rows for name in names)

    def keep(self, result: Mapping[str, Any]) -> None:
        self._beside = {key: value for key, value in result.items() if key != "tools"}
        for row in result["tools"]:
            self._rows.setdefault(row["name"], row)

    def listed(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {**(self._beside or {}), "tools": [self._rows[name] for name in names]}


def _for(access: Access, method: str, result: Mapping[str, Any]) -> Mapping[str, Any]:
    """A result as its caller may keep it; a greeting says how tools are found where they are not listed."""
    if method in _GREETINGS and access.exposure == "discovery":
        result = {**result, "instructions": f"{HOW} {result.get('instructions', '')}".strip()}
    if "cacheScope" not in result or (not access.grant and access.tools is None):
        return result
    left = _GRANT_TTL_MS if access.expires_at is None else (access.expires_at - time.time()) * 1000
    return {**result, "cacheScope": "private", "ttlMs": max(0, min(_GRANT_TTL_MS, int(left)))}
