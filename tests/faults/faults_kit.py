"""Owns what the tests of faults do: upstreams that fail in every way, and load whose every call is known by its own id."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx
from package_recorder import Play, Recorder
from serving_kit import HEADERS, READ, call, post

_RESET = struct.pack("ii", 1, 0)


def head(handler: BaseHTTPRequestHandler, **headers: str) -> None:
    """The beginning of a good answer."""
    handler.send_response_only(200)
    handler.send_header("content-type", "application/json")
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def broken(body: bytes, promised: int, reset: bool) -> Play:
    """An answer that ends before its time: the connection closes, or is reset."""

    def play(handler: BaseHTTPRequestHandler) -> None:
        head(handler, content_length=str(promised))
        handler.wfile.write(body)
        handler.wfile.flush()
        handler.close_connection = True
        if reset:
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            os.close(handler.connection.detach())

    return play


@dataclass
class Held:
    """A request that is kept waiting: whether it has come, and whether its connection was closed by the other side."""

    came: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    def play(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer nothing, until the other side goes."""
        self.came.set()
        handler.connection.settimeout(120)
        try:
            if handler.connection.recv(1) == b"":
                self.left.set()
        except ConnectionError:
            self.left.set()
        except TimeoutError:
            pass
        handler.close_connection = True


@dataclass
class Dripping(Held):
    """An answer whose bytes come one at a time, without an end."""

    def play(self, handler: BaseHTTPRequestHandler) -> None:
        """Drip until the other side goes."""
        self.came.set()
        handler.close_connection = True
        head(handler, content_length="1000000")
        until = time.monotonic() + 20
        try:
            while time.monotonic() < until:
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.02)
        except OSError:
            self.left.set()


def bomb(layers: int) -> bytes:
    """Zeros, 10 GB of them once unpacked, packed once (10 MB) or twice (some kB); the sum at the end is left out.

    Deflate blocks that end with a full flush stand for themselves, and so can be repeated without packing 10 GB.
    """
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packer.compress(b"\0")
    packer.flush(zlib.Z_FULL_FLUSH)
    megabyte = packer.compress(bytes(1_000_000)) + packer.flush(zlib.Z_FULL_FLUSH)
    once = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + megabyte * 10_000
    return once if layers == 1 else gzip.compress(once, 9)


def peak(pid: int) -> int:
    """The most memory that a process had since `forget_peak`, in kB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def forget_peak(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


@dataclass
class Traffic:
    """Callers who call without pause, each with an id that only this call has, over a connection that only it has.

    Attributes:
        answered: Ids whose call has an answer of Kustomer, with the secret that was used.
        statuses: Id -> HTTP status, of calls that were refused by the server.
        lost: Ids whose connection ended without an answer.
        strange: Answers that are none of these.
    """

    urls: list[str]
    answered: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, number: int) -> None:
        """One caller."""
        count = 0
        while not self.stopped.is_set():
            count += 1
            self._once(self.urls[number % len(self.urls)], f"c{number}-{count}")

    def _once(self, url: str, id: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        # Not httpx, which would make certificates ready for every connection.
        one = HTTPConnection(parts.hostname, parts.port, timeout=20)
        try:
            one.request("POST", parts.path, json.dumps(call(READ, id=id)), HEADERS)
            response = one.getresponse()
            body = response.read().decode()
            if response.status != 200:
                self.statuses[id] = response.status
                return
            data = next(line for line in body.splitlines() if line.startswith("data: {"))
            text = str(json.loads(data.removeprefix("data: "))["result"]["content"][0]["text"])
        except (OSError, HTTPException, StopIteration, ValueError):
            self.lost.append(id)
            return
        finally:
            one.close()
        if text.startswith("HTTP 404 from Kustomer"):
            self.answered[id] = url
        else:
            self.strange.append(text)

    def kinds(self) -> set[int]:
        """The statuses so far."""
        return set(self.statuses.values())


@contextmanager
def traffic(urls: list[str], callers: int = 8) -> Iterator[Traffic]:
    """Load, for as long as the block runs; at its end every caller has come back."""
    one = Traffic(urls)
    threads = [threading.Thread(target=one.run, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield one
    finally:
        one.stopped.set()
        for thread in threads:
            thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "a caller still waits"


def era_call(era: str) -> tuple[dict[str, Any], dict[str, str]]:
    """A call of a tool as clients of a protocol version make it, and the headers that they send with it."""
    message, headers = call(id="x"), {"mcp-protocol-version": era}
    if era == "2026-07-28":
        names = ("protocolVersion", era), ("clientInfo", {"name": "t", "version": "1"}), ("clientCapabilities", {})
        message["params"]["_meta"] = {f"io.modelcontextprotocol/{name}": value for name, value in names}
        headers |= {"mcp-method": "tools/call", "mcp-name": READ}
    return message, headers


def in_era(url: str, era: str) -> httpx.Response:
    """Such a call, made."""
    message, headers = era_call(era)
    return post(url, message, **headers)


def ids(paths: list[str]) -> set[str]:
    """The ids of calls that reached Kustomer, from the paths that it was asked."""
    return {path.rpartition("/")[2] for path in paths}


def asking(message: object, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    """A request as bytes."""
    body = json.dumps(message).encode()
    named = {"host": "127.0.0.1", **HEADERS, **headers, "content-length": str(len(body))}
    lines = ["POST /mcp HTTP/1.1", *(f"{name}: {value}" for name, value in named.items()), "", ""]
    return "\r\n".join(lines).encode() + body


def hold(recorder: Recorder, held: Held) -> Held:
    """Let the next request to the recorder be kept waiting."""
    recorder.order(held.play)
    return held
