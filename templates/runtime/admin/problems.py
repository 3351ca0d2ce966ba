"""Owns refusals of the REST side: problem details (RFC 9457), each kind a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import JSONResponse

TYPE = "urn:problem-type:kustomer-mcp:"
MEDIA_TYPE = "application/problem+json"
STORE_RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of refusal: its status, its title, and what it means."""

    status: int
    title: str
    meaning: str


KINDS: Mapping[str, Kind] = {
    "invalid-json": Kind(400, "The body is no JSON", "It can't be read, is not UTF-8, or says a member twice."),
    "invalid-parameter": Kind(400, "A parameter makes no sense", "Of the query, or a header."),
    "unauthorized": Kind(401, "The admin token is needed", "Send `Authorization: Bearer <admin token>`."),
    "not-found": Kind(404, "There is no such thing", "It was never made, was revoked, or has expired."),
    "method-not-allowed": Kind(405, "The method is not allowed here", "The Allow header names those that are."),
    "in-progress": Kind(409, "The same request is being answered", "Repeat it in a moment."),
    "too-large": Kind(413, "The body is too large", "At most 64 KiB."),
    "unsupported-media-type": Kind(415, "The body must be JSON", "Send `Content-Type: application/json`."),
    "invalid-body": Kind(422, "The body makes no sense", "`errors` names every problem by its JSON Pointer."),
    "key-reused": Kind(422, "The idempotency key belongs to another request", "Take a new key for a new request."),
    "store-down": Kind(503, "The store of grants can't be reached", "Nothing was changed, or it can't be known."),
}


class Refused(Exception):
    """A request that is refused.

    Args:
        kind: A row of KINDS.
        detail: What is wrong with this request, and what to do.
        errors: Each problem: `pointer` (JSON Pointer into the body) or `parameter`, and `detail`.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """The refusal as an answer."""
        row = KINDS[self.kind]
        body: dict[str, Any] = {"type": TYPE + self.kind, "title": row.title, "status": row.status, "detail": str(self)}
        if self.errors:
            body["errors"] = [dict(error) for error in self.errors]
        return JSONResponse(body, row.status, self.headers, MEDIA_TYPE)


def store_down() -> Refused:
    """The refusal for a store that can't be used."""
    detail = f"The store of grants can't be used. Repeat the request in {STORE_RETRY_SECONDS} s, with the same Idempotency-Key."
    return Refused("store-down", detail, headers={"Retry-After": str(STORE_RETRY_SECONDS)})


def not_found(what: str, id: str) -> Refused:
    """The refusal for something that is not there."""
    return Refused(
        "not-found", f"There is no {what} {shortened(id)!r}: it was never made, was revoked, or has expired."
    )


def shortened(text: str, limit: int = 40) -> str:
    """A caller's text, short enough to be repeated."""
    return text if len(text) <= limit else f"{text[:limit]}..."
