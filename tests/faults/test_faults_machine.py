"""The machine gives out: disk, descriptors, the right time; and the server is told to stop while callers call."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from faults_kit import Held, Traffic, asking, hold, ids, traffic
from package_recorder import Recorder
from serving_kit import Server, call, connect, grant, post, reachable, said, serving, wait_for

from bench.watched import processor_seconds
from generator.sandbox import Sandbox

WIDE = {"KUSTOMER_MCP_CALLS_PER_MINUTE": "1000000"}
DISK = 5_000_000


def ready(server: Server) -> object:
    return httpx.get(f"{server.base}/readyz").json()


def answers(seen: Traffic, count: int) -> bool:
    before = len(seen.answered)
    return bool(wait_for(lambda: len(seen.answered) >= before + count))


def test_a_disk_that_is_full_under_load_makes_no_call_that_is_not_written_down_and_goes_on_when_there_is_room(
    emulator: Sandbox, tmp_path: Path
) -> None:
    audit = tmp_path / "audit.jsonl"
    audit.touch(0o600)
    os.truncate(audit, DISK - 6_000)  # a sparse file that is nearly as large as a file may be here

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (DISK, DISK))

    with serving(tmp_path, preexec=small_disk, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        secret = grant(server.store)[1]
        with traffic([f"{server.url}/{secret}"], 4) as seen:
            wait_for(lambda: len(seen.strange) > 10)
            assert ready(server) == {"status": "not ready", "missing": ["audit log"]}
            full = audit.read_bytes().lstrip(b"\0")
            os.truncate(audit, 0)
            wait_for(lambda: ready(server) == {"status": "ready"})
            assert answers(seen, 5)
        assert set(seen.strange) == {
            "This server's audit log can't be written, so it makes no calls: tell its operator. Nothing was sent."
        }
        assert not seen.lost and not seen.statuses
        lines = [line for line in (full + audit.read_bytes()).split(b"\n") if line.startswith(b'{"time"')]
        written = [line for line in lines if b'"event":"tool.call"' in line and line.endswith(b"}")]
        assert ids([entry.path for entry in emulator.journal]) <= set(seen.answered)
        assert len(written) >= len(emulator.journal) > 10


def test_an_audit_in_a_log_that_can_not_be_written_makes_no_call_and_is_kept_at_every_level(
    emulator: Sandbox, tmp_path: Path
) -> None:
    values = {"KUSTOMER_BASE_URL": emulator.url, "KUSTOMER_MCP_LOG_LEVEL": "ERROR"}
    with serving(tmp_path, "--open", "--audit-log", "-", **values) as server:
        assert "404 from Kustomer" in said(post(server.url))
        assert [line["event"] for line in server.lines() if line.get("audit")] == ["tool.call", "tool.result"]
        before, size = len(emulator.journal), server.log.stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        assert "audit log can't be written" in said(post(server.url))
        assert ready(server) == {"status": "not ready", "missing": ["audit log"]}
        assert len(emulator.journal) == before
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_for(lambda: ready(server) == {"status": "ready"})
        assert "404 from Kustomer" in said(post(server.url))


def test_a_server_without_descriptors_rests_and_recovers_by_itself(emulator: Sandbox, tmp_path: Path) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    values = {"KUSTOMER_BASE_URL": emulator.url, "KUSTOMER_MCP_HEAD_SECONDS": "3"}
    with serving(tmp_path, "--open", preexec=few, **values) as server:
        assert "404" in said(post(server.url))
        idle = [connect(server) for _ in range(100)]  # the system accepts those that the server can't
        wait_for(lambda: len(os.listdir(f"/proc/{server.process.pid}/fd")) >= 63)
        before = processor_seconds(server.process.pid)
        time.sleep(1.5)
        assert processor_seconds(server.process.pid) - before < 0.75, "it spins"
        # They send nothing, and so are closed by the server, which then serves those who do.
        assert "404" in said(post(server.url, timeout=20))
        for one in idle:
            one.close()
        assert server.stop() == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_under_load_answers_every_call_that_reached_kustomer_and_exits_with_0(
    workers: str, emulator: Sandbox, tmp_path: Path
) -> None:
    emulator.faults.delay(0.05, times=400)
    with serving(tmp_path, "--workers", workers, KUSTOMER_BASE_URL=emulator.url, **WIDE) as server:
        secret = grant(server.store)[1]
        url = f"{server.url}/{secret}"
        with traffic([url], 12) as seen:
            assert answers(seen, 30)
            assert server.stop() == 0
            seen.stopped.set()
        assert not reachable(server)
    emulator.faults.clear()
    assert not seen.strange and seen.kinds() <= {503}
    assert ids([entry.path for entry in emulator.journal]) <= set(seen.answered) | set(seen.statuses)


CLOCK = """
import os, pathlib, time
real, offset = time.time, pathlib.Path(os.environ["CLOCK"])
time.time = lambda: real() + float(offset.read_text())
"""


@pytest.fixture
def clock(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A wall clock for one server that jumps by what stands in a file, and the environment that makes it."""
    site, offset = tmp_path / "site", tmp_path / "offset"
    site.mkdir()
    (site / "sitecustomize.py").write_text(CLOCK)
    offset.write_text("0")
    path = os.pathsep.join([str(site), str(Path(__file__).parents[2] / "generated" / "acme")])
    yield offset, {"PYTHONPATH": path, "CLOCK": str(offset)}


def jump(clock: Path, hours: float) -> None:
    """Set the clock, so many hours from the true one."""
    beside = clock.with_suffix(".new")
    beside.write_text(str(hours * 3600))
    os.replace(beside, clock)


def test_a_clock_that_jumps_ends_what_has_expired_and_locks_nobody_out(
    recorder: Recorder, clock: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    offset, values = clock
    with serving(tmp_path, KUSTOMER_BASE_URL=recorder.url, **values) as server:
        soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        short, endless = (f"{server.url}/{grant(server.store, **words)[1]}" for words in ({"expires_at": soon}, {}))
        limited = f"{server.url}/{grant(server.store, calls_per_minute=2)[1]}"
        assert [post(limited).status_code for _ in range(5)][-1] == 429
        held = hold(recorder, Held())
        running = threading.Thread(target=post, args=(short,))
        running.start()
        assert held.came.wait(60)
        jump(offset, 2)
        assert post(short).status_code == 404
        assert post(endless).status_code == 200 == post(limited).status_code
        assert held.left.wait(40), "a call goes on that was begun with a grant which has expired"
        running.join()
        jump(offset, -2)
        assert post(endless).status_code == 200 == post(limited).status_code
        assert ready(server) == {"status": "ready"}


def test_a_signal_while_a_client_sends_its_request_refuses_or_answers_it(emulator: Sandbox, tmp_path: Path) -> None:
    request = asking(call(id="half"))
    with serving(tmp_path, "--open", KUSTOMER_BASE_URL=emulator.url) as server, connect(server) as one:
        one.sendall(request[:-20])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        one.sendall(request[-20:])
        received = b""
        while chunk := one.recv(65536):
            received += chunk
        assert received.startswith(b"HTTP/1.1 ")
        assert (b"404 from Kustomer" in received) == (len(emulator.journal) == 1)
        assert server.process.wait(30) == 0
