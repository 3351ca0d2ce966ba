"""Owns an HTTP server on loopback that answers exactly what a test tells it, however wrong. Must not hold an expectation."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback_kit import answering


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What goes out; `cut` is how many bytes of the body are sent before the connection breaks."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json", **named})


Answer = Callable[[Request], Reply]


class Hostile:
    """Where it listens, what it was asked, and `answer`, which decides what it says."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Request] = []
        self.answer: Answer = lambda request: Reply(404)
        self.lock = threading.Lock()

    def paths(self) -> list[str]:
        return [request.path for request in self.seen]


@contextlib.contextmanager
def hostile_server() -> Iterator[Hostile]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write an answer: without it each waits for the acknowledgement of its head

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            request = Request(parts.path, query, {name.lower(): value for name, value in self.headers.items()})
            with hostile.lock:
                hostile.seen.append(request)
                reply = hostile.answer(request)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status not in (204, 304):
                self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body[: reply.cut])
            if reply.cut is not None:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    with answering(Handler) as url:
        hostile = Hostile(url)
        yield hostile
