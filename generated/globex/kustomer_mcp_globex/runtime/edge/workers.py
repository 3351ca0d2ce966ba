"""Owns several serving processes on one socket: started anew when one dies, told to stop together."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from importlib import import_module
from types import FrameType

from . import logs
from .assembly import StartError, assemble
from .settings import Serving

# What a worker ends with that can't start: another one could not either.
NEVER_STARTED = 3
_LOOK_SECONDS = 0.1
# A worker that died is replaced at once; one that dies soon after its start, no sooner than this after it.
_RESTART_SECONDS = 1.0
# What closing windows and exporting the last numbers may take besides running calls.
_CLOSING_SECONDS = 15.0
_PROGRAM = (
    "import sys; from {module}.runtime.edge.workers import work; sys.exit(work({module!r}, {listener}, {parent}))"
)


class Workers:
    """Supervises the workers of a server.

    Args:
        module: The package's module.
        listener: The socket that they share.
        serving: How many there are, and how long they may take to end.
    """

    def __init__(self, module: str, listener: socket.socket, serving: Serving) -> None:
        self._module = module
        self._listener = listener
        self._serving = serving
        self._stopping = False
        # The workers hold its other end, and stop when this process is gone in whatever way.
        self._theirs, self._mine = os.pipe()
        self._workers: dict[subprocess.Popen[bytes], float] = {}

    def run(self) -> int:
        """Supervise until told to stop; the exit code."""
        before = {sig: signal.signal(sig, self._stop) for sig in (signal.SIGINT, signal.SIGTERM)}
        try:
            for _ in range(self._serving.workers):
                self._start()
            while not self._stopping:
                time.sleep(_LOOK_SECONDS)
                if not self._all_well():
                    return 1
            return 0
        finally:
            self._end()
            os.close(self._mine)
            os.close(self._theirs)
            for sig, handler in before.items():
                signal.signal(sig, handler)

    def _stop(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of signal handlers
        self._stopping = True

    def _start(self) -> None:
        listener = self._listener.fileno()
        program = _PROGRAM.format(module=self._module, listener=listener, parent=self._theirs)
        # A session of its own: a terminal's Ctrl-C reaches the supervisor alone, which tells them in its own way.
        worker = subprocess.Popen(  # noqa: S603 - this very interpreter, and names of this package
            [sys.executable, "-c", program],
            pass_fds=(listener, self._theirs), stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        self._workers[worker] = time.monotonic()

    def _all_well(self) -> bool:
        """Replace workers that died; False where none can start."""
        for worker, started in list(self._workers.items()):
            code = worker.poll()
            if code is None:
                continue
            if code == NEVER_STARTED:
                return False
            if time.monotonic() - started < _RESTART_SECONDS:
                continue
            del self._workers[worker]
            if not self._stopping:
                logs.line(logging.ERROR, "worker died", {"process": worker.pid, "code": code})
                self._start()
        return True

    def _end(self) -> None:
        for worker in self._workers:
            if worker.poll() is None:
                worker.terminate()
        until = time.monotonic() + self._serving.drain_delay + self._serving.drain_seconds + _CLOSING_SECONDS
        for worker in self._workers:
            try:
                worker.wait(max(until - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                logs.line(logging.ERROR, "worker killed", {"process": worker.pid})
                worker.kill()
                worker.wait()


def work(module: str, listener: int, parent: int) -> int:
    """Serve as one of several workers; the exit code.

    Args:
        module: The package's module.
        listener: The file descriptor of the shared socket.
        parent: The pipe that ends when the supervisor does.
    """
    from .running import run

    serving = Serving.from_environment()
    logs.configure(serving.log_format, serving.log_level)
    try:
        app = assemble(import_module(f"{module}.server").INFO, serving)
    except StartError as error:
        logs.line(logging.ERROR, "not started", {"reason": str(error)})
        return NEVER_STARTED
    with socket.socket(fileno=listener) as shared:
        run(app, serving, shared, parent)
    return 0
