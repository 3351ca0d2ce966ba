"""Callers who leave, change their mind, send slowly or never read: what they began ends, and the others are served."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from faults_kit import Held, asking, era_call, hold
from package_recorder import Recorder
from serving_kit import READ, Server, connect, environment, post, serving, until_closed, wait_for

ERAS = ["2025-11-25", "2026-07-28"]
META = {
    f"io.modelcontextprotocol/{name}": value
    for name, value in (
        ("protocolVersion", "2026-07-28"),
        ("clientInfo", {"name": "t", "version": "1"}),
        ("clientCapabilities", {}),
    )
}


@pytest.fixture(scope="module")
def server(_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    values = {
        "KUSTOMER_BASE_URL": _recorder.url,
        "KUSTOMER_MCP_REQUEST_SECONDS": "300",
        "KUSTOMER_MCP_HEAD_SECONDS": "1",
    }
    with serving(tmp_path_factory.mktemp("callers"), "--open", **values) as one:
        yield one


@pytest.fixture(scope="module")
def patient(_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that ends no request by itself as long as a test runs."""
    with serving(tmp_path_factory.mktemp("patient"), "--open", KUSTOMER_BASE_URL=_recorder.url) as one:
        yield one


@pytest.mark.parametrize("era", ERAS)
def test_a_client_that_leaves_ends_its_request_to_kustomer(era: str, patient: Server, recorder: Recorder) -> None:
    held = hold(recorder, Held())
    with connect(patient) as one:
        one.sendall(asking(*era_call(era)))
        assert held.came.wait(60)
    assert held.left.wait(40), "the request to Kustomer goes on"
    assert len(recorder.arrived) == 1


@pytest.mark.parametrize("era", ERAS)
def test_a_call_that_is_cancelled_over_stdio_ends_its_request_to_kustomer_and_the_next_call_works(
    era: str, recorder: Recorder
) -> None:
    held = hold(recorder, Held())
    values = environment(KUSTOMER_BASE_URL=recorder.url)
    words = [sys.executable, "-m", "kustomer_mcp_acme", "serve"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=values, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        talk = Talk(process, era)
        talk.send("tools/call", 7, name=READ, arguments={"id": "x"})
        assert held.came.wait(60)
        talk.send("notifications/cancelled", None, requestId=7, reason="enough")
        assert held.left.wait(40), "the request to Kustomer goes on"
        talk.send("tools/call", 8, name=READ, arguments={"id": "x"})
        assert talk.answer(8)["result"]["isError"] is False
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(20) == 0
    assert len(recorder.arrived) == 2


@pytest.mark.parametrize("missing", [0, 1])
def test_a_stream_that_is_missing_is_refused_in_one_sentence(missing: int) -> None:
    words = [sys.executable, "-m", "kustomer_mcp_acme", "serve"]
    shell = ["sh", "-c", f'exec "$@" {missing}>&-', "sh", *words]
    done = subprocess.run(shell, env=environment(), stdin=subprocess.PIPE, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: Over stdio both stdin and stdout must be open, and one is closed.\n"


class Talk:
    """MCP over the pipes of a process, in a protocol version."""

    def __init__(self, process: subprocess.Popen[bytes], era: str) -> None:
        self._process = process
        self._modern = era == "2026-07-28"
        if not self._modern:
            self.send("initialize", 1, protocolVersion=era, capabilities={}, clientInfo={"name": "t", "version": "1"})
            self.answer(1)
            self.send("notifications/initialized", None)

    def send(self, method: str, id: int | None, **params: Any) -> None:
        """A request, or a notification where there is no id."""
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if id is not None:
            message["id"] = id
            if self._modern:
                params["_meta"] = META
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        self._process.stdin.flush()

    def answer(self, id: int) -> Any:
        """The next message, which must be the answer to a request."""
        assert self._process.stdout is not None
        message = json.loads(self._process.stdout.readline())
        assert message["id"] == id
        return message


def test_a_client_that_never_reads_its_answers_is_cut_off_while_others_are_served(
    server: Server, recorder: Recorder
) -> None:
    request = asking({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}})
    with connect(server) as deaf:
        deaf.settimeout(0.2)
        sent = 0
        try:
            for _ in range(2_000):  # 120 MB of answers, which no buffer of the system holds
                deaf.sendall(request)
                sent += 1
        except TimeoutError:
            pass
        assert post(server.url).status_code == 200
        ends = wait_for(lambda: abandoned(server, deaf.getsockname()[1]))
    assert ends and sent > 10


def abandoned(server: Server, port: int) -> bool:
    """Whether the server holds no connection to this port of a client any more."""
    here, there = f":{server.address[1]:04X}", f":{port:04X}"
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        # Where no process has the socket any more its inode is 0.
        if words[1].endswith(here) and words[2].endswith(there) and words[9] != "0":
            return False
    return True


def test_a_crowd_that_sends_a_byte_now_and_then_keeps_nobody_out(server: Server, recorder: Recorder) -> None:
    slow = [connect(server) for _ in range(100)]
    try:
        for turn in range(4):
            for one in slow:
                with suppress(ConnectionError):  # where the machine is slow it is closed already
                    one.sendall(b"POST"[turn : turn + 1])
            assert post(server.url).status_code == 200
        assert all(until_closed(one) == b"" for one in slow)
    finally:
        for one in slow:
            one.close()
