"""Owns the page's forms: their fields as a person filled them in, and the words of a grant that they mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from .bodies import body

FIELDS = {
    "name": "Name",
    "methods": "Methods",
    "tags": "Tags",
    "tools": "Tools",
    "expires_at": "Expires",
    "exposure": "How tools are offered",
    "require_api_token_auth": "API token",
    "calls_per_minute": "Calls a minute",
    "oauth_scope": "OAuth scope",
}
_MOST_FIELDS = 2_000

Fields = Mapping[str, Sequence[str]]


async def fields(request: Request) -> Fields:
    """The fields of a form that was sent.

    Raises:
        Refused: It is too large.
        ValueError: It is no form.
    """
    text = (await body(request)).decode("ascii")
    return parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")


def first(given: Fields, name: str) -> str:
    """The value of a field, or an empty text."""
    return (given.get(name) or [""])[0]


@dataclass(frozen=True, slots=True)
class ServerForm:
    """The form for a server, as it was filled in."""

    name: str = ""
    methods: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    expires_at: str = ""
    exposure: str = "all"
    require_api_token_auth: bool = False
    calls_per_minute: str = ""
    oauth_scope: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Fields) -> ServerForm:
        """The form of its fields."""
        return cls(
            name=first(given, "name").strip(),
            methods=tuple(given.get("methods", ())),
            tags=tuple(given.get("tags", ())),
            tools=tuple(given.get("tools", ())),
            expires_at=first(given, "expires_at").strip(),
            exposure=first(given, "exposure") or "all",
            require_api_token_auth=first(given, "require_api_token_auth") == "on",
            calls_per_minute=first(given, "calls_per_minute").strip(),
            oauth_scope=first(given, "oauth_scope").strip(),
        )

    def words(self) -> dict[str, Any]:
        """What the grants are told; what can't be understood goes on as it is, and is refused there."""
        calls = self.calls_per_minute
        return {
            "name": self.name,
            "methods": list(self.methods),
            "tags": list(self.tags),
            "tools": list(self.tools),
            "expires_at": moment(self.expires_at),
            "exposure": self.exposure,
            "require_api_token_auth": self.require_api_token_auth,
            "oauth_scope": self.oauth_scope or None,
            "calls_per_minute": (
                int(calls) if calls.isascii() and calls.isdigit() and len(calls) < 10 else calls or None
            ),
        }


@dataclass(frozen=True, slots=True)
class TokenForm:
    """The form for an API token, as it was filled in."""

    name: str = ""
    expires_at: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Fields) -> TokenForm:
        """The form of its fields."""
        return cls(first(given, "name").strip(), first(given, "expires_at").strip())

    def words(self) -> dict[str, Any]:
        """What the grants are told."""
        return {"name": self.name, "expires_at": moment(self.expires_at)}


def moment(text: str) -> str | None:
    """The RFC 3339 time of a local date and time (HTML, datetime-local), which the page says is UTC."""
    if not text:
        return None
    return f"{text}:00Z" if text.count(":") == 1 else f"{text}Z"
