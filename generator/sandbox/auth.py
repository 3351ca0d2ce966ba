"""Owns API keys and what their roles cover. Must not know operations; no key here is a secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from generator.sandbox.errors import ApiError, Problem


@dataclass(frozen=True, slots=True)
class Key:
    """A machine user's API key. `pod` is where the org lives; the sandbox answers as POD."""

    token: str
    name: str
    org: str
    roles: tuple[str, ...]
    user: str
    reads_sensitive: bool = False
    expires: datetime | None = None
    pod: str = "prod1"


POD = "prod1"


def covers(held: str, wanted: str) -> bool:
    """Roles are prefixes: `org.permission.customer` covers `org.permission.customer.read`."""
    return wanted == held or wanted.startswith(held + ".")


def holds(key: Key, wanted: Iterable[str]) -> bool:
    return any(covers(held, role) for role in wanted for held in key.roles)


def demand(key: Key, wanted: tuple[str, ...], status: int) -> None:
    if wanted and not holds(key, wanted):
        raise ApiError(Problem(status, detail=f"Missing role: one of {', '.join(wanted)} is required"))


def admitted(key: Key | None, now: datetime) -> Key:
    """The key, if it opens this pod now; otherwise the 401 which says why."""
    if key is None:
        raise ApiError(Problem(401, detail="Invalid or missing API key"))
    if key.expires is not None and key.expires <= now:
        raise ApiError(Problem(401, detail="API key expired"))
    if key.pod != POD:
        said = f"Auth token associated with pod {key.pod} but request is being handled by {POD}"
        raise ApiError(Problem(401, detail=said))
    return key
