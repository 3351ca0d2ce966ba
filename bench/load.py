"""Owns load: many callers on kept connections, each sending its next request when it has its answer. HTTP as bytes, so that
the client costs little beside what it measures."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit

from bench.wire import request


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: requests a second, and the time of one in milliseconds."""

    per_second: float
    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class Call:
    """One request to repeat: where, what, and a text that its answer must hold."""

    url: str
    method: str
    params: Mapping[str, Any]
    expect: bytes
    headers: Mapping[str, str] | None = None


def loaded(call: Call, callers: int, requests: int) -> Load:
    """Send `requests` requests from `callers` callers at once; every answer must hold what it should.

    Raises:
        RuntimeError: One was not answered as expected.
    """
    return asyncio.run(_loaded(call, callers, requests))


async def _loaded(call: Call, callers: int, requests: int) -> Load:
    request_bytes, address = raw(call), urlsplit(call.url)
    assert address.hostname is not None and address.port is not None
    left = iter(range(requests))
    seconds: list[float] = []

    async def caller(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            for _ in left:
                start = time.perf_counter()
                writer.write(request_bytes)
                answer = await exchange(reader)
                seconds.append(time.perf_counter() - start)
                if call.expect not in answer:
                    raise RuntimeError(f"the server answered {answer[:300]!r}")
        finally:
            writer.close()

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(caller(address.hostname, address.port))
    took = time.perf_counter() - start
    cuts = quantiles(seconds, n=100)
    return Load(requests / took, cuts[49] * 1000, cuts[98] * 1000)


def raw(call: Call, era: str = "modern") -> bytes:
    """A request as bytes; era is `legacy` or `modern`."""
    headers, message = request(era, call.method, call.params)
    body = json.dumps(message).encode()
    address = urlsplit(call.url)
    rows = {"Host": address.netloc, "Content-Length": str(len(body)), **headers, **(call.headers or {})}
    lines = [f"POST {address.path} HTTP/1.1", *(f"{name}: {value}" for name, value in rows.items()), "", ""]
    return "\r\n".join(lines).encode() + body


async def exchange(reader: asyncio.StreamReader) -> bytes:
    """Headers and body of one answer (RFC 9112, sections 6 and 7)."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (row.partition(b":") for row in head.split(b"\r\n"))
    }
    if fields.get(b"transfer-encoding") != b"chunked":
        return head + await reader.readexactly(int(fields[b"content-length"]))
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return head + bytes(body)
