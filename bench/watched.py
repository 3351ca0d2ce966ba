"""Owns looking at running server processes from outside: memory, processor time, descriptors, threads; and what they tell when
they are sent a signal: their asyncio tasks (SIGUSR1), and after collecting garbage what memory is in use (SIGUSR2)."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
TASKS_FOLDER = "BENCH_TASKS"
_KEPT = ".kept"
_PATIENCE_SECONDS = 30
# Python runs it in every process whose path has it first. The running loop is set while it waits, and so when the handler runs.
# mallinfo2 is glibc's (2.33 and later, mallinfo(3)); Python takes from malloc what is larger than 512 bytes.
_SITE = f"""
import asyncio, ctypes, gc, os, pathlib, signal, sys
class _Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in "arena ord smb hblks hblkhd usmb fsmb uordblks ford keep".split()]
def _tell(*_):
    try:
        count = len(asyncio.all_tasks())
    except RuntimeError:
        return
    _write("", count)
def _collect(*_):
    gc.collect()
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Info
    info = library.mallinfo2()
    _write("{_KEPT}", sys.getallocatedblocks(), (info.uordblks + info.hblkhd) // 1000)
def _write(suffix, *values):
    path = pathlib.Path(os.environ["{TASKS_FOLDER}"], str(os.getpid()) + suffix)
    path.with_suffix(".new").write_text(" ".join(map(str, values)))
    path.with_suffix(".new").replace(path)
signal.signal(signal.SIGUSR1, _tell)
signal.signal(signal.SIGUSR2, _collect)
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Some processes together: resident memory in kB, processor seconds so far, seconds in which their main threads were ready and
    had no core, open descriptors, threads, asyncio tasks."""

    rss: int
    processor: float
    waited: float
    descriptors: int
    threads: int
    tasks: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What idle processes hold together: blocks of Python's small objects, and kB from malloc, which has the larger ones."""

    blocks: int
    kilobytes: int


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
        sum(_waited_seconds(pid) for pid in pids),
        sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
        sum(int(one["Threads"]) for one in status),
        tasks,
    )


def kept(pids: Sequence[int], folder: Path) -> Kept:
    """What processes hold once their garbage is collected; they must be idle.

    Raises:
        TimeoutError: One does not tell.
    """
    told = [folder / f"{pid}{_KEPT}" for pid in pids]
    for path, pid in zip(told, pids, strict=True):
        path.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR2)
    until = time.monotonic() + _PATIENCE_SECONDS
    while not all(path.exists() for path in told):
        if time.monotonic() > until:
            raise TimeoutError(f"the server's processes {list(pids)} did not tell what they hold")
        time.sleep(0.05)
    blocks, kilobytes = zip(*(map(int, path.read_text(encoding="ascii").split()) for path in told), strict=True)
    return Kept(sum(blocks), sum(kilobytes))


def tells(pid: int) -> bool:
    """Whether a process has come so far that SIGUSR1 makes it tell its tasks; before that it would end it."""
    return bool(int(_status(pid)["SigCgt"], 16) >> (signal.SIGUSR1 - 1) & 1)


def processor_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _waited_seconds(pid: int) -> float:
    """How long the main thread was ready to run and waited for a core (sched-stats.rst of the Linux kernel)."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
