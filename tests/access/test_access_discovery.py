"""The four tools of `exposure: discovery`: small, and each call through them is the call of the tool that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from access_kit import BOTH, BY_EMAIL, ERAS, GET, NOTE, OPEN_WINDOW, holding, module, names, tools
from kustomer_mcp_acme.runtime.access import Access
from kustomer_mcp_acme.runtime.discovery import TOOLS
from mcp import Client, MCPError, types

from generator.sandbox import Sandbox

ALL = Access("g_1", None, "discovery")
READER = Access("g_2", frozenset({GET, BY_EMAIL}), "discovery")
WRITER = Access("g_3", frozenset({NOTE}), "discovery")
DELETE = "delete_a_kustomer_note_by_id"
Careful = Callable[[str, str], Any]
FOUR = ["search_tools", "describe_tools", "call_read_tool", "call_write_tool"]


def text(result: Any) -> str:
    return " ".join(part.text for part in result.content)


async def found(client: Client, query: str, **given: Any) -> list[str]:
    result = await client.call_tool("search_tools", {"query": query, **given})
    assert not result.is_error, text(result)
    assert json.loads(text(result)) == result.structured_content
    return [row["name"] for row in result.structured_content["tools"]]


@pytest.mark.parametrize("era", BOTH)
async def test_four_tools_are_listed_and_only_those_of_use(era: str) -> None:
    for access, listed in ((ALL, FOUR), (READER, FOUR[:3]), (WRITER, [*FOUR[:2], FOUR[3]])):
        async with holding(access, era) as client:
            assert await names(client) == listed


def test_the_list_is_under_1500_estimated_tokens_whatever_the_package() -> None:
    """Nothing in it depends on the package; an estimated token is four bytes."""
    rows = [tool.model_dump(by_alias=True, exclude_none=True) for tool in TOOLS]
    assert len(json.dumps({"tools": rows}).encode()) / 4 < 1_000


def test_the_four_tools_keep_to_what_every_client_takes() -> None:
    hints = {tool.name: tool.annotations for tool in TOOLS}
    for tool in TOOLS:
        schema = tool.input_schema
        assert re.fullmatch(r"[a-z][a-z0-9_]{1,44}", tool.name) and tool.title and len(tool.description or "") < 1_024
        assert (schema["type"], schema["additionalProperties"]) == ("object", False)
        assert set(schema["required"]) <= set(schema["properties"])
        for name, value in schema["properties"].items():
            assert re.fullmatch(r"[a-z_]{1,64}", name) and isinstance(value["type"], str) and value["description"]
            assert value["type"] != "array" or value["items"]
        assert None not in tool.annotations.model_dump(exclude={"title"}).values() if tool.annotations else False
    read, write = hints["call_read_tool"], hints["call_write_tool"]
    assert read and write
    assert (read.read_only_hint, read.destructive_hint) == (True, False)
    assert (write.read_only_hint, write.destructive_hint) == (False, True)


@pytest.mark.parametrize("era", BOTH)
async def test_a_greeting_says_how_tools_are_found_only_where_they_are_not_listed(era: str) -> None:
    async with holding(ALL, era) as client:
        assert (client.instructions or "").startswith("Tools are found, not listed: search_tools")
        assert "Kustomer support CRM" in (client.instructions or "")
    async with holding(Access("g_1"), era) as client:
        assert "search_tools" not in (client.instructions or "")


@pytest.mark.parametrize("era", BOTH)
async def test_a_tool_is_found_described_and_called(era: str, emulator: Sandbox) -> None:
    async with holding(ALL, era, emulator.url) as client:
        assert (await found(client, "which customer has this email address?"))[0] == BY_EMAIL
        contract = (await client.call_tool("describe_tools", {"names": [BY_EMAIL]})).structured_content["tools"][0]
        assert contract["call_with"] == "call_read_tool"
        assert contract["inputSchema"]["required"] == ["email"]
        assert contract["annotations"]["readOnlyHint"] is True
        email = "alex.smith@acmecorp.com"
        through = await client.call_tool("call_read_tool", {"name": BY_EMAIL, "arguments": {"email": email}})
        direct = await client.call_tool(BY_EMAIL, {"email": email})
    assert not through.is_error and through.structured_content["data"]["type"] == "customer"
    assert through.structured_content == direct.structured_content
    assert [entry.method for entry in emulator.journal] == ["GET", "GET"]


async def test_what_is_described_is_the_very_contract_that_a_list_would_show() -> None:
    some = [GET, NOTE, DELETE, "kustomer_conversations_search", OPEN_WINDOW]
    async with holding(Access("g_1"), "2025-11-25") as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}
    async with holding(ALL, "2025-11-25") as client:
        rows = (await client.call_tool("describe_tools", {"names": some})).structured_content["tools"]
    assert [row.pop("call_with") for row in rows] == [
        "call_read_tool" if listed[name].annotations.read_only_hint else "call_write_tool" for name in some
    ]
    assert [types.Tool.model_validate(row) for row in rows] == [listed[name] for name in some]


@pytest.mark.parametrize(
    ("way", "name", "said"),
    [
        ("call_read_tool", NOTE, f"{NOTE} is called with call_write_tool, not with call_read_tool. Nothing was sent."),
        ("call_write_tool", GET, f"{GET} is called with call_read_tool, not with call_write_tool. Nothing was sent."),
    ],
)
async def test_each_calling_tool_refuses_the_others_kind_and_says_which_to_use(
    way: str, name: str, said: str, emulator: Sandbox
) -> None:
    async with holding(ALL, "2026-07-28", emulator.url) as client:
        result = await client.call_tool(way, {"name": name, "arguments": {"id": "x"}})
    assert result.is_error and text(result) == said and len(emulator.journal) == 0


@pytest.mark.parametrize("way", ["call_read_tool", "describe_tools"])
async def test_hidden_and_unknown_names_are_answered_alike_with_the_nearest_that_the_caller_may_see(way: str) -> None:
    async with holding(READER, "2025-11-25") as client:
        answers = []
        for name in ("get_single_kustomer_conversation_by_id", "get_single_kustomer_conversation_by_iq"):
            given = {"names": [name]} if way == "describe_tools" else {"name": name}
            result = await client.call_tool(way, given)
            assert result.is_error
            answers.append(text(result).replace(name, "?"))
    assert "get_single_kustomer_conversation_by_id" in tools()
    assert answers[0].startswith(f'There is no tool "?"; nearest: {GET}')
    assert answers[0] == answers[1].replace("?", "?") and NOTE not in answers[0]


async def test_known_and_unknown_names_are_described_together() -> None:
    async with holding(READER, "2025-11-25") as client:
        content = (await client.call_tool("describe_tools", {"names": [GET, "nothing", GET]})).structured_content
    assert [row["name"] for row in content["tools"]] == [GET]
    assert [notice.startswith('There is no tool "nothing"; ') for notice in content["notices"]] == [True]


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("search_tools", {}, "`query`"),
        ("search_tools", {"query": ""}, "`query`"),
        ("search_tools", {"query": "x", "limit": 0}, "`limit`"),
        ("search_tools", {"query": "x", "effect": "both"}, "`effect`"),
        ("describe_tools", {"names": []}, "`names`"),
        ("describe_tools", {"names": [GET] * 6}, "`names`"),
        ("call_read_tool", {"name": GET, "arguments": "id=1"}, "`arguments`"),
        ("call_read_tool", {"name": GET, "id": "1"}, "`id`"),
        ("call_read_tool", {"name": GET, "arguments": {}}, "`id`"),
    ],
)
async def test_wrong_arguments_are_named_and_nothing_is_sent(
    tool: str, given: dict[str, Any], said: str, emulator: Sandbox
) -> None:
    async with holding(ALL, "2025-11-25", emulator.url) as client:
        result = await client.call_tool(tool, given)
    assert result.is_error and text(result).startswith("Invalid arguments; nothing was sent.") and said in text(result)
    assert len(emulator.journal) == 0


async def test_a_search_finds_only_what_the_caller_may_call_and_can_be_held_to_one_effect() -> None:
    async with holding(READER, "2025-11-25") as client:
        assert set(await found(client, "write a note on a customer by email", limit=20)) <= {GET, BY_EMAIL}
    async with holding(ALL, "2025-11-25") as client:
        query = "customer conversation note"
        read, write = [set(await found(client, query, limit=20, effect=effect)) for effect in ("read", "write")]
        assert len(await found(client, query)) == 5 and len(await found(client, query, limit=1)) == 1
    assert GET in read and NOTE in write and not read & write


async def test_a_search_without_a_match_names_what_there_are_tools_for() -> None:
    async with holding(READER, "2025-11-25") as client:
        content = (await client.call_tool("search_tools", {"query": "zzzz"})).structured_content
    assert content == {
        "tools": [],
        "notices": ["No tool fits these words; there are tools for: customers."],
    }


@pytest.mark.parametrize("era", BOTH)
@pytest.mark.parametrize("agrees", ["accept", "decline"])
async def test_a_person_is_asked_as_in_a_direct_call(
    era: str, agrees: Any, careful: Careful, emulator: Sandbox
) -> None:
    asked: list[str] = []

    async def person(_: Any, params: Any) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action=agrees, content={} if agrees == "accept" else None)

    server = careful("discovery", emulator.url)
    async with Client(server, mode=ERAS[era], elicitation_callback=person) as client:
        result = await client.call_tool("call_write_tool", {"name": DELETE, "arguments": {"id": "n1"}})
    assert asked == [f"{DELETE} on `n1`: this can't be taken back. Do it?"]
    assert [entry.method for entry in emulator.journal] == (["DELETE"] if agrees == "accept" else [])
    assert ("The person at the client declined" in text(result)) == (agrees == "decline")


async def test_confirm_and_dry_run_hold_as_in_a_direct_call(careful: Careful, emulator: Sandbox) -> None:
    async with Client(careful("discovery", emulator.url)) as client:

        async def call(**arguments: Any) -> Any:
            return await client.call_tool("call_write_tool", {"name": DELETE, "arguments": {"id": "n1", **arguments}})

        refused, tried = await call(), await call(dry_run=True)
        assert "repeat the call with `confirm` set to 'n1'" in text(refused)
        assert not tried.is_error and tried.structured_content["request"]["method"] == "DELETE"
        assert len(emulator.journal) == 0
        await call(confirm="n1")
    assert [entry.method for entry in emulator.journal] == ["DELETE"]


async def test_the_log_names_the_tool_that_was_called(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What goes wrong within a call is written down under the tool's own name."""
    async with holding(ALL, "2025-11-25") as client:

        def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError

        monkeypatch.setattr(module("client").Kustomer, "call", broken)
        result = await client.call_tool("call_read_tool", {"name": GET, "arguments": {"id": "1"}})
    assert result.is_error and [
        r.getMessage().partition(":")[0] for r in caplog.records if r.name == "kustomer_mcp"
    ] == [f"tool {GET} failed"]


