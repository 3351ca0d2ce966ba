"""Owns the measurements of one adapter that serves: each gives figures by column, or says in one line why there are none."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.peers.adapters import KEY, Adapter
from bench.peers.client import Client, connected
from bench.peers.document import Published, Reader
from bench.peers.generation import DOCUMENT
from bench.peers.profile import violations
from bench.peers.recorder import Recorder
from bench.peers.values import Maker

Json = Any
_CALLS, _AT_ONCE, _STARTS = 200, 16, 3


@dataclass(slots=True)
class Result:
    """Figures by column; `failed` is a step and the reason why it gave none."""

    name: str
    note: str
    cells: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    not_working: dict[str, str] = field(default_factory=dict)
    profile: dict[str, int] = field(default_factory=dict)
    injection: dict[str, str] = field(default_factory=dict)
    customer: tuple[str, str] = ("", "")


def attempt(result: Result, step: str, action: Callable[[], None]) -> bool:
    """Do one step; whatever a peer does wrong is its result and stops nothing else."""
    try:
        action()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or b"").decode(errors="replace").strip().splitlines()
        result.failed[step] = f"exit code {error.returncode}{': ' + said[-1][:160] if said else ''}"
    except (
        OSError,
        RuntimeError,
        TimeoutError,
        ValueError,
        KeyError,
        TypeError,
        subprocess.TimeoutExpired,
        httpx.HTTPError,
    ) as error:
        result.failed[step] = f"{type(error).__name__}: {str(error)[:160]}".replace("\n", " ")
    return step not in result.failed


def serve(adapter: Adapter, folder: Path, url: str, patience: float = 60.0) -> Any:
    """The server of an adapter as a client, to be used in `async with`."""
    assert adapter.serve is not None
    command, environment = adapter.serve(folder / DOCUMENT, folder, url)
    return connected(command, environment, folder, patience)


async def starts(adapter: Adapter, folder: Path, url: str, result: Result) -> list[Json]:
    """Start to first list, its size and the memory then."""
    seconds, peaks, tools = [], [], []
    for _ in range(_STARTS + 1):
        start = time.perf_counter()
        async with serve(adapter, folder, url) as client:
            tools = await client.tools()
            seconds.append(time.perf_counter() - start)
            peaks.append(client.peak_mb)
    size = len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())
    result.cells |= {
        "tools": str(len(tools)),
        "start to list, s": f"{median(seconds[1:]):.1f}",
        "list, tokens": f"{size / 4:,.0f}",
        "memory, MB": f"{median(peaks[1:]):,.0f}" if any(peaks) else "-",
    }
    result.profile = violations(tools)
    result.cells["profile violations"] = f"{sum(result.profile.values()):,} in {len(result.profile)} rules"
    return tools


@dataclass(frozen=True, slots=True)
class Calling:
    """What calling the tools of a peer takes: whose they are, what arrives, and what should."""

    adapter: Adapter
    recorder: Recorder
    reader: Reader
    result: Result

    async def all(self, folder: Path, tools: list[Json]) -> None:
        """Call every tool with all of its arguments, then with those that must be; it works if both requests are right."""
        working: set[str] = set()
        named: set[str] = set()
        async with serve(self.adapter, folder, self.recorder.url, 20.0) as client:
            await client.tools()
            for tool in tools:
                verdicts = [await self._one(client, tool, everything) for everything in (True, False)]
                keys = {key for key, _ in verdicts if key}
                named |= keys
                problem = next((said for _, said in verdicts if said), "")
                if problem:
                    self.result.not_working[tool["name"]] = problem
                else:
                    working |= keys
        self.result.cells["operations reached"] = f"{len(named)}"
        self.result.cells["operations right"] = f"{len(working)} of {len(self.reader.operations)}"

    async def _one(self, client: Client, tool: Json, everything: bool) -> tuple[str, str]:
        """The operation that a call reached, and what was wrong with it."""
        self.recorder.taken()
        said = ""
        try:
            given = Maker(tool["inputSchema"], everything, self.adapter.own).arguments()
            answer = await client.call(tool["name"], given)
            content = answer.get("content") or [{}]
            said = str(content[0].get("text", ""))[:140] if answer.get("isError") else ""
        except (RuntimeError, TimeoutError) as error:
            said = f"{type(error).__name__}: {error}"[:140]
        except Exception as error:  # arguments can't be made: a pattern that is none, a reference into itself
            return "", f"no arguments can be made: {type(error).__name__}"
        arrived = self.recorder.taken()
        if not arrived:
            return "", f"nothing arrived: {said}".replace("\n", " ")
        request = arrived[-1]
        found: Published | None = self.reader.find(request.method, request.target)
        if found is None:
            return "", f"{request.method} {request.target[:80]} is no operation"
        if found.key == "GET /v1/customers/{id}" and not everything and not self.result.customer[0]:
            self.result.customer = (tool["name"], next(iter(given), ""))
        problems = self.reader.problems(found, request.target, request.raw, given)
        return found.key, "; ".join(problems[:3])


async def latency(adapter: Adapter, folder: Path, url: str, result: Result) -> None:
    """One tool against the emulator: one call after the other, and several at once, beside httpx alone."""
    name, argument = result.customer
    if not name:
        result.failed["latency"] = "no tool reads one customer"
        return
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as bare:
        customer = (await bare.get("/v1/customers/externalId=USR-100")).raise_for_status().json()["data"]["id"]

        async def direct() -> None:
            (await bare.get(f"/v1/customers/{customer}")).raise_for_status().json()

        async with serve(adapter, folder, url) as client:
            await client.tools()

            async def through() -> None:
                answer = await client.call(name, {argument: customer})
                if customer not in json.dumps(answer):
                    raise RuntimeError(f"the answer is not the customer: {json.dumps(answer)[:120]}")

            await through()
            one = {key: await _p50(way) for key, way in (("bare", direct), ("tool", through))}
            many = {key: await _rate(way) for key, way in (("bare", direct), ("tool", through))}
    result.cells["call, x httpx"] = f"{one['tool'] / one['bare']:.1f} ({one['tool'] * 1000:.1f} ms)"
    result.cells["throughput, of httpx"] = f"{many['tool'] / many['bare']:.2f} ({many['tool']:,.0f}/s)"


async def _p50(way: Callable[[], Any]) -> float:
    for _ in range(20):
        await way()
    seconds = []
    for _ in range(_CALLS):
        start = time.perf_counter()
        await way()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


async def _rate(way: Callable[[], Any]) -> float:
    async def worker() -> None:
        for _ in range(_CALLS // 8):
            await way()

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
    return _AT_ONCE * (_CALLS // 8) / (time.perf_counter() - start)
