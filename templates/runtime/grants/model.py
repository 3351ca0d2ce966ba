"""Owns what a grant, an API token and a narrowing are, and which tools a narrowing leaves. It reads and stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from ..access import Exposure

METHODS = ("read", "write", "custom", "list", "get", "create", "update", "delete")
# A grant must live at least this long.
SHORTEST_SECONDS = 60


class GrantError(Exception):
    """A grant that can't be made or changed.

    Args:
        problems: Field -> what is wrong with it and what to do; all of them at once.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{field}: {problem}" for field, problem in problems.items()))
        self.problems = dict(problems)


class StoreDown(Exception):
    """The store can't be reached or used: callers are refused (503), never let in."""


@dataclass(frozen=True, slots=True)
class ToolRow:
    """What a narrowing knows of a tool: its tags, and its methods (`read`, `write` or `custom`, then the exact one where it has one)."""

    tags: tuple[str, ...]
    methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Which of the package's tools a grant leaves: methods and tags must both match; `tools` names exact ones.

    An empty tuple does not narrow. Where `tools` is given, a tool must also be among them.
    """

    methods: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()

    def of(self, rows: Mapping[str, ToolRow]) -> frozenset[str]:
        """The tools that are left, of a package's tools."""
        return frozenset(name for name, row in rows.items() if self._admits(name, row))

    def _admits(self, name: str, row: ToolRow) -> bool:
        chosen = not self.methods or not set(self.methods).isdisjoint(row.methods)
        tagged = not self.tags or not set(self.tags).isdisjoint(row.tags)
        return chosen and tagged and (not self.tools or name in self.tools)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a caller holds. Times are Unix seconds; the secret is not part of it, and neither is its hash.

    Attributes:
        id: What commands, logs and the audit name; not secret.
        name: What a person calls it.
        narrowing: Which tools are left.
        exposure: Whether tools are listed, or found by searching.
        require_api_token_auth: Whether a caller must present an API token besides the URL's secret.
        oauth_scope: The OAuth scope whose access tokens act as this grant, or an empty string.
        calls_per_minute: Requests that it may make in a minute; None takes the server's own limit.
    """

    id: str
    name: str
    narrowing: Narrowing
    created_at: float
    expires_at: float | None = None
    exposure: Exposure = "all"
    require_api_token_auth: bool = False
    oauth_scope: str = ""
    calls_per_minute: int | None = None
    last_used_at: float | None = None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A second credential for grants with `require_api_token_auth`; it opens nothing by itself. Times are Unix seconds."""

    id: str
    name: str
    created_at: float
    expires_at: float | None = None
    last_used_at: float | None = None


Made = TypeVar("Made", Grant, ApiToken)


@dataclass(frozen=True, slots=True)
class Issued(Generic[Made]):
    """What was just made, with its secret: the only time that anybody sees it."""

    made: Made
    secret: str


def timestamp(seconds: float | None) -> str | None:
    """A Unix time as RFC 3339 in UTC, to the second."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def config_of(grant: Grant) -> dict[str, Any]:
    """What a grant narrows and asks, as JSON."""
    return {
        "methods": list(grant.narrowing.methods),
        "tags": list(grant.narrowing.tags),
        "tools": list(grant.narrowing.tools),
        "exposure": grant.exposure,
        "require_api_token_auth": grant.require_api_token_auth,
        "oauth_scope": grant.oauth_scope or None,
        "calls_per_minute": grant.calls_per_minute,
    }


def shown(grant: Grant) -> dict[str, Any]:
    """A grant as JSON, as REST and `--format json` show it; never with a secret."""
    times = {name: timestamp(getattr(grant, name)) for name in ("created_at", "expires_at", "last_used_at")}
    return {"id": grant.id, "name": grant.name, "config": config_of(grant)} | times


def shown_token(token: ApiToken) -> dict[str, Any]:
    """An API token as JSON, without its secret."""
    times = {name: timestamp(getattr(token, name)) for name in ("created_at", "expires_at", "last_used_at")}
    return {"id": token.id, "name": token.name} | times
