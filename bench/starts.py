"""Owns starting: from the start of a process to its first tools/list answer, and how large that answer is."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import httpx2

from bench.packages import Served
from bench.processes import started
from bench.table import Row, Section, spread
from bench.wire import announced, list_over_http, list_over_stdio, tools_of

_ROUNDS = 7
_AIM = 1.35


def over_stdio(server: Served) -> float:
    start = time.perf_counter()
    with started(server.stdio, server.environment) as process:
        list_over_stdio(process)
        return time.perf_counter() - start


def over_http(server: Served) -> float:
    with httpx2.Client(timeout=30) as client:
        start = time.perf_counter()
        with started(server.http, server.environment) as process:
            list_over_http(client, announced(process))
            return time.perf_counter() - start


def measured(floor: Served, servers: list[Served]) -> Section:
    """Rows for each transport: the floor in seconds, each server in seconds and as a ratio to the floor."""
    ways: tuple[tuple[str, Callable[[Served], float]], ...] = (("stdio", over_stdio), ("http", over_http))
    rows: list[Row] = []
    for transport, way in ways:
        everyone = [floor, *servers]
        for server in everyone:
            way(server)  # byte code and the disk cache
        # Forwards, backwards, forwards ...: a machine that slows down slows each alike.
        rounds = [
            {server.name: way(server) for server in (everyone if turn % 2 else reversed(everyone))}
            for turn in range(_ROUNDS)
        ]
        for server in everyone:
            seconds = [each[server.name] for each in rounds]
            rows.append(Row(f"{server.name}, {transport}", median(seconds), "s", spread(seconds)))
        for server in servers:
            ratios = [each[server.name] / each[floor.name] for each in rounds]
            rows.append(Row(f"{server.name}, {transport}, to no tools", median(ratios), "x", spread(ratios), _AIM))
    how = (
        f"Process start to the first tools/list answer (initialize, initialized, tools/list); {_ROUNDS} rounds of all in "
        "turn, forwards and backwards, in an environment with what a package asks for and no more; a ratio is the median of "
        "the ratios of one round."
    )
    return Section("Start", how, rows)


def list_sizes(servers: list[tuple[Served, float | None]]) -> Section:
    """Rows for the tools array of each server, with the aim of each in tokens."""
    rows: list[Row] = []
    for server, aim in servers:
        with started(server.stdio, server.environment) as process:
            size = len(tools_of(list_over_stdio(process)).encode())
        rows.append(Row(f"{server.name}: tools/list", size / 1000, "kB"))
        rows.append(Row(f"{server.name}: tools/list, estimated", size / 4, "tokens", aim=aim))
    return Section(
        "tools/list", "The tools array of the real answer, as on the wire; a token is taken as 4 bytes.", rows
    )
