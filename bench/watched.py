"""Owns looking at running server processes from outside: memory, processor time, descriptors, threads; and their asyncio tasks,
which a process tells when it is sent SIGUSR1."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
TASKS_FOLDER = "BENCH_TASKS"
# Python runs it in every process whose path has it first. The running loop is set while it waits, and so when the handler runs.
_SITE = f"""
import asyncio, os, pathlib, signal
def _tell(*_):
    try:
        count = len(asyncio.all_tasks())
    except RuntimeError:
        return
    pathlib.Path(os.environ["{TASKS_FOLDER}"], str(os.getpid())).write_text(str(count))
signal.signal(signal.SIGUSR1, _tell)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Some processes together: resident memory in kB, processor seconds so far, open descriptors, threads, asyncio tasks."""

    rss: int
    processor: float
    descriptors: int
    threads: int
    tasks: int


def telling(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a server whose processes tell their tasks in a folder."""
    site = folder / "site"
    site.mkdir(parents=True)
    (site / "sitecustomize.py").write_text(_SITE, encoding="utf-8")
    path = os.pathsep.join([str(site), environment["PYTHONPATH"]])
    return environment | {"PYTHONPATH": path, TASKS_FOLDER: str(folder)}


def serving_processes(pid: int, workers: int) -> list[int]:
    """The processes that answer: the one that was started, or its workers."""
    if workers == 1:
        return [pid]
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def look(pids: Sequence[int], folder: Path | None = None) -> Look:
    """Look at processes; their tasks are those that they told when they were last looked at."""
    status = [_status(pid) for pid in pids]
    tasks = 0
    for pid in pids if folder is not None else ():
        assert folder is not None
        told = folder / str(pid)
        tasks += int(told.read_text(encoding="ascii") or 0) if told.exists() else 0
        if tells(pid):
            os.kill(pid, signal.SIGUSR1)
    return Look(
        sum(int(one["VmRSS"].split()[0]) for one in status),
        sum(processor_seconds(pid) for pid in pids),
        sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        sum(int(one["Threads"]) for one in status),
        tasks,
    )


def tells(pid: int) -> bool:
    """Whether a process has come so far that SIGUSR1 makes it tell its tasks; before that it would end it."""
    return bool(int(_status(pid)["SigCgt"], 16) >> (signal.SIGUSR1 - 1) & 1)


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
