"""Owns what the words of a grant may be, as JSON or a command line has them: all problems at once, by field. It stores
nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from ..access import Exposure
from .model import METHODS, SHORTEST_SECONDS, Grant, GrantError, Narrowing, ToolRow, config_of, timestamp

Rows = Mapping[str, ToolRow]
LONGEST_NAME = 100
MOST_CALLS = 100_000
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z
_EXPOSURES: tuple[Exposure, ...] = ("all", "discovery")
# RFC 3339, section 5.6; a time of day without an offset is none.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
# RFC 6749, section 3.3: scope-token.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a grant, checked."""

    name: str
    narrowing: Narrowing
    expires_at: float | None
    exposure: Exposure
    require_api_token_auth: bool
    oauth_scope: str
    calls_per_minute: int | None


def words_of(grant: Grant) -> dict[str, Any]:
    """A grant as the words that make it."""
    return {"name": grant.name, **config_of(grant), "expires_at": timestamp(grant.expires_at)}


def wanted(words: Mapping[str, Any], rows: Rows, now: float, before: Grant | None = None) -> Wanted:
    """Check the words of a new grant, or those that change one as the whole that results.

    Args:
        words: Field -> value.
        rows: The package's tools.
        now: Unix seconds.
        before: The grant as it is; None for a new one.

    Raises:
        GrantError: With every problem.
    """
    whole = (words_of(before) if before else {}) | dict(words)
    since = now if before is None or "expires_at" in words else None
    found, problems = _checked(whole, _checks(rows, since))
    narrowing = Narrowing(*(found.get(field, ()) for field in ("methods", "tags", "tools")))
    if problems.keys().isdisjoint(("methods", "tags", "tools")):
        problems |= _nothing_left(narrowing, rows)
    if problems:
        raise GrantError(problems)
    return Wanted(
        found["name"],
        narrowing,
        found.get("expires_at"),
        found.get("exposure", "all"),
        found.get("require_api_token_auth", False),
        found.get("oauth_scope", ""),
        found.get("calls_per_minute"),
    )


def wanted_token(words: Mapping[str, Any], now: float) -> tuple[str, float | None]:
    """Check the words of an API token: its name and its expiry. Raises GrantError with every problem."""
    found, problems = _checked(words, {"name": _name, "expires_at": lambda value: _expiry(value, now)})
    if problems:
        raise GrantError(problems)
    return found["name"], found.get("expires_at")


class _Wrong(Exception):
    """What is wrong with one value."""


Check = Callable[[Any], Any]


def _checks(rows: Rows, now: float | None) -> dict[str, Check]:
    tags = sorted({tag for row in rows.values() for tag in row.tags})
    return {
        "name": _name,
        "methods": lambda value: _choices(value, METHODS, "method"),
        "tags": lambda value: _choices(value, tags, "tag"),
        "tools": lambda value: _choices(value, sorted(rows), "tool"),
        "exposure": _exposure,
        "require_api_token_auth": _yes_or_no,
        "oauth_scope": _scope,
        "calls_per_minute": _calls,
        "expires_at": lambda value: _expiry(value, now),
    }


def _checked(words: Mapping[str, Any], checks: Mapping[str, Check]) -> tuple[dict[str, Any], dict[str, str]]:
    found: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field, value in words.items():
        check = checks.get(field)
        if check is None:
            problems[_plain(field)] = f"there is no such field{_meant(field, checks)}"
            continue
        try:
            found[field] = check(value)
        except _Wrong as wrong:
            problems[field] = str(wrong)
    if "name" not in words:
        problems["name"] = "is missing: say what the grant is for"
    return found, problems


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise _Wrong("must be text")
    name = value.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise _Wrong(f"must have 1 to {LONGEST_NAME} characters, not {len(name)}")
    if not name.isprintable():
        raise _Wrong("must not hold control characters or line ends")
    return name


def _choices(value: Any, known: Iterable[str], what: str) -> tuple[str, ...]:
    """A list of known words, each once."""
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise _Wrong(f"must be a list of {what}s, each a text")
    known = list(known)
    strangers = [one for one in dict.fromkeys(value) if one not in known]
    if strangers:
        few = f"; there are: {', '.join(known)}" if len(known) <= 40 else ""
        told = ", ".join(f"{_plain(one)!r}{_meant(one, known)}" for one in strangers[:5])
        raise _Wrong(f"there is no {what} {told}{few}")
    return tuple(dict.fromkeys(value))


def _exposure(value: Any) -> str:
    if value not in _EXPOSURES:
        raise _Wrong("must be 'all' or 'discovery'")
    return str(value)


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


def _scope(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not _SCOPE.fullmatch(value):
        raise _Wrong("must be one OAuth scope (RFC 6749, 3.3): printable ASCII without blanks, quotes or backslashes")
    return value


def _calls(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_CALLS:
        raise _Wrong(f"must be a whole number from 1 to {MOST_CALLS}")
    return value


def _expiry(value: Any, now: float | None) -> float | None:
    """Unix seconds of an RFC 3339 text, cut to the whole second; `now` None where an expiry stays as it was."""
    if value is None:
        return None
    example = "2026-12-31T23:59:59Z"
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise _Wrong(f"must be a time with its offset (RFC 3339), such as {example}")
    try:
        moment = datetime.fromisoformat(value.upper()).timestamp()
    except ValueError:
        raise _Wrong(f"is no time that exists; give one such as {example}") from None
    if moment > _LATEST:
        raise _Wrong("must not be after the year 9999")
    if now is not None and moment < now + SHORTEST_SECONDS:
        raise _Wrong(f"must be at least {SHORTEST_SECONDS} s ahead; here it is {timestamp(now)}")
    return float(int(moment))


def _nothing_left(narrowing: Narrowing, rows: Rows) -> dict[str, str]:
    """Which words contradict each other, where no tool is left."""
    if narrowing.of(rows):
        return {}
    methods, tags, tools = (bool(words) for words in (narrowing.methods, narrowing.tags, narrowing.tools))
    if methods and not Narrowing(narrowing.methods).of(rows):
        return {"methods": f"no tool of this package is {_or(narrowing.methods)}: nothing would be left"}
    tagged = Narrowing(tags=narrowing.tags).of(rows)
    if methods and tags and not Narrowing(narrowing.methods, narrowing.tags).of(rows):
        there = sorted({method for name in tagged for method in rows[name].methods})
        text = f"nothing would be left: no tool tagged {_or(narrowing.tags)} is {_or(narrowing.methods)}"
        return {"methods": f"{text}; with these tags there are: {', '.join(there)}"}
    if not tools:
        return {"name": "this package has no tools: nothing would be left"}
    also = [text for on, text in ((methods, _or(narrowing.methods)), (tags, f"tagged {_or(narrowing.tags)}")) if on]
    return {"tools": f"nothing would be left: none of the named tools is {' and '.join(also)}"}


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(words)


def _meant(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(str(word), list(known), 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _plain(word: object) -> str:
    """A foreign word, short and on one line."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(word))[:60]
