"""Owns what went wrong with a call, as one text a model or a person can act on: what happened, whether anything may have
changed, and what to do next. It never holds a key, a header or a body.

Kustomer's errors page names the statuses; both of its envelopes are read (JSON:API, and {code, message, meta}).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .names import argument_spelling
from .ratelimit import RateLimit
from .sites import wrong_region

_SAID_LIMIT = 300
_UNCHANGED = "Nothing was changed."
_UNKNOWN = "The change may have been made: read the record before trying again."
# What a JSON pointer begins with, where it is one into a record in JSON:API's form, and what is between its steps.
_RECORD = re.compile(r"^/?(?:data/)?attributes/")
_STEPS = re.compile(r"[/.]")
_ROLE = re.compile(r"\borg(?:\.[\w*-]+)+")
# A phone number, an e-mail address or a masked form of one; what Kustomer says of an argument may quote its value.
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\+?\d[\d ().-]{6,}\d")

# Status -> what to do next.
_ADVICE: dict[int, str] = {
    400: "Correct the argument and call again.",
    401: "The API key is missing, wrong or expired, or lacks a role: ask the operator of this server.",
    403: "The API key lacks a role for this: ask the operator of this server.",
    404: "No such record, or the API key may not see it: check the id.",
    409: "The record changed meanwhile, or something stands in the way: read it again and send its new rev.",
    413: "The request is too large, Kustomer takes at most 100 kB: send less in one call.",
}


class KustomerError(Exception):
    """A call that did not do what was asked.

    Attributes:
        status: The HTTP status, or None where there was no answer.
        code: Kustomer's error code, or an empty string.
        said: What Kustomer said, cut to one line and without personal data, or an empty string.
        limit: The rate limit as it stands, or None where it is unknown.
    """

    def __init__(
        self, text: str, *, status: int | None = None, code: str = "", said: str = "", limit: RateLimit | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.said = said
        self.limit = limit

    @property
    def may_have_changed(self) -> bool:
        """Whether the change may have been made all the same, which the text says then."""
        return _UNKNOWN in str(self)


class InvalidArguments(KustomerError):
    """Arguments that were refused before anything was sent."""


def from_response(method: str, status: int, body: bytes, limit: RateLimit | None = None) -> KustomerError:
    """Make the error of an answer that is none of 200, 201, 202 and 204.

    Args:
        method: The request's method: whether anything may have changed depends on it.
        status: The answer's HTTP status.
        body: The answer's body, of any form.
        limit: The rate limit that came with it.
    """
    entries = _entries(body)
    said = "; ".join(filter(None, (_sentence(entry) for entry in entries[:3])))[:_SAID_LIMIT]
    code = next((str(entry["code"]) for entry in entries if entry.get("code")), "")
    changed = "" if method == "GET" else _UNKNOWN if status >= 500 else _UNCHANGED
    reason = f": {said}" if said else ""
    text = " ".join(filter(None, (f"HTTP {status} from Kustomer{reason}.", changed, _advice(status, said, limit))))
    return KustomerError(text, status=status, code=code, said=said, limit=limit)


def no_answer(method: str, what: str, to_do: str = "Try again.") -> KustomerError:
    """Make the error of a request that was not answered, or not in a way that can be used; `to_do` is for those that read."""
    return KustomerError(f"{what}. {to_do if method == 'GET' else _UNKNOWN}")


def not_sent(what: str) -> KustomerError:
    """Make the error of a request for which there was no connection."""
    return KustomerError(f"{what}. Nothing was sent. Try again.")


def _advice(status: int, said: str, limit: RateLimit | None) -> str:
    if status == 429:
        return _wait(limit or RateLimit())
    if host := wrong_region(said):
        return f"The API key belongs to another region: the base URL must be {host}."
    if status in (401, 403) and (role := _ROLE.search(said)):
        return f"The API key needs the role {role[0]}: ask the operator of this server."
    if status == 400 and "(argument `custom." in said:
        return f"{_ADVICE[status]} The resource kustomer://klasses/<Klass> says what it takes."
    return _ADVICE.get(status) or ("Kustomer failed: try again later." if status >= 500 else "")


def _wait(limit: RateLimit) -> str:
    """What a caller must know of a limit: which, how many are left, and when to try again. The server never waits."""
    name = f' "{limit.policy}"' if limit.policy else ""
    size = f" of {limit.limit} requests" if limit.limit is not None else ""
    headers = ", ".join(f"{key}: {value}" for key, value in limit.headers().items())
    known = f" ({headers})" if headers else ""
    when = f"Try again in {limit.reset} s, not before" if limit.reset is not None else "Try again in a minute"
    if limit.remaining:  # Kustomer limits what one client may do to one customer or record in a minute, too
        return (
            f"A narrower limit, of one customer, record or kind of call, is used up, not the rate limit{known}. {when}."
        )
    return f"The rate limit{name}{size} is used up, 0 left{known}. {when}."


def _entries(body: bytes) -> list[dict[str, Any]]:
    """The entries of either envelope: `{"errors": [...]}`, or one error at the top."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if isinstance(value, dict) and isinstance(value.get("errors"), list):
        return [entry for entry in value["errors"] if isinstance(entry, dict)]
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        return [value["error"]]
    return [value] if isinstance(value, dict) else []


def _sentence(entry: Mapping[str, Any]) -> str:
    """One entry in words: its title or message, its detail, and the argument that it is about."""
    words = [_line(entry.get("title") or entry.get("message") or entry.get("code"))]
    detail = _line(entry.get("detail"))
    if detail and not detail.startswith("/"):
        words.append(detail)
    source = entry.get("source")
    if isinstance(source, dict):
        wire = _line(source.get("parameter") or source.get("parameters") or source.get("pointer"))
        if argument := _argument(wire, detail):
            words.append(f"(argument `{argument}`)")
    return _PERSONAL.sub("[...]", " ".join(filter(None, words)))


def _argument(wire: str, detail: str) -> str:
    """The argument that a wire name or a JSON pointer leads to, and the place in it: custom attributes keep their name, the
    others are in snake case."""
    parts = [part for part in _STEPS.split(_RECORD.sub("", wire)) if part]
    if parts and parts[0] != "custom" and ("/custom/" in detail or detail.endswith("/custom")):
        parts = ["custom", *parts]
    return ".".join([argument_spelling(parts[0]) or parts[0], *parts[1:]]) if parts else ""


def _line(value: object) -> str:
    return " ".join(value.split()).encode(errors="replace").decode() if isinstance(value, str) else ""
