"""Owns servers under a fault, and callers who call them all the while and count what becomes of each call."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from bench.everything import ROOT
from bench.grants import granted
from bench.load import Call, exchange, raw
from bench.packages import package
from bench.processes import FOR_EVER, drained, started
from bench.wire import announced

KEY, HASH_KEY = "sandbox-acme", "a-key-of-the-fault-runs-that-is-long-enough"
_TOOL, _NOT_FOUND = "kustomer_customers_using_email", b"HTTP 404 from Kustomer"


@dataclass(frozen=True, slots=True)
class Target:
    """A server under a fault: its process, its address without a secret, and one call of it."""

    process: subprocess.Popen[bytes]
    url: str
    call: Call


@dataclass(slots=True)
class Tally:
    """What came of calls: HTTP status or what else -> how many; and the seconds of the first and last 503."""

    seen: Counter[str] = field(default_factory=Counter)
    refused: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)


@contextmanager
def serving(base: str, folder: Path, *options: str, **variables: str) -> Iterator[Target]:
    """A server that asks for grants, and a call with one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    acme = package("acme", ROOT / "generated" / "acme", "acme")
    known = {
        "KUSTOMER_BASE_URL": base, "KUSTOMER_API_KEY": KEY, "KUSTOMER_MCP_CALLS_PER_MINUTE": "1000000",
        "KUSTOMER_MCP_STORE": str(folder / "grants.sqlite3"), "KUSTOMER_MCP_HASH_KEY": HASH_KEY,
    }  # fmt: skip
    ours = replace(acme, environment=acme.environment | known | variables)
    words = [*(word for word in ours.http if word != "--open"), *options]
    store = variables.get("KUSTOMER_MCP_STORE", known["KUSTOMER_MCP_STORE"])
    secret = asyncio.run(granted(store, [{"name": "faults"}], HASH_KEY))[0]
    with started(words, ours.environment, FOR_EVER) as process:
        url = announced(process)
        assert process.stderr is not None
        drained(process.stderr)
        params = {"name": _TOOL, "arguments": {"email": "ada@example.org"}}
        yield Target(process, url, Call(f"{url}/{secret}", "tools/call", params, _NOT_FOUND))


async def calling(call: Call, tally: Tally, until: asyncio.Event) -> None:
    """Call again and again, each time on a connection of its own."""
    address, request = urlsplit(call.url), raw(call)
    while not until.is_set():
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
        except OSError:
            tally.seen["not connected"] += 1
            await asyncio.sleep(0.01)
            continue
        try:
            writer.write(request)
            answer = await asyncio.wait_for(exchange(reader), 30)
            status = answer[9:12].decode()
            kind = "answered" if _NOT_FOUND in answer else status
            (tally.answered if kind == "answered" else tally.refused).append(time.monotonic())
        except (OSError, EOFError, TimeoutError) as error:
            kind = f"cut: {type(error).__name__}"
        finally:
            writer.close()
        tally.seen[kind] += 1


def told(tally: Tally) -> str:
    """Calls that were answered, refused, and cut without an answer."""
    cut = sum(count for kind, count in tally.seen.items() if kind.startswith("cut"))
    other = sum(count for kind, count in tally.seen.items() if kind.isdecimal())
    return f"{tally.seen['answered']:,} / {other:,} / {cut:,}"
