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
from bench.peers.client import connected
from bench.peers.generation import DOCUMENT
from bench.peers.profile import violations

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
    missing: list[str] = field(default_factory=list)
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


def serve(adapter: Adapter, folder: Path, url: str, patience: float = 60.0, options: tuple[str, ...] = ()) -> Any:
    """The server of an adapter as a client, to be used in `async with`."""
    assert adapter.serve is not None
    command, environment = adapter.serve(folder / DOCUMENT, folder, url)
    return connected([*command, *options], environment, folder, patience)


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

        async with serve(adapter, folder, url, options=adapter.for_latency) as client:
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
