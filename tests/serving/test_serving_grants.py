"""Grants over HTTP: the same nothing for every wrong secret, their own rate limit, and the end of what runs when they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from loopback_kit import answering
from serving_kit import HEADERS, Server, answer, call, change, grant, post, serving, under_way, wait_for

from generator.sandbox import Sandbox

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def server(emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("grants"), KUSTOMER_BASE_URL=emulator.url) as one:
        yield one


def tools(response: httpx.Response) -> set[str]:
    return {tool["name"] for tool in answer(response)["result"]["tools"]}


def test_a_grant_is_reached_by_its_address_and_by_its_bearer_and_shows_its_tools_alone(server: Server) -> None:
    _, secret = grant(server.store, methods=["read"], tags=["conversations"])
    shown = tools(post(f"{server.url}/{secret}", LIST))
    assert shown and shown == tools(post(server.url, LIST, authorization=f"Bearer {secret}"))
    assert len(shown) < len(tools(post(f"{server.url}/{grant(server.store)[1]}", LIST)))


def test_nobody_comes_in_without_a_secret_and_wrong_ones_are_all_alike(server: Server) -> None:
    id, secret = grant(server.store)
    change(server.store, "revoke", id)
    assert post(server.url).status_code == 401
    nothing = post(f"{server.base}/nothing")
    for wrong in (secret, "kmg_" + "x" * 43, "kmg_short", "x", secret[:-1] + "~"):
        received = post(f"{server.url}/{wrong}")
        assert (received.status_code, received.content) == (404, nothing.content)
        kept = {"date", "x-request-id"}
        assert [h for h in received.headers.items() if h[0] not in kept] == [
            h for h in nothing.headers.items() if h[0] not in kept
        ]


def test_a_grant_has_its_own_rate_limit_told_before_anything_is_parsed(server: Server) -> None:
    _, busy = grant(server.store, calls_per_minute=3)
    _, other = grant(server.store, calls_per_minute=3)
    received = [post(f"{server.url}/{busy}", b"{no json") for _ in range(4)]
    if all(one.status_code != 429 for one in received):  # a minute began in between
        received += [post(f"{server.url}/{busy}", b"{no json") for _ in range(4)]
    last = received[-1]
    assert (last.status_code, last.headers["content-type"]) == (429, "application/problem+json")
    assert (last.headers["ratelimit-limit"], last.headers["ratelimit-remaining"]) == ("3", "0")
    assert (
        1 <= int(last.headers["retry-after"]) <= 60 and last.headers["ratelimit-reset"] == last.headers["retry-after"]
    )
    assert f"3 requests a minute: try again in {last.headers['retry-after']} s" in last.json()["detail"]
    assert post(f"{server.url}/{other}", LIST).status_code == 200


class Running:
    """A call of the older era whose answer streams, in a thread: what came of it, and when."""

    def __init__(self, url: str) -> None:
        self.text = ""
        self.status = 0
        self._thread = threading.Thread(target=self._run, args=(url,))
        self._thread.start()

    def _run(self, url: str) -> None:
        try:
            with httpx.stream("POST", url, json=call(id="x"), headers=HEADERS, timeout=40) as response:
                self.status = response.status_code
                self.text = response.read().decode()
        except httpx.HTTPError as error:
            self.text = type(error).__name__

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


def slow_call(server: Server, emulator: Sandbox, secret: str) -> Running:
    """A call that Kustomer has and does not answer."""
    emulator.faults.delay(25)
    running = Running(f"{server.url}/{secret}")
    wait_for(lambda: under_way(emulator))
    return running


@pytest.mark.parametrize("action", ["revoke", "rotate"])
def test_a_running_answer_ends_soon_after_its_secret_holds_nothing_any_more(
    action: str, server: Server, emulator: Sandbox
) -> None:
    id, secret = grant(server.store)
    running = slow_call(server, emulator, secret)
    change(server.store, action, id)
    ended = running.ended(10)
    emulator.faults.clear()
    assert ended and '"result"' not in running.text
    assert post(f"{server.url}/{secret}").status_code == 404


def test_a_running_answer_ends_when_its_grant_expires(
    server: Server, emulator: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grant lives a minute at least; this one was made a minute ago."""
    from kustomer_mcp_acme.runtime.grants import service

    now = time.time()
    stamp = datetime.fromtimestamp(now + 3, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    real = service.Grants.__init__

    def earlier(self: Any, *given: Any, **named: Any) -> None:
        real(self, *given, **{**named, "now": lambda: now - 100})

    monkeypatch.setattr(service.Grants, "__init__", earlier)
    _, secret = grant(server.store, expires_at=stamp)
    monkeypatch.undo()
    running = slow_call(server, emulator, secret)
    ended = running.ended(8)
    emulator.faults.clear()
    assert ended and '"result"' not in running.text
    assert post(f"{server.url}/{secret}").status_code == 404


def test_what_stands_behind_the_door_never_sees_a_secret(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from anyio import run
    from kustomer_mcp_acme.runtime.access import SCOPE_KEY, Access
    from kustomer_mcp_acme.runtime.edge.app import HttpApp, Parts
    from kustomer_mcp_acme.runtime.edge.audit import NoAudit
    from kustomer_mcp_acme.runtime.edge.entrance import entrance
    from kustomer_mcp_acme.runtime.edge.settings import Serving
    from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, open_grants

    store = str(tmp_path / "grants.sqlite3")
    id, secret = grant(store)
    seen: list[Any] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append({**scope, "body": (await receive())["body"]})
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def asked() -> None:
        grants = open_grants("kustomer_mcp_acme", GrantSettings(store))
        door, _ = entrance(grants, Serving())
        app: Any = HttpApp(Parts("x", inner, door, NoAudit(), grants), Serving())
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://localhost") as client:
            await client.post(f"/mcp/{secret}", content=b"1", headers={"authorization": f"Bearer {secret}"})
            await client.post("/mcp", content=b"2", headers={"authorization": f"Bearer {secret}"})
        await grants.aclose()

    run(asked)
    assert [(one["path"], one["raw_path"], one["body"]) for one in seen] == [
        ("/mcp", b"/mcp", b"1"),
        ("/mcp", b"/mcp", b"2"),
    ]
    for one in seen:
        access = one[SCOPE_KEY]
        assert isinstance(access, Access) and access.grant == id
        assert secret not in repr(one) and secret[4:] not in repr(one)


def test_strangers_who_wait_for_a_slow_issuer_take_nobodys_place(tmp_path: Path) -> None:
    asked, goes_on = threading.Event(), threading.Event()

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            goes_on.wait(20)
            self.send_error(404)

        def log_message(self, *_: object) -> None: ...

    # A header that names a key, and no signature: {"alg":"RS256","kid":"x"}
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.e30.AAAA"
    with answering(Slow) as issuer, ThreadPoolExecutor(4) as pool, serving(
        tmp_path, KUSTOMER_MCP_OAUTH_ISSUER=issuer, KUSTOMER_MCP_OAUTH_AUDIENCE="x", KUSTOMER_MCP_CONCURRENT_REQUESTS="2"
    ) as one:  # fmt: skip
        _, secret = grant(one.store)
        strangers = [pool.submit(post, one.url, LIST, authorization=f"Bearer {token}") for _ in range(4)]
        assert asked.wait(20)
        wait_for(lambda: sum(stranger.running() for stranger in strangers) == 4)
        assert post(f"{one.url}/{secret}", LIST).status_code == 200
        goes_on.set()
        assert {stranger.result().status_code for stranger in strangers} == {503}


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_nothing_but_post_is_answered_and_only_to_holders(method: str, server: Server) -> None:
    _, secret = grant(server.store)
    assert httpx.request(method, f"{server.url}/{secret}").status_code == 405
    assert httpx.request(method, f"{server.url}/kmg_{'x' * 43}").status_code == 404
    assert httpx.request(method, server.url).status_code == 401
