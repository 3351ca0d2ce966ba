"""Owns reading a request's body: JSON and nothing else. What its words may be is the grants' business."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from starlette.requests import Request

from ..validation import nearest
from .problems import Refused, shortened

MAX_BYTES = 64 * 1024
JSON_TYPES = ("application/json",)
_MOST_DIGITS = 20
PATCH_TYPES = ("application/json", "application/merge-patch+json")


async def json_object(request: Request, types: tuple[str, ...] = JSON_TYPES) -> dict[str, Any]:
    """The body of a request, which is a JSON object.

    Raises:
        Refused: It is too large, not JSON, or no object.
    """
    _check_type(request, types)
    parsed = _parsed(await body(request))
    if not isinstance(parsed, dict):
        raise invalid({"": "must be an object"})
    return parsed


async def body(request: Request) -> bytes:
    """The raw body.

    Raises:
        Refused: It is larger than MAX_BYTES; what is behind is not read.
    """
    taken = bytearray()
    async for chunk in request.stream():
        taken += chunk
        if len(taken) > MAX_BYTES:
            raise Refused("too-large", f"The body has more than {MAX_BYTES} bytes.", headers={"Connection": "close"})
    return bytes(taken)


def invalid(problems: Mapping[str, str]) -> Refused:
    """The refusal of a body that was understood, and makes no sense: JSON Pointer -> what is wrong."""
    rows = [{"pointer": where, "detail": problems[where]} for where in sorted(problems)]
    counted = "1 problem" if len(rows) == 1 else f"{len(rows)} problems"
    return Refused("invalid-body", f"{counted}; nothing was changed. `errors` says where and what.", rows)


def unknown(given: Iterable[str], known: Sequence[str], parent: str = "") -> dict[str, str]:
    """The members that are not known: JSON Pointer -> what to write instead."""
    return {f"{parent}{pointer([name])}": _instead(name, known) for name in given if name not in known}


def pointer(path: Iterable[str]) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)


def _instead(name: str, known: Sequence[str]) -> str:
    close = nearest(name, known)
    listed = ", ".join(f"`{one}`" for one in known)
    return f"is unknown; did you mean `{close}`?" if close else f"is unknown; the known ones are {listed}"


def _check_type(request: Request, types: tuple[str, ...]) -> None:
    said = request.headers.get("content-type", "")
    media, _, parameters = (part.strip().lower() for part in said.partition(";"))
    if media not in types:
        accepted = " or ".join(types)
        raise Refused(
            "unsupported-media-type",
            f"The body is said to be {shortened(said)!r}: send it as {accepted}." if said else f"Send {accepted}.",
            headers={"Accept-Patch" if len(types) > 1 else "Accept-Post": ", ".join(types)},
        )
    if parameters and parameters.replace('"', "").replace(" ", "") != "charset=utf-8":
        raise Refused("unsupported-media-type", "JSON is UTF-8 (RFC 8259): leave the charset out.")


def _parsed(raw: bytes) -> Any:
    if not raw.strip():
        raise Refused("invalid-json", "The body is empty.")
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_int=_whole, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # a lone surrogate is no character
    except RecursionError:
        raise Refused("invalid-json", "The body is nested too deeply.") from None
    except UnicodeError:
        raise Refused("invalid-json", "The body holds bytes or escapes that are no Unicode text.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused("invalid-json", f"{error.msg} ({where}).") from None
    except ValueError as error:
        raise Refused("invalid-json", f"{error}.") from None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise ValueError(f"The member {shortened(name)!r} is there twice")
        made[name] = value
    return made


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"A number has more than {_MOST_DIGITS} digits")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
