"""Owns the door of /mcp: who comes in, and how often a minute. What can't be asked about is refused, never let in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from ..access import EVERYTHING, Access, Exposure
from ..authentication import Authenticator, Refused
from ..grants.model import StoreDown
from ..grants.service import Grants, Window
from .asgi import NOT_FOUND, UNCHECKED, Problem, Scope
from .lapse import StillHolds, stays
from .mcp import PATH


@dataclass(frozen=True, slots=True)
class Entry:
    """A caller who came in: what it may do, what asks again whether it still may, and who is behind an OAuth token (a keyed hash)."""

    access: Access
    still_holds: StillHolds
    subject: str = ""


class Door(Protocol):
    """Lets callers in."""

    async def admit(self, scope: Scope) -> Entry | Problem:
        """Let a caller in, or say why not; the scope is that of a request to /mcp or right below it."""


class OpenDoor:
    """Lets in whoever reaches the server; a secret in the path is nobody's.

    Args:
        exposure: How tools are shown to everybody.
    """

    def __init__(self, exposure: Exposure) -> None:
        self._entry = Entry(replace(EVERYTHING, exposure=exposure), stays)

    async def admit(self, scope: Scope) -> Entry | Problem:
        """Let everybody in at /mcp."""
        return self._entry if scope["path"] == PATH else NOT_FOUND


class GrantDoor:
    """Lets in who holds a grant, as often a minute as it may.

    Args:
        authenticator: Says whose secrets a request holds.
        grants: Counts the requests.
        calls_per_minute: For grants that have no limit of their own.
    """

    def __init__(self, authenticator: Authenticator, grants: Grants, calls_per_minute: int) -> None:
        self._authenticator = authenticator
        self._grants = grants
        self._default = calls_per_minute

    async def admit(self, scope: Scope) -> Entry | Problem:
        """Let a holder in."""
        found = await self._authenticator.authenticate(scope)
        if isinstance(found, Refused):
            return found.problem
        try:
            window = await self._grants.count(found.grant, self._default)
        except StoreDown:
            return UNCHECKED
        return _used_up(window) if window.exceeded else Entry(found.access, found.still_holds, found.subject)


def _used_up(window: Window) -> Problem:
    seconds = max(window.reset, 1)
    detail = f"This grant may make {window.limit} requests a minute: try again in {seconds} s, not before."
    said = {
        "retry-after": seconds,
        "ratelimit-limit": window.limit,
        "ratelimit-remaining": 0,
        "ratelimit-reset": seconds,
    }
    headers = tuple((name.encode(), str(value).encode()) for name, value in said.items())
    return Problem(429, "Too Many Requests", detail, headers)
