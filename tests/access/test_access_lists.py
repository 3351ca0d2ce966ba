"""What a caller is shown and may call is exactly what its access holds, in both protocol eras."""

from __future__ import annotations

import json

import anyio
import pytest
from access_kit import BOTH, BY_EMAIL, GET, NOTE, application, holding, names, over_http, served, surface, tools
from hypothesis import given
from hypothesis import strategies as st
from kustomer_mcp_acme.runtime.access import EVERYTHING, NOTHING, Access
from mcp import Client, MCPError

SUBSETS = st.frozensets(st.sampled_from([*tools(), "delete_everything", "search_tools"]))


async def is_known(client: Client, tool: str) -> bool:
    """Whether a call gets further than the question whether there is such a tool. Its arguments are refused at once."""
    try:
        result = await client.call_tool(tool, {"no_such_argument": 1})
    except MCPError as error:
        assert (error.error.code, error.error.message) == (-32602, f"Unknown tool: {tool}")
        return False
    assert result.is_error
    return True


@given(chosen=SUBSETS, era=st.sampled_from(BOTH))
def test_what_is_listed_is_what_is_callable_and_never_more_than_the_package(chosen: frozenset[str], era: str) -> None:
    async def check() -> None:
        async with holding(Access("g_1", chosen), era) as client:
            listed = await names(client)
            assert listed == sorted(chosen & set(tools()))
            asked = sorted({*chosen, *tools()[::7], "search_tools", "call_write_tool"})
            assert [tool for tool in asked if await is_known(client, tool)] == [t for t in asked if t in listed]

    anyio.run(check)


@given(chosen=SUBSETS)
def test_under_discovery_what_is_found_and_callable_is_the_same_as_without_it(chosen: frozenset[str]) -> None:
    async def check() -> None:
        async with holding(Access("g_1", chosen, "discovery"), "2026-07-28") as client:
            admitted = chosen & set(tools())
            reads = {surface().reads(tool) for tool in admitted}
            ways = ["call_read_tool"] * (True in reads) + ["call_write_tool"] * (False in reads)
            assert await names(client) == (["search_tools", "describe_tools", *ways] if admitted else [])
            for tool in tools()[::5]:
                assert await is_known(client, tool) == (tool in admitted)
                for way in ways:
                    said = await client.call_tool(way, {"name": tool, "arguments": {"no_such_argument": 1}})
                    assert said.is_error and ("There is no tool" in str(said.content)) == (tool not in admitted)

    anyio.run(check)


@pytest.mark.parametrize("era", BOTH)
@pytest.mark.parametrize("access", [None, NOTHING, Access("g_1", frozenset()), Access("g_1", frozenset(), "discovery")])
async def test_without_an_access_nothing_is_there(access: Access | None, era: str) -> None:
    async with holding(access, era) as client:
        assert await names(client) == []
        assert (await client.list_prompts()).prompts == []
        assert (await client.list_resources()).resources == []
        for tool in (GET, "search_tools", "nothing"):
            assert not await is_known(client, tool)
        with pytest.raises(MCPError, match="Unknown prompt"):
            await client.get_prompt("support_triage", {"email": "a@example.com"})
        with pytest.raises(MCPError, match="Resource not found"):
            await client.read_resource("kustomer://klasses/order")


@pytest.mark.parametrize("local", [EVERYTHING, Access(tools=frozenset({GET, NOTE})), NOTHING])
@pytest.mark.parametrize("era", ["legacy", "auto"])
async def test_a_transport_without_http_has_the_local_access(local: Access, era: str) -> None:
    async with Client(served(local), mode=era) as client:
        expected = sorted(tools() if local.tools is None else local.tools)
        assert await names(client) == expected
        assert await is_known(client, GET) == (GET in expected)


async def test_the_local_access_is_of_no_use_over_http() -> None:
    async with application(served(EVERYTHING)) as app, over_http(app, None, "2025-11-25") as client:
        assert await names(client) == []


@pytest.mark.parametrize("era", BOTH)
async def test_callers_of_one_server_never_see_each_others_lists(era: str) -> None:
    """Lists are kept in wire form; neither what was kept first nor the order of callers may matter."""
    accesses = [
        Access("g_1", frozenset({GET})),
        Access("g_2", frozenset({GET, NOTE})),
        Access("g_3", frozenset({BY_EMAIL, NOTE}), "discovery"),
        EVERYTHING,
        Access("g_4", frozenset()),
    ]
    async with application(served()) as app:
        for access in (*accesses, *reversed(accesses), *accesses):
            async with over_http(app, access, era) as client:
                assert tuple(await names(client)) == surface().listed(access)


@pytest.mark.parametrize("era", BOTH)
async def test_a_narrowed_list_holds_the_very_rows_of_the_whole_one(era: str) -> None:
    async with application(served()) as app:
        async with over_http(app, Access("g_1", frozenset({GET, NOTE})), era) as client:
            some = (await client.list_tools()).tools
        async with over_http(app, EVERYTHING, era) as client:
            whole = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert [json.loads(tool.model_dump_json()) for tool in some] == [
        json.loads(whole[tool.name].model_dump_json()) for tool in some
    ]
    assert len(some) == 2 and len(whole) == len(tools())
