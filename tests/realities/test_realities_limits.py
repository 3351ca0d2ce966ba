"""Rate limits: an upstream 429 goes to the caller at once, normalised; success tells how much is left."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import httpx
import pytest
from realities_kit import Connect, text_of

from generator.ratelimit import RateLimit, read_limit, seconds_until_reset
from generator.sandbox import Sandbox

READ = "get_single_kustomer_customer_by_id"
NOW = 1_780_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{NOW + 30:.0f}"},
            (1000, 0, 30, ""),
        ),
        ({"X-RateLimit-Reset": f"{(NOW + 30) * 1000:.0f}"}, (None, None, 30, "")),
        ({"x-ratelimit-reset": "30"}, (None, None, 30, "")),
        ({"ratelimit-limit": "100", "ratelimit-remaining": "3", "ratelimit-reset": "7"}, (100, 3, 7, "")),
        (
            {
                "RateLimit": '"burst";r=50;t=30, "day";r=3;t=900',
                "RateLimit-Policy": '"burst";q=100;w=60,"day";q=1000;w=86400',
            },
            (1000, 3, 900, "day"),
        ),
        ({"RateLimit": "default;r=5;t=9"}, (None, 5, 9, "default")),
        ({"Retry-After": "5", "x-ratelimit-reset": "60"}, (None, None, 5, "")),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": f"{NOW - 5:.0f}"}, (None, 7, 0, "")),
    ],
)
def test_every_spelling_of_a_limit_is_read(
    headers: dict[str, str], expected: tuple[int | None, int | None, int | None, str]
) -> None:
    assert read_limit(headers, NOW) == RateLimit(*expected)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-limit": "many", "x-ratelimit-remaining": "-1", "x-ratelimit-reset": "soon"},
        {"RateLimit": '"burst;r=50'},
        {"RateLimit": '"burst";r=fifty;t=-1'},
        {"Retry-After": "later"},
        {"x-ratelimit-reset": "9" * 400},
    ],
)
def test_malformed_limits_are_ignored(headers: dict[str, str]) -> None:
    assert read_limit(headers, NOW) is None
    assert seconds_until_reset(headers, NOW) is None


async def test_a_429_is_told_at_once_and_never_retried(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    headers = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "0", "retry-after": "42"}
    body = b'{"errors":[{"status":429,"code":"ratelimit","title":"Too Many Requests"}]}'
    sandbox.faults.answer(429, body, headers)
    async with connect() as client:
        result = await client.call_tool(READ, {"id": alex})
    assert result.is_error
    assert text_of(result) == (
        "HTTP 429 from Kustomer: Too Many Requests. The rate limit of 1000 requests is used up, 0 left "
        "(ratelimit-limit: 1000, ratelimit-remaining: 0, ratelimit-reset: 42). Try again in 42 s, not before."
    )
    assert len(sandbox.journal) == 1


async def test_a_429_beside_a_limit_with_room_is_of_a_narrower_one(
    connect: Connect, sandbox: Sandbox, alex: str
) -> None:
    sandbox.faults.answer(429, b"{}", {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "950"})
    async with connect() as client:
        result = await client.call_tool(READ, {"id": alex})
    assert text_of(result) == (
        "HTTP 429 from Kustomer. A narrower limit, of one customer, record or kind of call, is used up, not the rate limit "
        "(ratelimit-limit: 1000, ratelimit-remaining: 950). Try again in a minute."
    )


async def test_a_429_on_a_write_says_that_nothing_was_changed(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    sandbox.faults.answer(429, b"", {"x-ratelimit-reset": "9"})
    async with connect() as client:
        result = await client.call_tool("update_a_kustomer_customer_by_id", {"id": alex, "company": None, "name": "A"})
    assert "Nothing was changed." in text_of(result)
    assert "Try again in 9 s" in text_of(result)


async def test_success_carries_the_limit_in_meta_and_no_notice_while_there_is_room(connect: Connect, alex: str) -> None:
    async with connect() as client:
        result = await client.call_tool(READ, {"id": alex})
    assert result.meta is not None
    assert result.meta["ratelimit-limit"] == 1000
    assert result.meta["ratelimit-remaining"] == 999
    assert not [notice for notice in result.structured_content.get("notices", ()) if "Rate limit" in notice]


async def test_a_low_limit_is_noticed_in_the_answer(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    headers = {"x-ratelimit-limit": "1000", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "20"}
    sandbox.faults.answer(200, b'{"data":{"type":"customer","id":"1","attributes":{}}}', headers)
    async with connect() as client:
        result = await client.call_tool(READ, {"id": alex})
    (notice,) = result.structured_content["notices"]
    assert notice == "Rate limit: 99 of 1000 requests left, full again in 20 s; the whole organisation shares them."


async def test_over_http_the_limit_stands_in_the_headers_of_the_answer(
    packages: Callable[[str], str], sandbox: Sandbox, alex: str
) -> None:
    module = packages("plain")
    server = import_module(f"{module}.runtime.server").build_server(import_module(f"{module}.server").INFO)
    sdk_app = import_module(f"{module}.runtime.edge.mcp").sdk_app(server, 1_000_000)
    scope_key = import_module(f"{module}.runtime.access").SCOPE_KEY
    everything = import_module(f"{module}.runtime.access").EVERYTHING

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await sdk_app({**scope, scope_key: everything}, receive, send)

    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2026-07-28",
        "mcp-method": "tools/call",
        "mcp-name": READ,
    }
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    params = {"name": READ, "arguments": {"id": alex}, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    transport = httpx.ASGITransport(app=app)
    async with (
        server.session_manager.run(),
        httpx.AsyncClient(transport=transport, base_url="http://localhost:1") as client,
    ):
        answer = await client.post("/mcp", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["ratelimit-limit"] == "1000"
    assert answer.headers["ratelimit-remaining"] == "999"
