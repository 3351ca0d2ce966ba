"""Owns the way from a JSON body to the words of a grant, and of what is wrong with those words back to where they stood."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..grants.model import Grant, GrantError, ToolRow
from ..grants.words import wanted, wanted_token
from .bodies import invalid, unknown

# These stand at the top of a server's body, all other words in its `config`.
TOP = ("name", "expires_at")
CONFIG = ("methods", "tags", "tools", "exposure", "require_api_token_auth", "oauth_scope", "calls_per_minute")


def server_words(body: Mapping[str, Any], rows: Mapping[str, ToolRow], before: Grant | None = None) -> dict[str, Any]:
    """The words that a body has for a new server, or for a change of the one that was there before.

    Raises:
        Refused: Members that are not known, with everything else that is wrong.
    """
    config = body.get("config", {})
    problems = unknown(body, (*TOP, "config"))
    if not isinstance(config, dict):
        problems["/config"], config = "must be an object", {}
    problems |= unknown(config, CONFIG, "/config")
    if before is None and "config" not in body:
        problems["/config"] = "is missing: {} leaves every tool of the package"
    words = {name: body[name] for name in TOP if name in body} | {
        name: config[name] for name in CONFIG if name in config
    }
    if problems:
        with pointed(problems):
            wanted(words, rows, time.time(), before)
        raise invalid(problems)
    return words


def token_words(body: Mapping[str, Any]) -> dict[str, Any]:
    """The words that a body has for an API token.

    Raises:
        Refused: Members that are not known, with everything else that is wrong.
    """
    words = {name: body[name] for name in TOP if name in body}
    if problems := unknown(body, TOP):
        with pointed(problems):
            wanted_token(words, time.time())
        raise invalid(problems)
    return words


@contextmanager
def pointed(further: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn what the grants refuse into a refusal that points into the body, with the problems that are known already."""
    try:
        yield
    except GrantError as error:
        raise invalid({_pointer(field): text for field, text in error.problems.items()} | dict(further or {})) from None


def _pointer(field: str) -> str:
    return f"/{field}" if field in TOP else f"/config/{field}"
