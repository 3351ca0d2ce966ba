"""Owns the soak: 64 callers over several grants for minutes, and whether anything fails, leaks or slows down.

`python -m bench.soak [--minutes 10] [--dry]`; --dry leaves docs/reliability.md as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, quantiles
from typing import Any

from bench import document
from bench.emulator import emulator
from bench.everything import ROOT
from bench.grants import granted, store_in
from bench.load import Call, exchange, raw
from bench.mix import Kind, discovered, kinds, records
from bench.packages import package
from bench.processes import FOR_EVER, drained, started
from bench.slope import Slope, slope
from bench.watched import Kept, Look, kept, look, serving_processes, telling, tells
from bench.wire import announced

_CALLERS, _WORKERS = 64, (1, 2)
_KEY, _SEARCHES = "sandbox-acme", 600
_PATIENCE_SECONDS = 60
# After so many requests a caller connects anew: connections come and go, and each worker meets every kind of request.
_KEPT_REQUESTS = 50
# How long the server has after the load to close what is open.
_IDLE_SECONDS = 3
# What of a run counts as warming up.
_WARM_UP = 0.25
_GRANTS: tuple[dict[str, Any], ...] = (
    *({"name": f"url {number}"} for number in range(4)),
    *({"name": f"bearer {number}"} for number in range(3)),
    {"name": "discovery", "exposure": "discovery"},
)


@dataclass(slots=True)
class Seen:
    """What came of a run so far: `seconds` under load, and what was held when the load had ended, after each part of it."""

    seconds: float = 0.0
    milliseconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    looks: list[tuple[float, Look]] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Soaked:
    """A run: the number of workers, how long it took, and what was seen."""

    workers: int
    seconds: float
    seen: Seen

    @property
    def settled(self) -> list[tuple[float, Look]]:
        """The looks after warming up."""
        return [one for one in self.seen.looks if one[0] >= self.seconds * _WARM_UP]

    @property
    def slope(self) -> Slope:
        """How memory grows after warming up, in kB a minute."""
        return slope([(second / 60, float(one.rss)) for second, one in self.settled])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--minutes", type=float, default=10.0, help="How long for each number of workers")
    parser.add_argument("--dry", action="store_true", help="Print only")
    said = parser.parse_args()
    load = os.getloadavg()[0]
    runs = [soaked(workers, said.minutes * 60) for workers in _WORKERS]
    text = f"{document.where(f'python -m bench.soak --minutes {said.minutes:g}', load)}\n\n{shown(runs)}"
    print(text)
    if not said.dry:
        document.put("soak", text)
    for run in runs:
        for line in run.seen.wrong[:10]:
            print(f"{run.workers} workers: {line}", file=sys.stderr)
    sys.exit(any(run.seen.wrong for run in runs))


def soaked(workers: int, seconds: float) -> Soaked:
    """One run, with an emulator, a server and a store of its own."""
    with tempfile.TemporaryDirectory() as name, emulator(_SEARCHES) as base:
        folder = Path(name)
        server = package("acme", ROOT / "generated" / "acme", "acme")
        secrets = asyncio.run(granted(store_in(folder), _GRANTS))
        variables = {
            "KUSTOMER_BASE_URL": base, "KUSTOMER_API_KEY": _KEY, "KUSTOMER_MCP_STORE": str(folder / "grants.sqlite3"),
            "KUSTOMER_MCP_CALLS_PER_MINUTE": "1000000",
        }  # fmt: skip
        words = [*(word for word in server.http if word != "--open"), "--workers", str(workers)]
        with started(words, telling(folder / "tasks", server.environment | variables), FOR_EVER) as process:
            url = announced(process)
            assert process.stderr is not None
            drained(process.stderr)
            pids = _come_up(process.pid, workers)
            calls, seen = _calls(url, secrets, base), Seen()
            for part in (_WARM_UP, 1 - _WARM_UP):
                asyncio.run(_run(calls, pids, folder / "tasks", seconds * part, seen))
                time.sleep(_IDLE_SECONDS)
                seen.kept.append(kept(pids, folder / "tasks"))
    return Soaked(workers, seconds, seen)


def _come_up(pid: int, workers: int) -> list[int]:
    """The processes that answer, once there are all of them."""
    for _ in range(_PATIENCE_SECONDS * 10):
        time.sleep(0.1)
        pids = serving_processes(pid, workers)
        if len(pids) == workers and all(tells(one) for one in pids):
            return pids
    raise RuntimeError(f"the server's {workers} workers did not start")


def _calls(url: str, secrets: Sequence[str], base: str) -> list[list[tuple[Kind, bytes]]]:
    """For each grant what its callers send, as bytes, in both eras."""
    found = records(base, _KEY)
    made = []
    for words, secret in zip(_GRANTS, secrets, strict=True):
        mix = discovered(found) if words.get("exposure") == "discovery" else kinds(found)
        bearer = str(words["name"]).startswith("bearer")
        target, headers = (url, {"Authorization": f"Bearer {secret}"}) if bearer else (f"{url}/{secret}", {})
        calls = [(one, Call(target, one.method, one.params, one.good, headers)) for one in mix]
        made.append([(one, raw(call, era)) for one, call in calls for era in ("modern", "legacy")])
    return made


async def _run(
    calls: list[list[tuple[Kind, bytes]]], pids: list[int], folder: Path, seconds: float, seen: Seen
) -> None:
    """One part of a run."""
    before, begin = seen.seconds, time.monotonic()
    head = calls[0][0][1].partition(b"Host: ")[2].partition(b"\r\n")[0].decode()
    host, _, port = head.partition(":")

    async def caller(number: int) -> None:
        mine, chance = calls[number % len(calls)], random.Random(number + before)
        weights = [kind.weight for kind, _ in mine]
        reader, writer = await asyncio.open_connection(host, int(port))
        turn = 0
        while time.monotonic() - begin < seconds:
            turn += 1
            ((kind, request),) = chance.choices(mine, weights)
            start = time.perf_counter()
            try:
                writer.write(request)
                answer = await asyncio.wait_for(exchange(reader), 60)
            except (OSError, EOFError, TimeoutError) as error:
                answer = repr(error).encode()
            _note(seen, kind, answer, (time.perf_counter() - start) * 1000)
            if turn % _KEPT_REQUESTS == 0 or not answer.startswith(b"HTTP/"):
                writer.close()
                reader, writer = await asyncio.open_connection(host, int(port))
        writer.close()

    async def watch() -> None:
        while time.monotonic() - begin < seconds:
            seen.looks.append((before + time.monotonic() - begin, look(pids, folder)))
            await asyncio.sleep(1)

    async with asyncio.TaskGroup() as group:
        group.create_task(watch())
        for number in range(_CALLERS):
            group.create_task(caller(number))
    seen.seconds += seconds


def _note(seen: Seen, kind: Kind, answer: bytes, milliseconds: float) -> None:
    verdict = kind.verdict(answer)
    seen.verdicts[kind.name, verdict] += 1
    seen.milliseconds[kind.name].append(milliseconds)
    if verdict == "wrong":
        seen.wrong.append(f"{kind.name}: {answer[:400]!r}")


def shown(runs: Sequence[Soaked]) -> str:
    """The runs as tables: all of each run, then each kind of request."""
    head = ["", *(f"{run.workers} worker{'s' if run.workers > 1 else ''}" for run in runs)]
    columns = [_totals(run) for run in runs]
    totals = [[name, *(column[name] for column in columns)] for name in columns[0]]
    last = runs[-1]
    each = [_kind(name, last.seen) for name in last.seen.milliseconds]
    names = ["request", "sent", "good", "refused by the emulator", "wrong", "p50 ms", "p99 ms"]
    return f"{document.table(head, totals)}\n\nWith {last.workers} workers, by kind:\n\n{document.table(names, each)}"


def _totals(run: Soaked) -> dict[str, str]:
    return _answered(run) | _used(run)


def _answered(run: Soaked) -> dict[str, str]:
    times = [one for many in run.seen.milliseconds.values() for one in many]
    by = Counter[str]()
    for (_, verdict), count in run.seen.verdicts.items():
        by[verdict] += count
    first, last = run.seen.looks[0][1], run.seen.looks[-1][1]
    cuts = quantiles(times, n=100)
    return {
        "minutes": f"{run.seconds / 60:g}",
        "requests": f"{len(times):,}",
        "refused by the emulator, as they should be": f"{by['refused']:,}",
        "answers that are wrong": f"{by['wrong']:,}",
        "requests per second": f"{len(times) / run.seconds:.0f}",
        "requests per second of one core's processor time": f"{len(times) / (last.processor - first.processor):.0f}",
        "p50 / p99, ms": f"{cuts[49]:.0f} / {cuts[98]:.0f}",
    }


def _used(run: Soaked) -> dict[str, str]:
    (begin, first), (end, last) = run.seen.looks[0], run.seen.looks[-1]
    settled = [one for _, one in run.settled]
    cores = [(last.processor - first.processor) / (end - begin), (last.waited - first.waited) / (end - begin)]
    early, late = run.seen.kept
    return {
        "cores that the server used / waited for": " / ".join(f"{one:.2f}" for one in cores),
        "memory at the start / after warm-up / at the end, MB": " / ".join(
            f"{one.rss / 1000:.1f}" for one in (first, settled[0], last)
        ),
        "memory's slope after warm-up, kB a minute (95 %)": str(run.slope),
        "in use when idle, after warm-up / at the end: small objects": f"{early.blocks:,} / {late.blocks:,}",
        "the same, larger ones, kB": f"{early.kilobytes:,} / {late.kilobytes:,}",
        "open descriptors, mean / most": _mean_most([one.descriptors for one in settled]),
        "threads, mean / most": _mean_most([one.threads for one in settled]),
        "asyncio tasks, mean / most": _mean_most([one.tasks for one in settled]),
    }


def _mean_most(values: Sequence[int]) -> str:
    return f"{mean(values):.0f} / {max(values)}"


def _kind(name: str, seen: Seen) -> list[str]:
    cuts = quantiles(seen.milliseconds[name], n=100) if len(seen.milliseconds[name]) > 1 else [0.0] * 99
    counts = [seen.verdicts[name, verdict] for verdict in ("good", "refused", "wrong")]
    return [name, f"{sum(counts):,}", *(f"{count:,}" for count in counts), f"{cuts[49]:.0f}", f"{cuts[98]:.0f}"]


if __name__ == "__main__":
    main()
