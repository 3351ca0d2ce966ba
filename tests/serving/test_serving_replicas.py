"""Two servers that share a Redis, behind one address; one is killed under load: every call is answered or clearly refused."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from serving_kit import READ, Server, grant, post, serving, wait_for

from generator.sandbox import Sandbox

KEY = "a-key-for-hashes-of-at-least-32-bytes"
CALLERS, CALLS = 6, 10
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/problem+json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis server, without files; its address."""
    program = shutil.which("redis-server")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("redis-server is not installed")
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("redis")
    words = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)

    def answers() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(answers)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait()


class Balancer:
    """Gives each request to the next server in turn, as a load balancer does; one that does not answer costs a 502.

    A request is sent once: what a server may have begun is never sent to another.
    """

    def __init__(self, servers: list[tuple[str, int]]) -> None:
        self._servers = servers
        self._turn = 0
        self.refused = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, and its answer as it comes."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            names = [line.partition(b":") for line in head.split(b"\r\n")]
            size = next((int(value) for name, _, value in names if name.lower() == b"content-length"), 0)
            body = await reader.readexactly(size)
            self._turn += 1
            await self._pass_on(self._servers[self._turn % len(self._servers)], head, body, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _pass_on(self, server: tuple[str, int], head: bytes, body: bytes, writer: asyncio.StreamWriter) -> None:
        sent = 0
        try:
            theirs, to_them = await asyncio.open_connection(*server)
            first, _, rest = head.partition(b"\r\n")
            to_them.write(first + b"\r\nConnection: close\r\n" + rest.replace(b"keep-alive", b"close") + body)
            while chunk := await theirs.read(65536):
                sent += len(chunk)
                writer.write(chunk)
                await writer.drain()
            to_them.close()
        except OSError:
            if sent:
                raise
        if not sent:
            self.refused += 1
            writer.write(BAD_GATEWAY)
            await writer.drain()


@asynccontextmanager
async def balanced(servers: list[Server]) -> AsyncIterator[tuple[str, Balancer]]:
    """The address behind which the servers are."""
    balancer = Balancer([server.address for server in servers])
    listener = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    async with listener:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", balancer


async def load(url: str, era: str, seen: Counter[str], half: asyncio.Event) -> None:
    """Calls one after the other; what came of each. A client that lost its way connects anew."""
    for _ in range(CALLS):
        try:
            async with asyncio.timeout(20):
                async with Client(url, mode=era) as client:
                    result: Any = await client.call_tool(READ, {"id": "nobody"})
            text = result.content[0].text
            seen["answered" if text.startswith("HTTP 404 from Kustomer") else f"strange: {text}"] += 1
        except TimeoutError:
            seen["hung"] += 1
        except (httpx2.HTTPError, MCPError, OSError) as error:
            seen[f"refused: {type(error).__name__}"] += 1
        except BaseExceptionGroup as group:
            rest = group.split((httpx2.HTTPError, MCPError, OSError))[1]
            seen["refused: group" if rest is None else f"strange: {rest!r}"] += 1
        if seen.total() >= CALLERS * CALLS // 3:
            half.set()


def test_a_replica_that_is_killed_under_load_costs_no_grant_and_hangs_no_call(
    redis: str, emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = {
        "KUSTOMER_BASE_URL": emulator.url, "KUSTOMER_MCP_STORE": redis, "KUSTOMER_MCP_HASH_KEY": KEY,
        "KUSTOMER_MCP_CALLS_PER_MINUTE": "100000",
    }  # fmt: skip
    first, second = (tmp_path_factory.mktemp(name) for name in ("first", "second"))
    secrets = [grant(redis, KEY, name=str(number))[1] for number in range(CALLERS)]
    seen: Counter[str] = Counter()

    async def scene(servers: list[Server]) -> int:
        async with balanced(servers) as (base, balancer):
            half = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                for number, secret in enumerate(secrets):
                    era = "legacy" if number % 2 else "2026-07-28"
                    group.create_task(load(f"{base}/mcp/{secret}", era, seen, half))
                await half.wait()
                servers[0].process.send_signal(signal.SIGKILL)
            return balancer.refused

    with serving(first, **values) as one, serving(second, **values) as other:
        refused = asyncio.run(scene([one, other]))
        assert one.process.wait(10) == -9
        assert seen.total() == CALLERS * CALLS
        assert not [kind for kind in seen if kind.startswith(("strange", "hung"))], seen
        assert seen["answered"] >= CALLERS * CALLS // 3 and refused > 0, seen
        assert all(post(f"{other.url}/{secret}").status_code == 200 for secret in secrets)
        shown = httpx.get(f"{other.base}/readyz")
        assert shown.json() == {"status": "ready"}
