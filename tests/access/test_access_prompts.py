"""Prompts and Klasses: a caller sees those that it has tools for, and reads of no tool that it does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from access_kit import BOTH, GET, NOTE, holding, surface, tools
from kustomer_mcp_acme.runtime.access import EVERYTHING, Access
from mcp import Client

TRIAGE = surface().prompts["support_triage"]
ORDERS = "update_a_kustomer_order_custom_object_by_id"


async def prompts(client: Client) -> list[str]:
    return [prompt.name for prompt in (await client.list_prompts()).prompts]


async def klasses(client: Client) -> dict[str, Any]:
    found = {}
    for row in (await client.list_resources()).resources:
        contents: Any = (await client.read_resource(row.uri)).contents
        assert row.size == len(contents[0].text.encode())
        found[row.name] = json.loads(contents[0].text)
    return found


@pytest.mark.parametrize("era", BOTH)
async def test_a_prompt_is_there_for_those_who_have_every_tool_that_it_names(era: str) -> None:
    async with holding(Access("g_1", TRIAGE), era) as client:
        assert await prompts(client) == ["support_triage"]
        said = await client.get_prompt("support_triage", {"email": "a@example.com"})
        assert all(tool in TRIAGE for tool in tools() if f"`{tool}`" in str(said.messages))
    for missing in sorted(TRIAGE):
        async with holding(Access("g_1", TRIAGE - {missing}), era) as client:
            assert await prompts(client) == []


@pytest.mark.parametrize("era", BOTH)
async def test_a_klass_is_there_for_those_who_have_a_tool_for_it_and_names_only_theirs(era: str) -> None:
    async with holding(Access("g_1", frozenset({ORDERS, NOTE})), era) as client:
        seen = await klasses(client)
    assert list(seen) == ["conversation", "order"]
    assert seen["order"]["tools"] == {"own": [ORDERS], "by_klass_name": []}
    async with holding(Access("g_1", frozenset({GET})), era) as client:
        seen = await klasses(client)
    assert list(seen) == ["customer"] and seen["customer"]["tools"] == {"own": []}


async def test_who_may_do_everything_sees_every_klass_as_it_was_generated() -> None:
    async with holding(EVERYTHING, "2026-07-28") as client:
        seen = await klasses(client)
    assert set(seen) == set(surface().klasses)
    assert all(set(names) <= set(tools()) for content in seen.values() for names in content["tools"].values())


@pytest.mark.parametrize("exposure", ["all", "discovery"])
async def test_prompts_and_klasses_are_the_same_under_discovery(exposure: Any) -> None:
    async with holding(Access("g_1", TRIAGE, exposure), "2026-07-28") as client:
        assert await prompts(client) == ["support_triage"]
        assert "conversation" in await klasses(client)
