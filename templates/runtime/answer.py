"""Owns what a call gives back: Kustomer's JSON as it is, and how to go on from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .ratelimit import RateLimit

NEXT_CURSOR = "next_cursor"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one call.

    Attributes:
        content: Kustomer's JSON object: `data` is one record or a list of `{type, id, attributes, relationships}`. A list
            that goes on has `next_cursor`. Fields that Kustomer adds later are kept; a masked value is an object
            `{"isMasked": true, "maskedPresentation": ...}` in place of any scalar.
        status: The HTTP status: 200, 201, 202 or 204.
        limit: The rate limit as it stood after this call, or None where the answer does not say.
        query: The query that was sent, without the question mark.
    """

    content: dict[str, Any]
    status: int
    limit: RateLimit | None = None
    query: str = ""

    @property
    def data(self) -> Any:
        """The record or the records, or None where the answer has none."""
        return self.content.get("data")

    @property
    def next_cursor(self) -> str | None:
        """What to pass as `cursor` for the next page, or None on the last."""
        return self.content.get(NEXT_CURSOR)


def answer_of(status: int, value: Any, limit: RateLimit | None = None, query: str = "") -> Answer:
    """Make an answer of what came: always an object, with the cursor of the next page where there is one."""
    if status == 204 or value is None:
        return Answer({"done": True}, status, limit, query)
    content = dict(value) if isinstance(value, dict) else {"data": value}
    if cursor := _next_cursor(content):
        content[NEXT_CURSOR] = cursor
    return Answer(content, status, limit, query)


def _next_cursor(content: dict[str, Any]) -> str:
    """The query of `links.next`: a relative path in Kustomer, null on the last page."""
    links = content.get("links")
    following = links.get("next") if isinstance(links, dict) and isinstance(content.get("data"), list) else None
    # Taken apart by hand: of a text that is no address, urlsplit makes an exception.
    return following.partition("#")[0].partition("?")[2] if isinstance(following, str) else ""


def dry_answer(method: str, url: str, query: str, body: Any) -> Answer:
    """What a dry run answers: the request that would be sent, its credentials masked."""
    headers = {"Authorization": "Bearer ********"} | ({"Content-Type": "application/json"} if body is not None else {})
    request = {"method": method, "url": f"{url}?{query}" if query else url, "headers": headers, "body": body}
    return Answer({"dry_run": True, "request": request, "notices": ["Nothing was sent."]}, 0)
