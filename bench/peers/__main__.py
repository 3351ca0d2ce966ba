"""`python -m bench.peers [NAME...]`: measure ours and every peer, one after the other, and write docs/benchmarks.md."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from bench.emulator import emulator
from bench.everything import ROOT
from bench.peers import generation, injection, measure, report
from bench.peers.adapters import ADAPTERS, Adapter
from bench.peers.calling import Calling
from bench.peers.document import Reader, merged, with_a_field
from bench.peers.measure import Result, attempt
from bench.peers.pins import HOME, PINS, installed
from bench.peers.recorder import Recorder, recording

_TOGETHER = 900.0
Json = Any


def main() -> None:
    start = time.perf_counter()
    wanted = [adapter for adapter in ADAPTERS if not sys.argv[1:] or adapter.name in sys.argv[1:]]
    names = {adapter.name for adapter in wanted}
    failed = {pin.name: why for pin in PINS if pin.name in names and (why := _install(pin))}
    folder = Path(tempfile.mkdtemp())
    began = time.perf_counter()
    try:
        with emulator() as url, recording() as recorder:
            results = [_measured(adapter, folder, recorder, url, failed) for adapter in wanted]
        print("hostile documents ...", file=sys.stderr, flush=True)
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # after all that is timed
            list(pool.map(partial(_hostile, folder), wanted, results))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    kept = {result.name: {"tools": result.not_working, "operations": result.missing} for result in results}
    (HOME / "not-right.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if sys.argv[1:]:
        print(report.text(results, time.perf_counter() - began))
    else:
        report.write(ROOT / "docs" / "benchmarks.md", results, time.perf_counter() - began)
        print(f"docs/benchmarks.md is written, {time.perf_counter() - start:.0f} s")


def _install(pin: Any) -> str:
    try:
        installed(pin)
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
        return said[-1][:160] if said else str(error)[:160]
    return ""


def _measured(adapter: Adapter, folder: Path, recorder: Recorder, url: str, failed: dict[str, str]) -> Result:
    result = Result(adapter.name, adapter.note)
    print(f"{adapter.name} ...", file=sys.stderr, flush=True)
    if adapter.name in failed:
        result.failed["install"] = failed[adapter.name]
        return result
    own = folder / adapter.name
    own.mkdir()
    whole = merged()
    (own / generation.DOCUMENT).write_text(json.dumps(whole), encoding="utf-8")
    made = adapter.generate is None or _generated(adapter, own, whole, result)
    if made and adapter.serve is not None:
        _served(Calling(adapter, recorder, Reader(whole), result), own, url)
    return result


def _generated(adapter: Adapter, own: Path, whole: Json, result: Result) -> bool:
    if not attempt(result, "generation", lambda: result.cells.update(generation.generate(adapter, own))):
        return False
    before = generation.sources(own)
    result.cells["lines"] = f"{sum(map(len, before.values())):,}"
    if adapter.python:
        attempt(result, "check", lambda: result.cells.update(generation.check_python(adapter, own)))
    elif adapter.built is not None:
        result.cells |= {"imports": "yes", "type errors": "0 (tsc)"}

    def changed() -> None:
        more = own / "more"
        more.mkdir()
        (more / generation.DOCUMENT).write_text(json.dumps(with_a_field(whole)), encoding="utf-8")
        generation.generate(adapter, more)
        result.cells["one field more"] = generation.changed_lines(before, generation.sources(more))

    attempt(result, "one field more", changed)
    return True


def _served(calling: Calling, own: Path, url: str) -> None:
    adapter, result = calling.adapter, calling.result
    tools: list[Json] = []

    def listed() -> None:
        tools.extend(asyncio.run(_within(measure.starts(adapter, own, calling.recorder.url, result))))

    if not attempt(result, "start", listed):
        return
    attempt(result, "calls", lambda: asyncio.run(_within(calling.all(own, tools))))
    attempt(result, "latency", lambda: asyncio.run(_within(measure.latency(adapter, own, url, result))))


def _hostile(folder: Path, adapter: Adapter, result: Result) -> None:
    if not adapter.hostile or "install" in result.failed:
        return

    def survived() -> None:
        with recording() as recorder:
            for row in injection.advisories():
                verdict = asyncio.run(
                    _within(injection.injected(adapter, row, folder / adapter.name / "hostile", recorder))
                )
                result.injection[row["id"]] = verdict
        fine = sum(verdict in ("data", "refused") for verdict in result.injection.values())
        result.cells["hostile documents"] = f"{fine} of {len(result.injection)}"

    attempt(result, "hostile documents", survived)


async def _within(step: Any) -> Any:
    return await asyncio.wait_for(step, _TOGETHER)


if __name__ == "__main__":
    main()
