"""Owns what is said about showing an answer: the options, and how large an answer is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Presentation:
    """How to show an answer.

    Attributes:
        limit: The largest answer, in bytes of compact JSON; 0 for no limit.
        fields: The attributes to show, such as `status` or `custom.orderStatusStr`; none for all.
        unmask_tool: The tool that opens an unmasking window, where this server has it.
        query: The query string of the request that was answered.
        paged: Whether the list takes a cursor of `page` and `pageSize`.
        offers_fields: Whether the tool has the argument `fields`, which notices then suggest.
        page_size: The page size that the caller wants, to go back to after a cut made pages smaller; 0 where unknown.
    """

    limit: int = 40_000
    fields: tuple[str, ...] = ()
    unmask_tool: str | None = None
    query: str = ""
    paged: bool = False
    page_size: int = 0
    offers_fields: bool = True


def size_of(value: Any) -> int:
    """The bytes of a value as compact JSON, as a client gets it."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
