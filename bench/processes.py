"""Owns processes under measurement: how long one runs, how much memory it takes, and servers that run meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

# ru_maxrss is in KiB on Linux and in bytes on macOS.
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_PATIENCE = 60.0
FOR_EVER = 10.0**6


@dataclass(frozen=True, slots=True)
class Ran:
    """Wall and processor time of a whole process tree, and the peak resident memory of its largest process."""

    seconds: float
    processor_seconds: float
    peak_mb: float


def run(command: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run to the end; it must succeed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    return Ran(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _RSS_UNIT / 1e6)


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], patience: float = _PATIENCE
) -> Iterator[subprocess.Popen[bytes]]:
    """A process with pipes, which ends with the block and is killed if the block takes longer than `patience` seconds."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment)
    watchdog = threading.Timer(patience, process.kill)
    watchdog.start()
    try:
        yield process
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def drained(stream: IO[bytes]) -> None:
    """Read the stream away in the background, so that whoever writes to it never waits."""
    threading.Thread(target=stream.readlines, daemon=True).start()
