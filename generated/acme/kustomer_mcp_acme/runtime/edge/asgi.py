"""Owns the shapes of ASGI that the edge uses, and its refusals: problem+json (RFC 9457), made once, the same bytes each time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]
# A request whose body was not read to its end must be the connection's last.
CLOSE: Headers = ((b"connection", b"close"),)


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal.

    Attributes:
        status: The HTTP status.
        title: What it is, in a few words.
        detail: What to do.
        headers: Further headers, names in lower case.
    """

    status: int
    title: str
    detail: str
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Answer with it."""
        body = json.dumps(
            {"type": "about:blank", "title": self.title, "status": self.status, "detail": self.detail}
        ).encode()
        kind = (b"content-type", b"application/problem+json")
        await respond(send, self.status, body, (kind, (b"cache-control", b"no-store"), *self.headers))


# The answer of every path that is nothing, and of every secret that holds nothing: who asks can't tell them apart.
NOT_FOUND = Problem(404, "Not Found", "There is nothing at this address.")
# The answer while the store of grants, or the issuer of access tokens, can't be asked.
UNCHECKED = Problem(
    503, "Service Unavailable", "Access can't be checked now. Try again soon.", ((b"retry-after", b"5"),)
)


async def respond(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Answer with a whole body."""
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


def header_values(scope: Scope, name: bytes) -> list[bytes]:
    """Every value of a header; `name` in lower case."""
    return [value for key, value in scope["headers"] if key == name]


def header(scope: Scope, name: bytes) -> str:
    """The first value of a header, or an empty string."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
