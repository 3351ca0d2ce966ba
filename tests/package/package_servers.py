"""Owns starting the package's command as a process, over stdio or HTTP, and connecting to it in either protocol era."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mcp import Client, StdioServerParameters

ROOT = Path(__file__).parents[2]
Transport = Literal["stdio", "http"]
# Protocol version -> how the SDK's client is told to use it; `auto` asks the server, which knows the newer one.
ERAS = {"2025-11-25": "legacy", "2026-07-28": "auto"}


def environment(tenant: str = "acme", **values: str) -> dict[str, str]:
    """What the process sees: no configuration but what is given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUSTOMER_")}
    return kept | {"PYTHONPATH": str(ROOT / "generated" / tenant), "PYTHONUNBUFFERED": "1"} | values


@dataclass(frozen=True)
class Served:
    """A server over HTTP: its address, and what it has written to its log so far."""

    url: str
    log: Path

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")


@contextmanager
def serving(
    folder: Path, *options: str, tenant: str = "acme", command: list[str] | None = None, **values: str
) -> Iterator[Served]:
    """`serve --transport http` on a free port, without grants, for as long as the block runs."""
    log = folder / f"serve-{os.getpid()}-{len(list(folder.glob('serve-*')))}.log"
    words = command or [sys.executable, "-m", f"kustomer_mcp_{tenant}"]
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [*words, "serve", "--transport", "http", "--port", "0", *(options or ("--open",))],
            env=environment(tenant, **values), stdin=subprocess.DEVNULL, stdout=out, stderr=out, text=True,
        )  # fmt: skip
        try:
            yield Served(announced(process, log), log)
        finally:
            process.terminate()
            process.wait(timeout=20)


def announced(process: subprocess.Popen[str], log: Path) -> str:
    """The address that a server says it listens on, in a log that nobody else need read: a full pipe would stop it."""
    for _ in range(600):
        if found := re.search(r"http://\S+/mcp", log.read_text(encoding="utf-8")):
            return found[0]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(encoding='utf-8')}")


@asynccontextmanager
async def connected(transport: Transport, era: str, url: str, key: str, served: str = "") -> AsyncIterator[Client]:
    """A client of acme's package: a process of its own over stdio, or the server at `served`."""
    if transport == "http":
        async with Client(served, mode=ERAS[era]) as client:
            yield client
        return
    values = environment(KUSTOMER_BASE_URL=url, KUSTOMER_API_KEY=key)
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "kustomer_mcp_acme", "serve"], env=values)
    async with Client(parameters, mode=ERAS[era]) as client:
        yield client
