"""Owns what access control costs: load with grants beside the same server without them, and starting with 10,000 grants."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from bench.emulator import emulator
from bench.everything import ROOT
from bench.load import Call, Load, loaded
from bench.packages import Served
from bench.processes import FOR_EVER, drained, started
from bench.table import Row, Section, spread
from bench.wire import announced, list_over_http

_CALLERS, _REQUESTS, _ROUNDS, _WARM_UP = 32, 1500, 5, 200
_GRANTS = 10_000
# At least 0.9 of the throughput without grants, said as "at most" of its inverse.
_AIM = 1 / 0.9
_KEY = "sandbox-acme"
_TOOL = "get_single_kustomer_customer_by_id"


def measured(acme: Served, folder: Path) -> Section:
    """Rows for a tool's call and for the bare protocol, each with and without a grant; then the start."""
    with emulator() as base:
        answer = httpx2.get(f"{base}/v1/customers/externalId=USR-100", headers={"Authorization": f"Bearer {_KEY}"})
        customer = answer.raise_for_status().json()["data"]["id"]
        ours = _with(acme, KUSTOMER_BASE_URL=base, KUSTOMER_API_KEY=_KEY, KUSTOMER_MCP_CALLS_PER_MINUTE="100000")
        ways: dict[str, tuple[str, dict[str, object], bytes]] = {
            "tools/call": ("tools/call", {"name": _TOOL, "arguments": {"id": customer}}, b'"structuredContent"'),
            "tools/list": ("tools/list", {}, b'"tools":'),
        }
        rows = [row for name, way in ways.items() for row in _rows(name, way, ours, folder / name.replace("/", "-"))]
    rows += _starts(acme, folder / "start")
    how = (
        f"{_CALLERS} callers, one grant, kept connections, {_REQUESTS} requests in the 2026-07-28 era; "
        f"with and without grants in turn, {_ROUNDS} rounds; SQLite store; callers, server and emulator share the cores."
    )
    return Section("Grants", how, rows)


def _rows(name: str, way: tuple[str, dict[str, object], bytes], server: Served, folder: Path) -> list[Row]:
    method, params, expect = way
    with _serving(server) as open_url, _serving(closed(server, folder)) as closed_url:
        secret = asyncio.run(granted(store_in(folder), _named(1)))[0]
        with_grant = Call(f"{closed_url}/{secret}", method, params, expect)
        without = Call(open_url, method, params, expect)
        for call in (with_grant, without):
            loaded(call, _CALLERS, _WARM_UP)
        rounds = [_round(with_grant, without, turn) for turn in range(_ROUNDS)]
    ratios = [bare.per_second / granted.per_second for granted, bare in rounds]
    tails = [granted.p99 / bare.p99 for granted, bare in rounds]
    return [
        Row(f"{name}: requests per second with grants", median(g.per_second for g, _ in rounds), "req/s"),
        Row(f"{name}: without", median(b.per_second for _, b in rounds), "req/s"),
        Row(f"{name}: p99 with grants", median(g.p99 for g, _ in rounds), "ms"),
        Row(f"{name}: p99 without", median(b.p99 for _, b in rounds), "ms"),
        Row(f"{name}: throughput without to with", median(ratios), "x", spread(ratios), _AIM),
        Row(f"{name}: p99 with to without", median(tails), "x", spread(tails)),
    ]


def _round(with_grant: Call, without: Call, turn: int) -> tuple[Load, Load]:
    if turn % 2:
        bare = loaded(without, _CALLERS, _REQUESTS)
        return loaded(with_grant, _CALLERS, _REQUESTS), bare
    granted = loaded(with_grant, _CALLERS, _REQUESTS)
    return granted, loaded(without, _CALLERS, _REQUESTS)


def _starts(acme: Served, folder: Path) -> list[Row]:
    """Process start to the first list, through a grant among 10,000 and one that is alone."""
    few, many = closed(acme, folder / "few"), closed(acme, folder / "many")
    secrets = {"few": asyncio.run(granted(store_in(folder / "few"), _named(1)))[0]}
    begin = time.perf_counter()
    secrets["many"] = asyncio.run(granted(store_in(folder / "many"), _named(_GRANTS)))[-1]
    making = time.perf_counter() - begin
    seconds: dict[str, list[float]] = {"few": [], "many": []}
    for turn in range(_ROUNDS + 1):
        for name, server in (("few", few), ("many", many)):
            took = _start(server, secrets[name])
            seconds[name] += [took] if turn else []
    ratios = [many / few for few, many in zip(seconds["few"], seconds["many"], strict=True)]
    with sqlite3.connect(folder / "many" / "grants.sqlite3") as database:
        size = database.execute("select page_count * page_size from pragma_page_count(), pragma_page_size()").fetchone()
    return [
        Row(f"start with {_GRANTS:,} grants", median(seconds["many"]), "s", spread(seconds["many"])),
        Row("the same with one grant", median(seconds["few"]), "s", spread(seconds["few"])),
        Row(f"start with {_GRANTS:,} grants to one", median(ratios), "x", spread(ratios), 1.1),
        Row(f"making {_GRANTS:,} grants", making, "s"),
        Row(f"the store with {_GRANTS:,} grants", size[0] / 1000, "kB"),
    ]


def _start(server: Served, secret: str) -> float:
    with httpx2.Client(timeout=30) as client:
        start = time.perf_counter()
        with started(server.http, server.environment) as process:
            list_over_http(client, f"{announced(process)}/{secret}")
            return time.perf_counter() - start


def _with(server: Served, **variables: str) -> Served:
    return replace(server, environment=server.environment | variables)


def closed(server: Served, folder: Path) -> Served:
    """The same server, which asks for grants."""
    folder.mkdir(parents=True, exist_ok=True)
    http = [word for word in server.http if word != "--open"]
    return replace(_with(server, KUSTOMER_MCP_STORE=str(folder / "grants.sqlite3")), http=http)


@contextmanager
def _serving(server: Served) -> Iterator[str]:
    with started(server.http, server.environment, FOR_EVER) as process:
        url = announced(process)
        assert process.stderr is not None
        drained(process.stderr)
        yield url


def _named(count: int) -> list[dict[str, Any]]:
    return [{"name": f"bench {number}"} for number in range(count)]


async def granted(store: str, wanted: Sequence[Mapping[str, Any]], key: str = "") -> list[str]:
    """The secrets of new grants in a store, made by the package's own code of their words."""
    sys.path.insert(0, str(ROOT / "generated" / "acme"))
    opening = import_module("kustomer_mcp_acme.runtime.grants.opening")
    grants = opening.open_grants("kustomer_mcp_acme", opening.GrantSettings(store, key))
    try:
        return [(await grants.create(words, "bench")).secret for words in wanted]
    finally:
        await grants.aclose()


def store_in(folder: Path) -> str:
    """The address of a store in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / "grants.sqlite3")
