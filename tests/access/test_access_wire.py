"""What stands on the wire: hidden and unknown tools are answered alike, and nobody may share what a grant was shown."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from typing import Any

import httpx2
import pytest
from access_kit import GET, NOTE, URL, application, behind, served, tools
from kustomer_mcp_acme.runtime.access import EVERYTHING, Access

ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
ONE = Access("g_1", frozenset({GET}))
CACHED = ("tools/list", "prompts/list", "resources/list", "resources/templates/list", "server/discover")


async def post(app: Any, access: Access | None, era: str, method: str, params: dict[str, Any], **headers: str) -> Any:
    """One request; the answer as it came."""
    modern = era == "2026-07-28"
    given = {**params, "_meta": ENVELOPE} if modern else params
    own = {"mcp-protocol-version": era, "mcp-method": method} if modern else {}
    own |= {"mcp-name": params.get("name") or params.get("uri")} if modern and {"name", "uri"} & set(params) else {}
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": given}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(behind(app, access))) as http:
        return await http.post(URL, json=body, headers=ACCEPT | own | headers)


def answer(response: Any) -> Any:
    lines = [line for line in response.text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1].removeprefix("data:") if lines else response.text)


@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
@pytest.mark.parametrize("exposure", ["all", "discovery"])
@pytest.mark.parametrize("arguments", [{}, {"id": "x"}, {"conversation_id": "x", "body": "y"}])
@pytest.mark.parametrize("headers", [{}, {"mcp-param-id": "x"}, {"mcp-param-conversation_id": "!"}])
async def test_a_hidden_tool_is_answered_byte_for_byte_like_one_that_there_is_not(
    era: str, exposure: Any, arguments: dict[str, str], headers: dict[str, str]
) -> None:
    access = Access("g_1", frozenset({GET}), exposure)
    unknown = "x" * len(NOTE)
    async with application(served()) as app:
        hidden, missing = [
            await post(app, access, era, "tools/call", {"name": name, "arguments": arguments}, **headers)
            for name in (NOTE, unknown)
        ]
    assert NOTE in tools() and unknown not in tools()
    assert hidden.status_code == missing.status_code
    assert hidden.text.replace(NOTE, "?") == missing.text.replace(unknown, "?")
    assert sorted(hidden.headers) == sorted(missing.headers)
    assert answer(hidden)["error"] == {"code": -32602, "message": f"Unknown tool: {NOTE}"}


@pytest.mark.parametrize("kind", ["prompts/get", "resources/read"])
@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
async def test_a_hidden_prompt_or_klass_is_answered_like_one_that_there_is_not(kind: str, era: str) -> None:
    prompts = [{"name": name, "arguments": {"email": "a@b.example"}} for name in ("support_triage", "nothing_at_all")]
    klasses = [{"uri": f"kustomer://klasses/{name}"} for name in ("order", "other")]
    asked = prompts if kind == "prompts/get" else klasses
    async with application(served()) as app:
        hidden, missing = [(await post(app, ONE, era, kind, params)) for params in asked]
    name, other = ("support_triage", "nothing_at_all") if kind == "prompts/get" else ("order", "other")
    assert hidden.status_code == missing.status_code and "error" in answer(hidden)
    assert hidden.text.replace(name, "?") == missing.text.replace(other, "?")


@pytest.mark.parametrize("method", CACHED)
@pytest.mark.parametrize(
    "access", [ONE, Access("g_2"), Access("g_3", frozenset({GET}), "discovery"), Access("", frozenset({GET}))]
)
async def test_what_a_grant_is_shown_is_private_and_kept_for_minutes(method: str, access: Access) -> None:
    async with application(served()) as app:
        result = answer(await post(app, access, "2026-07-28", method, {}))["result"]
    assert (result["cacheScope"], result["ttlMs"]) == ("private", 300_000)


@pytest.mark.parametrize("method", CACHED)
async def test_what_everybody_is_shown_is_public_before_and_after_a_grant_asked(method: str) -> None:
    async with application(served()) as app:
        seen = [answer(await post(app, a, "2026-07-28", method, {}))["result"] for a in (EVERYTHING, ONE, EVERYTHING)]
    assert [(result["cacheScope"], result["ttlMs"]) for result in seen] == [
        ("public", 3_600_000),
        ("private", 300_000),
        ("public", 3_600_000),
    ]


@pytest.mark.parametrize(("left", "most"), [(60.0, 60_000), (-5.0, 0), (86_400.0, 300_000)])
async def test_nothing_is_kept_beyond_the_end_of_a_grant(left: float, most: int) -> None:
    access = Access("g_1", frozenset({GET}), expires_at=time.time() + left)
    async with application(served()) as app:
        result = answer(await post(app, access, "2026-07-28", "tools/list", {}))["result"]
    assert most - 30_000 <= result["ttlMs"] <= most


@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
async def test_the_list_under_discovery_is_under_1500_estimated_tokens_on_the_wire(era: str) -> None:
    """An estimated token is four bytes; nothing in this list depends on the package."""
    async with application(served()) as app:
        response = await post(app, Access("g_1", None, "discovery"), era, "tools/list", {})
    assert len(answer(response)["result"]["tools"]) == 4
    assert len(response.content) / 4 < 1_500


async def test_a_read_klass_is_private_to_a_grant() -> None:
    async with application(served()) as app:
        result = answer(await post(app, ONE, "2026-07-28", "resources/read", {"uri": "kustomer://klasses/customer"}))
    assert result["result"]["cacheScope"] == "private"


async def test_there_are_no_completions_that_could_name_what_is_hidden() -> None:
    params = {"ref": {"type": "ref/prompt", "name": "support_triage"}, "argument": {"name": "klass_name", "value": ""}}
    async with application(served()) as app:
        assert (
            answer(await post(app, EVERYTHING, "2025-11-25", "completion/complete", params))["error"]["code"] == -32601
        )


@pytest.mark.parametrize("method", ["tools/list", "tools/call"])
async def test_a_notification_named_like_a_request_does_nothing_and_is_no_failure(
    method: str, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"jsonrpc": "2.0", "method": method, "params": {"name": GET, "arguments": {"id": "x"}}}
    async with (
        application(served()) as app,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(behind(app, ONE))) as http,
    ):
        assert (await http.post(URL, json=body, headers=ACCEPT)).status_code == 202
        assert len(answer(await post(app, ONE, "2025-11-25", "tools/list", {}))["result"]["tools"]) == 1
    assert [record for record in caplog.records if record.levelname == "ERROR" or record.msg == "tool"] == []


@pytest.mark.parametrize("era", ["2025-11-25", "2026-07-28"])
async def test_many_different_narrowings_leave_no_more_behind_than_one_list(era: str) -> None:
    """Rows are kept a tool, not a grant: the server's own memory after many different accesses is that of one."""
    async with application(served()) as app:
        await post(app, EVERYTHING, era, "tools/list", {})
        for number in range(20):
            await post(app, Access(f"g_{number}", frozenset(tools()[number:])), era, "tools/list", {})
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100):
            await post(app, Access(f"g_{number}", frozenset(tools()[number % 30 :])), era, "tools/list", {})
        gc.collect()  # cycles are left behind for longer by Python 3.12 and later
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert grown < 300_000
