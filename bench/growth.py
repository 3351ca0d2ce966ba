"""Owns how load grows: requests per second and times from 1 to 256 callers, and from 10 tools to all of them.

`python -m bench.growth [--requests 2000] [--dry]`; --dry leaves docs/reliability.md as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bench import document
from bench.emulator import emulator
from bench.everything import ROOT, TENANT, command, write_specs
from bench.grants import closed, granted, store_in
from bench.load import Call, Load, loaded
from bench.mix import records
from bench.packages import Served, package
from bench.processes import FOR_EVER, drained, run, started
from bench.watched import look, processor_seconds
from bench.wire import announced

_CALLERS, _AT_ONCE = (1, 4, 16, 64, 256), 32
_TOOLS = (10, 41, 100)
_KEY, _TOOL = "sandbox-acme", "get_single_kustomer_customer_by_id"
_WARM_UP = 300


@dataclass(frozen=True, slots=True)
class Measured:
    """Load, and the processor time of the server for one request in milliseconds."""

    load: Load
    processor: float

    def cells(self) -> list[str]:
        """As a table has them."""
        return [f"{self.load.per_second:.0f}", f"{self.processor:.2f}", f"{self.load.p50:.0f}", f"{self.load.p99:.0f}"]


@dataclass(frozen=True, slots=True)
class Running:
    """A server that asks for grants: its process, and what is asked of it."""

    pid: int
    calls: dict[str, Call]

    def measured(self, method: str, callers: int, requests: int) -> Measured:
        """One measurement."""
        before = processor_seconds(self.pid)
        load = loaded(self.calls[method], callers, requests)
        return Measured(load, (processor_seconds(self.pid) - before) / requests * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--requests", type=int, default=2000, help="Requests of each measurement")
    parser.add_argument("--dry", action="store_true", help="Print only")
    said = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, emulator() as base:
        parts = [_by_callers(base, Path(name), said.requests), _by_tools(base, Path(name), said.requests)]
    text = "\n\n".join([document.where(f"python -m bench.growth --requests {said.requests}", load), *parts])
    print(text)
    if not said.dry:
        document.put("growth", text)


def _by_callers(base: str, folder: Path, requests: int) -> str:
    acme = package("acme", ROOT / "generated" / "acme", "acme")
    rows = []
    with _running(acme, base, folder / "callers") as server:
        for callers in _CALLERS:
            both = [server.measured(method, callers, requests) for method in server.calls]
            rows.append([callers, *(cell for one in both for cell in one.cells())])
    return f"acme's 41 tools, by callers:\n\n{document.table(_head('callers'), rows)}"


def _by_tools(base: str, folder: Path, requests: int) -> str:
    rows = []
    for count in (*_TOOLS, None):
        made, tools = _package(folder / f"tools-{count}", count)
        with _running(made, base, folder / f"store-{count}") as server:
            both = [server.measured(method, _AT_ONCE, requests) for method in server.calls]
            memory = look([server.pid]).rss / 1000
        rows.append([tools, *(cell for one in both for cell in one.cells()), f"{memory:.0f}"])
    return f"{_AT_ONCE} callers, by tools:\n\n{document.table([*_head('tools'), 'memory MB'], rows)}"


def _head(first: str) -> list[str]:
    columns = ("req/s", "processor ms", "p50 ms", "p99 ms")
    return [first, *(f"{method} {column}" for method in ("call", "list") for column in columns)]


def _package(folder: Path, count: int | None) -> tuple[Served, int]:
    """A package of so many tools out of every operation, or of all of them; and how many it has."""
    write_specs(folder, "lean")
    made = folder / "generated" / TENANT
    run(command(folder, "generate", TENANT), os.environ)
    names = sorted(json.loads((made / f"kustomer_mcp_{TENANT}" / "tools.json").read_text(encoding="utf-8"))["tools"])
    if count is not None:
        others = [name for name in names if name != _TOOL]
        names = [_TOOL, *(others[number * len(others) // (count - 1)] for number in range(count - 1))]
        tenant = folder / "specs" / "tenants" / TENANT / "tenant.toml"
        tenant.write_text(f"{tenant.read_text(encoding='utf-8')}include = {json.dumps(names)}\n", encoding="utf-8")
        run(command(folder, "generate", TENANT), os.environ)
    return package(f"{len(names)} tools", made, TENANT), len(names)


@contextmanager
def _running(server: Served, base: str, folder: Path) -> Iterator[Running]:
    variables = {"KUSTOMER_BASE_URL": base, "KUSTOMER_API_KEY": _KEY, "KUSTOMER_MCP_CALLS_PER_MINUTE": "1000000"}
    ours = closed(replace(server, environment=server.environment | variables), folder)
    with started(ours.http, ours.environment, FOR_EVER) as process:
        url = announced(process)
        assert process.stderr is not None
        drained(process.stderr)
        url = f"{url}/{asyncio.run(granted(store_in(folder), [{'name': 'growth'}]))[0]}"
        call = {"name": _TOOL, "arguments": {"id": records(base, _KEY).customer}}
        calls = {
            "call": Call(url, "tools/call", call, b'"structuredContent"'),
            "list": Call(url, "tools/list", {}, b'"tools":'),
        }
        for one in calls.values():
            loaded(one, _AT_ONCE, _WARM_UP)
        yield Running(process.pid, calls)


if __name__ == "__main__":
    main()
