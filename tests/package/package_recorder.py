"""Owns a loopback HTTP server that records requests as they arrive and answers what a test ordered. No expectations."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Arrived:
    """One request: the target exactly as it stood on the request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


Play = Callable[[BaseHTTPRequestHandler], None]


def say(status: int, body: bytes = b"{}", **headers: str) -> Play:
    """One whole answer."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status != 204:
            handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        if status != 204:
            handler.wfile.write(body)

    return play


def drip(pieces: int, pause: float) -> Play:
    """A valid answer, one byte at a time, `pause` seconds apart."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        body = b" " * pieces + b"{}"
        handler.send_response_only(200)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        try:
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(pause)
        except OSError:
            handler.close_connection = True

    return play


def endless(chunk: bytes) -> Play:
    """A body without an end."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(200)
        handler.send_header("connection", "close")
        handler.end_headers()
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(chunk)
        except OSError:
            return

    return play


@dataclass
class Recorder:
    """Where it listens, what arrived, and what it will answer; `{}` where nothing is ordered."""

    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    plays: deque[Play] = field(default_factory=deque)

    def order(self, *plays: Play) -> None:
        self.plays.extend(plays)

    def clear(self) -> None:
        self.arrived.clear()
        self.plays.clear()

    @property
    def only(self) -> Arrived:
        (one,) = self.arrived
        return one


def _handler(recorder: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16  # one write an answer
        disable_nagle_algorithm = True

        def _any(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            method, target, _ = self.requestline.split(" ", 2)
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.arrived.append(Arrived(method, target, headers, self.rfile.read(length)))
            (recorder.plays.popleft() if recorder.plays else say(200))(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *_: Any) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # a client that left in the middle of an answer


@contextmanager
def recording() -> Iterator[Recorder]:
    """A recorder on a free port, for as long as the block runs."""
    recorder = Recorder()
    server = _Server(("127.0.0.1", 0), _handler(recorder))
    recorder.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