async def test_the_unmasking_tool_is_named_only_to_those_who_have_it(emulator: Sandbox) -> None:
    asked = {"external_id": "USR-555"}
    tool = "kustomer_customers_using_external_id"
    for access, named in ((Access("g_1"), True), (Access("g_2", frozenset({tool})), False)):
        async with holding(access, "2025-11-25", emulator.url) as client:
            result = await client.call_tool(tool, asked)
        assert "isMasked" in text(result) and (OPEN_WINDOW in text(result)) == named


async def test_under_all_the_four_tools_are_not_there() -> None:
    async with holding(Access("g_1"), "2025-11-25") as client:
        assert not set(FOUR) & set(await names(client))


class Listener:
    """Writes down what is reported of calls."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def calling(self, tool: str) -> Listener:
        self.heard.append(tool)
        return self

    def sent(self, sent: Any) -> None: ...

    def ended(self, outcome: str, seconds: float) -> None:
        self.heard.append(outcome)

    def denied(self, tool: str) -> None:
        self.heard += [tool, "denied"]


async def test_the_audit_hears_of_the_tool_behind_a_call_and_of_hidden_ones_but_of_no_invented_name(
    emulator: Sandbox,
) -> None:
    watching, listener = module("watch").watching, Listener()
    token = watching.set(listener)
    try:
        async with holding(READER, "2026-07-28", emulator.url) as client:
            await client.call_tool("search_tools", {"query": "customer by email"})
            await client.call_tool("call_read_tool", {"name": GET, "arguments": {"id": "nobody"}})
            await client.call_tool("call_read_tool", {"name": NOTE})
            await client.call_tool("call_read_tool", {"name": "a_name_with_a_secret"})
            with pytest.raises(MCPError):
                await client.call_tool(NOTE, {})
            with pytest.raises(MCPError):
                await client.call_tool("a_name_with_a_secret", {})
    finally:
        watching.reset(token)
    assert listener.heard == ["search_tools", "ok", GET, "refused", NOTE, "denied", NOTE, "denied"]
