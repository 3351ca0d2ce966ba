"""Owns what went wrong with a call, as one sentence a model or a person can act on. Never holds a key or a body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_SAID_LIMIT = 300
_UNCHANGED = "Nothing was changed."
_UNKNOWN = "The change may have been made: read the record before trying again."

# Status -> what to do next. Kustomer's errors page lists the statuses.
_ADVICE: dict[int, str] = {
    400: "Correct the argument and call again.",
    401: "The API key is missing, wrong or expired, or it lacks the role: ask the operator of this server.",
    403: "The API key lacks the role for this: ask the operator of this server.",
    404: "No such record, or the API key may not see it: check the id.",
    409: "The record changed meanwhile: read it again and send its new rev.",
    413: "The request is too large: Kustomer takes at most 100 kB.",
    429: "The rate limit is used up.",
}


class KustomerError(Exception):
    """A call that did not do what was asked.

    Attributes:
        status: The HTTP status, or None where there was no answer.
        code: Kustomer's error code, or an empty string.
        said: What Kustomer said, cut to one line, or an empty string.
    """

    def __init__(self, text: str, *, status: int | None = None, code: str = "", said: str = "") -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.said = said


class InvalidArguments(KustomerError):
    """Arguments that were refused before anything was sent."""


def from_response(method: str, status: int, body: bytes, names: Mapping[str, str]) -> KustomerError:
    """Make the error of an answer that is none of 200, 201, 202 and 204.

    Args:
        method: The request's method: whether anything may have changed depends on it.
        status: The answer's HTTP status.
        body: The answer's body, of any form; Kustomer has two envelopes.
        names: Wire name -> argument, so that the error names what the caller used.
    """
    entries = _entries(body)
    said = "; ".join(filter(None, (_sentence(entry, names) for entry in entries[:3])))[:_SAID_LIMIT]
    code = next((str(entry["code"]) for entry in entries if entry.get("code")), "")
    advice = _ADVICE.get(status) or ("Try again later." if status >= 500 else "")
    changed = "" if method == "GET" else _UNKNOWN if status >= 500 else _UNCHANGED
    reason = f": {said}" if said else ""
    text = " ".join(filter(None, (f"HTTP {status} from Kustomer{reason}.", changed, advice)))
    return KustomerError(text, status=status, code=code, said=said)


def no_answer(method: str, what: str) -> KustomerError:
    """Make the error of a request that was not answered, or not in a way that can be used."""
    return KustomerError(f"{what}. {'Try again.' if method == 'GET' else _UNKNOWN}")


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


def _sentence(entry: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One entry in words: its title or message, its detail, and the argument that it is about."""
    words = [_line(entry.get("title") or entry.get("message") or entry.get("code"))]
    detail = _line(entry.get("detail"))
    if detail and not detail.startswith("/"):
        words.append(detail)
    source = entry.get("source")
    if isinstance(source, dict):
        wire = _line(source.get("parameter") or source.get("parameters") or source.get("pointer")).rpartition("/")[2]
        if wire:
            words.append(f"(argument `{names.get(wire, wire)}`)")
    return " ".join(filter(None, words))


def _line(value: object) -> str:
    return " ".join(value.split()).encode(errors="replace").decode() if isinstance(value, str) else ""
