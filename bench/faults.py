"""Owns the faults that are too slow or too large for a test: each is done to a real server, and what it cost is written down.

`python -m bench.faults [--connections 10000] [--dry]`; --dry leaves docs/reliability.md as it is. Redis and libfaketime
(Debian: redis-server, faketime) are used where they are installed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from bench import document
from bench.emulator import emulator
from bench.grants import granted
from bench.load import exchange, loaded
from bench.targets import HASH_KEY, Tally, Target, calling, serving, told
from bench.watched import look, processor_seconds

_FAKETIME = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.faults")
    parser.add_argument("--connections", type=int, default=10_000, help="Idle connections")
    parser.add_argument("--dry", action="store_true", help="Print only")
    said = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, emulator() as base:
        folder = Path(name)
        rows = [*_idle(base, folder / "idle", said.connections), *_terminated(base, folder), *_clock(base, folder)]
        rows += _redis(base, folder / "redis")
    text = f"{document.where('python -m bench.faults', load)}\n\n{document.table(['what', 'figure'], rows)}"
    print(text)
    if not said.dry:
        document.put("faults", text)


def _idle(base: str, folder: Path, wanted: int) -> list[list[object]]:
    """Connections that were used once and kept: what they cost, and whether others are served beside them."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(wanted, hard - 500)
    with serving(base, folder, KUSTOMER_MCP_KEEP_ALIVE_SECONDS="45") as server:
        return asyncio.run(_kept(server, count, wanted))


async def _kept(server: Target, count: int, wanted: int) -> list[list[object]]:
    pid, parts = server.process.pid, urlsplit(server.url)
    alone = await asyncio.to_thread(loaded, server.call, 16, 400)
    before = look([pid])
    request = f"GET /healthz HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    gate = asyncio.Semaphore(100)

    async def one() -> asyncio.StreamWriter:
        async with gate:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(request)
            await exchange(reader)
            return writer

    start = time.monotonic()
    writers = await asyncio.gather(*(one() for _ in range(count)))
    took, during = time.monotonic() - start, look([pid])
    beside = await asyncio.to_thread(loaded, server.call, 16, 400)
    while look([pid]).descriptors > before.descriptors + 50:
        await asyncio.sleep(1)
    closed, after = time.monotonic() - start, look([pid])
    for writer in writers:
        writer.close()
    limit = "" if count == wanted else f" (this machine allows no more; {wanted} were wanted)"
    return [
        ["idle connections held at one time", f"{during.descriptors - before.descriptors:,}{limit}"],
        ["opening them, each with one request", f"{took:.1f} s"],
        ["memory for one of them", f"{(during.rss - before.rss) / count:.1f} kB"],
        ["p50 / p99 of 16 other callers before", f"{alone.p50:.0f} / {alone.p99:.0f} ms"],
        ["p50 / p99 of 16 other callers meanwhile", f"{beside.p50:.0f} / {beside.p99:.0f} ms"],
        ["all closed by the server (keep-alive 45 s), from the first's opening", f"{closed:.0f} s"],
        ["memory kept afterwards for one that is gone", f"{(after.rss - before.rss) / count:.1f} kB"],
    ]


def _terminated(base: str, folder: Path) -> list[list[object]]:
    """SIGTERM while 64 callers call."""
    rows: list[list[object]] = []
    for workers in ("1", "2"):
        with serving(base, folder / f"term-{workers}", "--workers", workers) as server:
            tally = Tally()
            took = asyncio.run(_stopped(server, tally))
            rows.append(
                [
                    f"SIGTERM, {workers} workers, 64 callers: exit code {server.process.returncode} after",
                    f"{took:.1f} s",
                ]
            )
            rows.append(["calls answered / refused / cut without an answer", told(tally)])
    return rows


async def _stopped(server: Target, tally: Tally) -> float:
    until = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(64):
            group.create_task(calling(server.call, tally, until))
        await asyncio.sleep(4)
        start = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(server.process.wait, 60)
        until.set()
    return time.monotonic() - start


def _clock(base: str, folder: Path) -> list[list[object]]:
    """The wall clock of a whole process set two hours on, then two hours back."""
    if not _FAKETIME:
        return [["wall clock jumps", "libfaketime is not installed here"]]
    offset = folder / "offset"
    offset.write_text("+0", encoding="ascii")
    fake = {"LD_PRELOAD": str(_FAKETIME[0]), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}  # fmt: skip
    rows: list[list[object]] = []
    with serving(base, folder / "clock", **fake) as server:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        short = asyncio.run(
            granted(str(folder / "clock" / "grants.sqlite3"), [{"name": "short", "expires_at": soon}], HASH_KEY)
        )[0]
        urls = (f"{server.url}/{short}", server.call.url)
        for name, jump in (("true", "+0"), ("two hours on", "+2h"), ("two hours back", "-2h")):
            offset.write_text(jump, encoding="ascii")
            before = processor_seconds(server.process.pid)
            time.sleep(2)
            spent = processor_seconds(server.process.pid) - before
            statuses = " / ".join(str(_status(url)) for url in urls)
            rows.append(
                [f"wall clock {name}: a grant for an hour / one without end (idle {spent / 2:.0%} of a core)", statuses]
            )
    return rows


def _status(url: str) -> int:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    return httpx2.post(url, json=body, headers={"Accept": "application/json, text/event-stream"}).status_code


def _redis(base: str, folder: Path) -> list[list[object]]:
    """Redis killed for two seconds while 64 callers call."""
    if shutil.which("redis-server") is None:
        return [["Redis restart", "redis-server is not installed here"]]
    folder.mkdir(parents=True)
    address = folder / "redis.sock"
    how = "--port 0 --appendonly yes --save"
    words = ["redis-server", *how.split(), "", "--unixsocket", str(address), "--dir", str(folder)]
    redis = _up(words, address)
    tally = Tally()
    try:
        with serving(base, folder, KUSTOMER_MCP_STORE=f"unix://{address}") as server:

            async def scene() -> tuple[float, float]:
                nonlocal redis
                until = asyncio.Event()
                async with asyncio.TaskGroup() as group:
                    for _ in range(64):
                        group.create_task(calling(server.call, tally, until))
                    await asyncio.sleep(3)
                    redis.kill()
                    redis.wait()
                    gone = time.monotonic()
                    await asyncio.sleep(2)
                    redis = await asyncio.to_thread(_up, words, address)
                    back = time.monotonic()
                    await asyncio.sleep(3)
                    until.set()
                return gone, back

            gone, back = asyncio.run(scene())
    finally:
        redis.kill()
        redis.wait()
    return _outage(tally, gone, back)


def _outage(tally: Tally, gone: float, back: float) -> list[list[object]]:
    """What callers had while Redis was away, and after it was back."""
    during = [one for one in tally.answered if gone + 1 < one < back]
    first = min((one for one in tally.answered if one > back), default=float("nan"))
    last = max((one for one in tally.refused if one > back), default=back)
    return [
        [f"Redis killed for {back - gone:.1f} s, 64 callers: calls answered / refused with 503 / cut", told(tally)],
        ["calls let in a second or more after Redis had gone", len(during)],
        ["first call let in / last one refused, after Redis was back", f"{first - back:.2f} / {last - back:.2f} s"],
    ]


def _up(words: list[str], address: Path) -> subprocess.Popen[bytes]:
    address.unlink(missing_ok=True)
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    while (
        subprocess.run(["redis-cli", "-s", str(address), "ping"], capture_output=True, check=False).stdout != b"PONG\n"
    ):
        time.sleep(0.02)
    return process


if __name__ == "__main__":
    main()
