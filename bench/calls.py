"""Owns tools/call over HTTP, beside what it can't do without: the bare call to Kustomer, and the SDK's own cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import httpx2

from bench.emulator import emulator
from bench.packages import Served, empty
from bench.processes import drained, started
from bench.table import Row, Section
from bench.wire import announced, call

_ROUNDS, _WARM_UP = 400, 40
_AIM = 2.0
_KEY = "sandbox-acme"
_CUSTOMER = "/v1/customers/externalId=USR-100"
_TOOL = "get_single_kustomer_customer_by_id"


def measured(acme: Served) -> Section:
    """Rows for both protocol eras: tool, bare call, no-op tool, and the two ratios."""
    with emulator() as base, httpx2.Client(timeout=30) as client:
        client.headers["Authorization"] = f"Bearer {_KEY}"
        customer = client.get(base + _CUSTOMER).raise_for_status().json()["data"]["id"]
        variables = {"KUSTOMER_BASE_URL": base, "KUSTOMER_API_KEY": _KEY}
        ours = replace(acme, environment=acme.environment | variables)
        rows = [row for era in ("legacy", "modern") for row in _era(era, ours, client, base, customer)]
    how = (
        f"One call after the other on loopback, connections kept open, servers and emulator in processes of their own; "
        f"p50 of {_ROUNDS} rounds of the three in turn."
    )
    return Section("tools/call over HTTP (get one customer)", how, rows)


def _era(era: str, ours: Served, client: httpx2.Client, base: str, customer: str) -> list[Row]:
    noop = empty("noop")
    with started(ours.http, ours.environment) as tool, started(noop.http, noop.environment) as nothing:
        tool_url, noop_url = announced(tool), announced(nothing)
        for process in (tool, nothing):
            assert process.stderr is not None
            drained(process.stderr)
        arguments = {"id": customer}
        ways: dict[str, Callable[[], object]] = {
            "tool": lambda: call(client, tool_url, era, _TOOL, arguments),
            "bare": lambda: client.get(f"{base}/v1/customers/{customer}").raise_for_status().json(),
            "noop": lambda: call(client, noop_url, era, "noop", arguments),
        }
        rounds = [{name: _timed(way) for name, way in ways.items()} for _ in range(_WARM_UP + _ROUNDS)][_WARM_UP:]
    p50 = {name: median(each[name] for each in rounds) * 1000 for name in ways}
    return [
        Row(f"{era}: tool", p50["tool"], "ms"),
        Row(f"{era}: bare httpx2 call of the same endpoint", p50["bare"], "ms"),
        Row(f"{era}: no-op tool of an otherwise empty SDK server", p50["noop"], "ms"),
        Row(f"{era}: tool to bare call", p50["tool"] / p50["bare"], "x"),
        Row(f"{era}: tool to bare call + no-op tool", p50["tool"] / (p50["bare"] + p50["noop"]), "x", aim=_AIM),
    ]


def _timed(way: Callable[[], object]) -> float:
    start = time.perf_counter()
    way()
    return time.perf_counter() - start
