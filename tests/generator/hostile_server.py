"""Owns an HTTP server on loopback that answers exactly what a test tells it, however wrong. Must not hold an expectation."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
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


def self_signed(path: Path) -> Path:
    """Write a certificate of 127.0.0.1 with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, serialization.NoEncryption()))
    return path


@contextlib.contextmanager
def hostile_server(certificate: Path | None = None) -> Iterator[Hostile]:
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

    with answering(Handler, certificate) as url:
        hostile = Hostile(url)
        yield hostile


@contextlib.contextmanager
def dripping() -> Iterator[str]:
    """A server whose answers come a byte now and then, without an end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b" ")
                    time.sleep(0.02)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    with answering(Handler) as url:
        yield url
