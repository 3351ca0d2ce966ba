"""Owns starting `serve` as a process, making grants for it, and asking it in plain HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx

from generator.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
READ = "get_single_kustomer_customer_by_id"


def environment(**values: str) -> dict[str, str]:
    """What the process sees: no configuration but what is given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUSTOMER_", "OTEL_"))}
    return kept | {"PYTHONPATH": str(ROOT / "generated" / "acme"), "KUSTOMER_API_KEY": "sandbox-acme"} | values


@dataclass
class Server:
    """A `serve` process: where it listens, and what it has written so far."""

    process: subprocess.Popen[bytes]
    log: Path
    folder: Path
    grants: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The lines of its log, those of one event if named."""
        found = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in found if event is None or line["event"] == event]

    @property
    def base(self) -> str:
        return re.findall(r"(http://[^\s\"]+)/mcp", self.text())[0].replace("0.0.0.0", "127.0.0.1")

    @property
    def url(self) -> str:
        return f"{self.base}/mcp"

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.base)
        return str(parts.hostname), int(parts.port or 0)

    @property
    def store(self) -> str:
        return str(self.folder / "grants.sqlite3")

    def audit(self) -> list[dict[str, Any]]:
        path = self.folder / "audit.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """Tell it to stop; its exit code."""
        self.process.send_signal(sig)
        return self.process.wait(30)


def start(folder: Path, *options: str, preexec: Callable[[], None] | None = None, **values: str) -> Server:
    """Start a server with options and environment, without waiting for it; its grants are in `folder`."""
    log = folder / f"log-{time.monotonic_ns()}.txt"
    command = [sys.executable, "-m", "kustomer_mcp_acme", "serve", "--transport", "http", "--port", "0", *options]
    known = {"KUSTOMER_MCP_STORE": str(folder / "grants.sqlite3")}
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=environment(**known | values), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=preexec,
        )  # fmt: skip
    return Server(process, log, folder)


@contextmanager
def serving(folder: Path, *options: str, **values: Any) -> Iterator[Server]:
    """A server that listens, for as long as the block runs."""
    server = start(folder, *options, **values)
    try:
        wait_for(lambda: server.process.poll() is not None or ("/mcp" in server.text() and reachable(server)))
        assert server.process.poll() is None, server.text()
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()


def reachable(server: Server) -> bool:
    try:
        return httpx.get(f"{server.base}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def under_way(emulator: Sandbox) -> bool:
    """Whether a call has met the delay that was ordered for it: Kustomer has it, and does not answer yet."""
    return not emulator.faults._queue


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until a condition holds, and give what it gave; fail where it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came to that")


def grant(store: str, key: str = "", **words: Any) -> tuple[str, str]:
    """Make a grant; its id and its secret."""
    return anyio.run(_granted, store, key, words)


async def _granted(store: str, key: str, words: Mapping[str, Any]) -> tuple[str, str]:
    from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, open_grants

    grants = open_grants("kustomer_mcp_acme", GrantSettings(store, key))
    try:
        issued = await grants.create({"name": "test", **words}, "test")
    finally:
        await grants.aclose()
    return issued.made.id, issued.secret


def change(store: str, action: str, id: str) -> None:
    """Revoke or rotate a grant, as an operator would from elsewhere."""

    async def changed() -> None:
        from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, open_grants

        grants = open_grants("kustomer_mcp_acme", GrantSettings(store))
        try:
            assert await getattr(grants, action)(id, "test")
        finally:
            await grants.aclose()

    anyio.run(changed)


def call(tool: str = READ, **arguments: Any) -> dict[str, Any]:
    """A tool call of the older era, which needs no session here."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}


def post(url: str, body: Any = None, timeout: float = 20.0, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body or call(id="nobody")).encode()
    return httpx.post(url, content=content, headers=HEADERS | headers, timeout=timeout)


def answer(response: httpx.Response) -> Any:
    """The JSON-RPC message of an answer, streamed or not."""
    lines = [line for line in response.text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1].removeprefix("data:") if lines else response.text)


def said(response: httpx.Response) -> str:
    """The text of a tool's answer."""
    return str(answer(response)["result"]["content"][0]["text"])


def connect(server: Server) -> socket.socket:
    """A bare connection, to send what no client would."""
    one = socket.create_connection(server.address, timeout=20)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one


def raw(server: Server, request: bytes) -> bytes:
    """What comes back for a request as bytes, until the server closes or has nothing more to say."""
    with connect(server) as one:
        one.sendall(request)
        return until_closed(one)


def until_closed(one: socket.socket) -> bytes:
    """Everything until the other side closes, in whatever way."""
    received = b""
    try:
        while chunk := one.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    return received
