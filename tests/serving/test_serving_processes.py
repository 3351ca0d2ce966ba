"""Health, stopping, and several processes on one port."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from serving_kit import HEADERS, Server, answer, call, grant, post, reachable, serving, start, under_way, wait_for

from generator.sandbox import Sandbox


def ready(server: Server) -> tuple[int, Any]:
    response = httpx.get(f"{server.base}/readyz", timeout=10)
    return response.status_code, response.json()


@pytest.fixture(scope="module")
def server(emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("health"), KUSTOMER_BASE_URL=emulator.url) as one:
        yield one


def test_a_server_that_works_says_so_to_whatever_host_asks(server: Server) -> None:
    response = httpx.get(f"{server.base}/healthz", headers={"host": "10.1.2.3:8000"})
    assert (response.status_code, response.json()) == (200, {"status": "ok", "name": "kustomer-acme"})
    assert "server" not in response.headers
    assert ready(server) == (200, {"status": "ready"})
    assert httpx.post(f"{server.base}/readyz").status_code == 405


def test_a_store_that_is_away_makes_it_unready_lets_nobody_in_and_leaves_it_alive(
    emulator: Sandbox, tmp_path: Path
) -> None:
    values = {"KUSTOMER_MCP_STORE": "redis://127.0.0.1:1/0", "KUSTOMER_MCP_HASH_KEY": "k" * 43}
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **values) as one:
        assert ready(one) == (503, {"status": "not ready", "missing": ["store"]})
        refused = post(f"{one.url}/kmg_{'x' * 43}")
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert int(refused.headers["retry-after"]) > 0
        (told,) = one.lines("log")
        assert told["level"] == "error" and "callers are refused: The Redis store can't be used" in told["text"]
        assert reachable(one)
        assert one.stop() == 0


def slowly(server: Server, results: list[Any]) -> threading.Thread:
    def run() -> None:
        try:
            response = httpx.post(server.url, json=call(id="x"), headers=HEADERS, timeout=30)
            results.append("result" in answer(response))
        except (httpx.HTTPError, IndexError, ValueError) as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_is_told_to_stop_turns_unready_finishes_its_calls_and_exits_with_0(
    workers: str, emulator: Sandbox, tmp_path: Path
) -> None:
    with serving(
        tmp_path, "--open", "--workers", workers, KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_DRAIN_DELAY="0.8"
    ) as one:
        emulator.faults.delay(2.5)
        results: list[Any] = []
        thread = slowly(one, results)
        wait_for(lambda: under_way(emulator))
        one.process.send_signal(signal.SIGTERM)
        assert wait_for(lambda: ready(one)[0] == 503 and ready(one)[1]["missing"] == ["draining"], 5)
        assert one.process.wait(30) == 0
        thread.join(10)
        emulator.faults.clear()
    assert results == [True]
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{one.base}/healthz", timeout=2)


def test_a_call_that_goes_on_too_long_is_cut_when_the_server_stops(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(tmp_path, "--open", KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_DRAIN_SECONDS="1") as one:
        emulator.faults.delay(25)
        results: list[Any] = []
        thread = slowly(one, results)
        wait_for(lambda: under_way(emulator))
        assert one.stop() == 0
        thread.join(10)
        emulator.faults.clear()
    assert len(results) == 1 and results[0] is not True


def test_a_worker_that_dies_is_replaced_and_all_end_with_the_first_process(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2", KUSTOMER_BASE_URL=emulator.url) as one:
        _, secret = grant(one.store)
        before = wait_for(lambda: two(one))
        os.kill(before[0], signal.SIGKILL)
        after = wait_for(lambda: two(one, without=before[0]))
        assert set(after) != set(before)
        wait_for(lambda: all(post(f"{one.url}/{secret}").status_code == 200 for _ in range(4)))
        assert [line["code"] for line in one.lines("worker died")] == [-9]
        one.process.kill()
        one.process.wait()
        wait_for(lambda: not any(alive(pid) for pid in after))


def two(server: Server, without: int = 0) -> list[int]:
    found = [pid for pid in children(server.process.pid) if pid != without and alive(pid)]
    return found if len(found) == 2 else []


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_workers_that_can_not_start_end_the_server_with_the_reason(tmp_path: Path) -> None:
    one = start(tmp_path, "--workers", "2", "--audit-log", "/dev/full")
    assert one.process.wait(30) == 1
    assert "the audit log /dev/full can't be written" in one.lines("not started")[0]["reason"]
