"""Kustomer, or what stands before it, fails in every way: a caller learns what happened, and the server goes on."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest
from faults_kit import Dripping, Held, asking, bomb, broken, forget_peak, head, hold, in_era, peak
from package_recorder import Play, Recorder, say
from serving_kit import Server, answer, call, connect, post, said, serving, wait_for

NOTE = "create_a_kustomer_conversation_note"
AGAIN, MAYBE = "Try again.", "The change may have been made: read the record before trying again."


@pytest.fixture(scope="module")
def server(_recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("upstream")
    values = {"KUSTOMER_BASE_URL": _recorder.url, "KUSTOMER_MCP_REQUEST_SECONDS": "1.5"}
    with serving(folder, "--open", **values) as one:
        yield one


FAILS: dict[str, tuple[Play, str]] = {
    "reset within the body": (broken(b'{"data": ', 100, reset=True), "The connection to Kustomer failed (ReadError)"),
    "closed within the body": (
        broken(b'{"data": ', 100, reset=False),
        "The connection to Kustomer failed (RemoteProtocolError)",
    ),
    "JSON that stops": (say(200, b'{"data": {"id": "1", "attri'), "Kustomer's answer (HTTP 200) is no JSON"),
    "JSON that never was": (say(200, b"{'data': None}"), "Kustomer's answer (HTTP 200) is no JSON"),
    "a page of some proxy": (
        say(200, b"<html>Bad Gateway</html>", content_type="text/html"),
        "Kustomer's answer (HTTP 200) is no JSON",
    ),
    "gzip that stops": (
        say(200, gzip.compress(json.dumps(list(range(9_999))).encode())[:9_000], content_encoding="gzip"),
        "Kustomer's answer (HTTP 200) is no JSON",
    ),
    "no gzip at all": (
        say(200, b'{"data": {}}', content_encoding="gzip"),
        "The connection to Kustomer failed (DecodingError)",
    ),
}


@pytest.mark.parametrize(("play", "told"), FAILS.values(), ids=FAILS.keys())
def test_an_answer_that_breaks_is_told_once_with_what_may_have_changed_and_the_next_call_works(
    play: Play, told: str, server: Server, recorder: Recorder
) -> None:
    recorder.order(play, play)
    assert said(post(server.url, call(id="x"))) == f"{told}. {AGAIN}"
    assert said(post(server.url, call(NOTE, conversation_id="x", body="x"))) == f"{told}. {MAYBE}"
    assert len(recorder.arrived) == 2
    assert '"isError":false' in post(server.url).text


def test_json_of_a_wrong_kind_or_type_is_passed_on_as_data(server: Server, recorder: Recorder) -> None:
    recorder.order(say(200, b'{"data": {"id": 7}}', content_type="text/plain"), say(200, b'"a text"'))
    assert json.loads(said(post(server.url)))["data"] == {"id": 7}
    assert "a text" in said(post(server.url))


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_is_cut_early_and_takes_little_memory(layers: int, server: Server, recorder: Recorder) -> None:
    packed = bomb(layers)
    pid = server.process.pid

    def play(handler: BaseHTTPRequestHandler) -> None:
        head(handler, content_length=str(len(packed)), content_encoding=", ".join(["gzip"] * layers))
        handler.close_connection = True
        try:
            handler.wfile.write(packed)
        except OSError:
            return

    recorder.order(play)
    forget_peak(pid)
    before = peak(pid)
    assert said(post(server.url)) == "Kustomer's answer is larger than 20 MB. Ask for less in one call."
    assert peak(pid) - before < 80_000, "more than the 20 MB that an answer may have, twice while it grows"
    assert len(packed) < 11_000_000


def test_a_redirect_to_itself_is_followed_never(server: Server, recorder: Recorder) -> None:
    recorder.order(say(302, location=f"{recorder.url}/v1/customers/x"), say(307, location="/v1/customers/x"))
    for status in (302, 307):
        assert said(post(server.url)).startswith(f"Kustomer redirected to another address (HTTP {status})")
    assert len(recorder.arrived) == 2


@pytest.mark.parametrize("held", [Held(), Dripping()], ids=["silent", "dripping"])
@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
def test_an_upstream_that_never_ends_its_answer_is_left_when_the_request_s_time_is_over(
    era: str, held: Held, server: Server, recorder: Recorder
) -> None:
    held.came.clear()
    held.left.clear()
    hold(recorder, held)
    response = in_era(server.url, era)
    assert response.status_code == 504 or '"result"' not in response.text
    assert held.left.wait(40), "the request to Kustomer goes on"
    assert '"isError":false' in post(server.url).text


def test_a_crowd_that_waits_for_a_silent_upstream_leaves_room_for_those_who_need_none(
    _recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = {"KUSTOMER_BASE_URL": _recorder.url, "KUSTOMER_MCP_REQUEST_SECONDS": "300"}
    with serving(tmp_path_factory.mktemp("crowd"), "--open", **values) as one:
        _recorder.clear()
        held = [hold(_recorder, Held()) for _ in range(32)]
        crowd = [connect(one) for _ in held]
        for caller in crowd:
            caller.sendall(asking(call(id="nobody")))
        wait_for(lambda: all(each.came.is_set() for each in held))
        lists = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        assert len(answer(post(one.url, lists))["result"]["tools"]) > 30
        assert not any(each.left.is_set() for each in held), "they do not wait any more"
        for caller in crowd:
            caller.close()
        assert all(each.left.wait(40) for each in held)
        assert '"isError":false' in post(one.url).text
