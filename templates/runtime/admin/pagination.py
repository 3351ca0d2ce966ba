"""Owns lists in pages: limit and cursor of a request, and the page of rows that they mean."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from starlette.requests import Request

from .problems import Refused, shortened

DEFAULT_LIMIT = 50
MOST = 200
PARAMETERS = ("limit", "cursor")


class Listed(Protocol):
    """What can stand in a list, in the order of time."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> float: ...


Row = TypeVar("Row", bound=Listed)


def page(request: Request, rows: Sequence[Row], shown: Callable[[Row], dict[str, Any]]) -> dict[str, Any]:
    """One page of rows, which stand in the order of time. A row that goes between two pages disturbs none.

    Raises:
        Refused: A parameter that makes no sense.
    """
    for name in request.query_params:
        if name not in PARAMETERS:
            raise _wrong(name, f"is unknown; the known ones are {', '.join(PARAMETERS)}")
        if len(request.query_params.getlist(name)) > 1:
            raise _wrong(name, "is there more than once")
    limit = _limit(request.query_params.get("limit"))
    after = _after(request.query_params.get("cursor"))
    rest = [row for row in rows if (row.created_at, row.id) > after]
    more = len(rest) > limit
    return {"data": [shown(row) for row in rest[:limit]], "next_cursor": _cursor(rest[limit - 1]) if more else None}


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise _wrong("limit", f"must be a whole number from 1 to {MOST}, not {shortened(text)!r}")
    return int(text)


def _cursor(row: Listed) -> str:
    return base64.urlsafe_b64encode(f"{row.created_at!r} {row.id}".encode()).decode().rstrip("=")


def _after(cursor: str | None) -> tuple[float, str]:
    if cursor is None:
        return (0.0, "")
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), b"-_", validate=True).decode()
        moment, id = text.split(" ")
        return (float(moment), id)
    except (ValueError, binascii.Error):
        raise _wrong("cursor", "is not one that was given: take `next_cursor` as it stands") from None


def _wrong(parameter: str, detail: str) -> Refused:
    name = shortened(parameter)
    return Refused("invalid-parameter", f"The parameter {name!r} {detail}.", [{"parameter": name, "detail": detail}])
