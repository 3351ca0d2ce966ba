"""Bodies, time and numbers: what one caller may take from the others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from serving_kit import HEADERS, Server, answer, call, connect, post, raw, said, serving, until_closed, wait_for

from generator.sandbox import Sandbox


@pytest.fixture(scope="module")
def server(emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("limits"), "--open",
        KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_BODY_BYTES="20000", KUSTOMER_MCP_BODY_SECONDS="0.7",
        KUSTOMER_MCP_HEAD_SECONDS="0.7", KUSTOMER_MCP_REQUEST_SECONDS="2", KUSTOMER_MCP_CONCURRENT_REQUESTS="4",
        KUSTOMER_MCP_UPSTREAM_CALLS="1", KUSTOMER_MCP_KEEP_ALIVE_SECONDS="1",
    ) as one:  # fmt: skip
        yield one


HEAD = b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"


def problem(received: bytes) -> int:
    return int(json.loads(received.partition(b"\r\n\r\n")[2])["status"])


def test_a_body_that_says_it_is_too_large_is_refused_unread(server: Server) -> None:
    assert problem(raw(server, HEAD + b"Content-Length: 20001\r\n\r\n")) == 413


def test_a_body_that_grows_too_large_is_refused_and_the_connection_ends(server: Server) -> None:
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    assert problem(raw(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 6)) == 413


def test_a_body_of_the_largest_size_is_read(server: Server) -> None:
    body = json.dumps(call(id="nobody")).encode()
    assert post(server.url, body + b" " * (20000 - len(body))).status_code == 200


def test_a_body_that_trickles_is_refused_while_others_are_answered(server: Server) -> None:
    with connect(server) as slow:
        slow.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
        stopped = threading.Event()

        def trickle() -> None:
            while not stopped.wait(0.1):
                try:
                    slow.sendall(b" ")
                except OSError:
                    return

        thread = threading.Thread(target=trickle)
        thread.start()
        assert post(server.url).status_code == 200
        received = until_closed(slow)
        stopped.set()
        thread.join()
    assert problem(received) == 408


@pytest.mark.parametrize("start", [b"", b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "])
def test_headers_that_trickle_or_never_come_end_the_connection_while_others_are_answered(
    start: bytes, server: Server
) -> None:
    with connect(server) as slow:
        slow.sendall(start or b"P")
        assert post(server.url).status_code == 200
        begin = time.monotonic()
        received = b"still open"
        while time.monotonic() - begin < 20:
            try:
                slow.sendall(b"a")
                slow.settimeout(0.1)
                received = slow.recv(100)
                break
            except TimeoutError:
                continue
            except OSError:
                received = b""
                break
    assert received == b""


def test_slow_headers_on_a_kept_connection_end_it_too(server: Server) -> None:
    with connect(server) as kept:
        kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /hea")
        assert until_closed(kept).count(b"HTTP/1.1 ") == 1


def test_an_idle_connection_is_closed(server: Server) -> None:
    with connect(server) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert until_closed(idle).startswith(b"HTTP/1.1 200")


def test_headers_that_are_too_large_are_refused(server: Server) -> None:
    received = raw(server, HEAD + b"X-Large: " + b"x" * 70_000 + b"\r\n\r\n")
    assert received[:12] in (b"", b"HTTP/1.1 400")


def test_a_call_that_takes_too_long_is_ended_and_nothing_waits_for_ever(server: Server, emulator: Sandbox) -> None:
    emulator.faults.delay(30)
    received = post(server.url, timeout=15)
    emulator.faults.clear()
    # The older era's stream has begun by then: it ends without a message. One that has not begun is a 504.
    assert received.status_code == 504 or '"result"' not in received.text
    assert wait_for(lambda: [line for line in server.lines("tool") if line["outcome"] == "error"])


def test_more_requests_than_there_may_be_are_told_to_come_again(server: Server, emulator: Sandbox) -> None:
    emulator.faults.delay(1.0, times=8)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(server.url, timeout=15), range(8)))
    emulator.faults.clear()
    refused = [one for one in answers if one.status_code == 503]
    assert refused and all(one.headers["retry-after"] == "1" for one in refused)
    assert any(one.status_code == 200 for one in answers)


def test_a_call_that_finds_no_turn_says_that_nothing_was_sent(
    emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = {"KUSTOMER_BASE_URL": emulator.url, "KUSTOMER_MCP_UPSTREAM_CALLS": "1"}
    with serving(tmp_path_factory.mktemp("turns"), "--open", **values) as one:
        emulator.faults.delay(6.5)
        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(lambda _: said(post(one.url, timeout=15)), range(2))
    refusal = (
        "This server already waits for 1 answers of Kustomer, as many as it may. Nothing was sent. "
        "Try again in a few seconds."
    )
    assert sorted([first == refusal, second == refusal]) == [False, True]


def test_a_client_that_leaves_does_not_keep_its_place(server: Server, emulator: Sandbox) -> None:
    emulator.faults.delay(30)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(server.url, json=call(id="x"), headers=HEADERS, timeout=0.3).read()
    emulator.faults.clear()
    assert "result" in answer(post(server.url))
