"""Owns the least MCP client over stdio that can have several calls under way. It is the same for every server."""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

Json = Any
_LIMIT = 1 << 27
_HANDSHAKE = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}


class Client:
    """One server as a process; every request has a time-out."""

    def __init__(self, process: asyncio.subprocess.Process, patience: float) -> None:
        self._process, self._patience = process, patience
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._reader = asyncio.create_task(self._read())
        self.largest = 0

    async def request(self, method: str, params: Json) -> Json:
        """The result of a request.

        Raises:
            RuntimeError: The server answered with an error, or ended.
            TimeoutError: It did not answer.
        """
        number = next(self._ids)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        answer = await asyncio.wait_for(self._waiting[number], self._patience)
        if "result" not in answer:
            raise RuntimeError(f"{method}: {json.dumps(answer.get('error'))[:200]}")
        return answer["result"]

    async def tools(self) -> list[Json]:
        """Handshake, then every tool, page by page."""
        await self.request("initialize", _HANDSHAKE)
        await self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        found: list[Json] = []
        cursor: Json = None
        while True:
            page = await self.request("tools/list", {"cursor": cursor} if cursor else {})
            found += page["tools"]
            cursor = page.get("nextCursor")
            if not cursor:
                return found

    async def call(self, name: str, arguments: Json) -> Json:
        return await self.request("tools/call", {"name": name, "arguments": arguments})

    @property
    def peak_mb(self) -> float:
        """The most memory that the server's process has had (Linux only, else 0)."""
        status = Path(f"/proc/{self._process.pid}/status")
        if sys.platform != "linux" or not status.exists():
            return 0.0
        row = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM")), "VmHWM: 0")
        return int(row.split()[1]) * 1024 / 1e6

    async def _send(self, message: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            with suppress(ValueError):
                message = json.loads(line)
                future = self._waiting.pop(message.get("id"), None) if "method" not in message else None
                if future and not future.done():
                    future.set_result(message)
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(RuntimeError("the server ended"))

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def connected(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, patience: float = 30.0
) -> AsyncIterator[Client]:
    """A server for as long as the block runs; what it writes to stderr goes to a file beside."""
    with (folder / "stderr.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env=dict(environment), cwd=folder, limit=_LIMIT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
        )  # fmt: skip
        client = Client(process, patience)
        try:
            yield client
        finally:
            await client.close()
