"""Updates: only what the caller set is sent, null clears, nothing is unlinked by being left out, changes can be tried dry."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import httpx
import mcp.types as types
import pytest
from realities_kit import Connect, text_of

from generator.sandbox import Sandbox

UPDATE = "update_a_kustomer_customer_by_id"
DELETE = "delete_a_kustomer_note_by_id"


async def test_leaving_the_company_out_does_not_unlink_it(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    async with connect() as client:
        before = (await client.call_tool("get_single_kustomer_customer_by_id", {"id": alex})).structured_content
        company = before["data"]["relationships"]["company"]["id"]
        after = (await client.call_tool(UPDATE, {"id": alex, "name": "Alex S."})).structured_content
        assert after["data"]["relationships"]["company"]["id"] == company
        assert list(sandbox.journal)[-1].body == {"name": "Alex S.", "company": company}
        cleared = (await client.call_tool(UPDATE, {"id": alex, "more": {"company": None}})).structured_content
    assert "company" not in cleared["data"]["relationships"]


async def test_null_clears_a_custom_attribute_and_only_what_is_given_is_sent(
    connect: Connect, sandbox: Sandbox, alex: str
) -> None:
    async with connect() as client:
        await client.call_tool(UPDATE, {"id": alex, "more": {"company": None}, "custom": {"vipBool": None}})
    assert list(sandbox.journal)[-1].method == "PATCH"
    assert list(sandbox.journal)[-1].body == {"company": None, "custom": {"vipBool": None}}


async def test_a_stale_rev_says_to_read_again(connect: Connect, alex: str) -> None:
    async with connect() as client:
        result = await client.call_tool(UPDATE, {"id": alex, "name": "A", "more": {"rev": 1, "company": None}})
        if not result.is_error:  # the seed may stand at 1: then the next one is stale
            result = await client.call_tool(UPDATE, {"id": alex, "name": "B", "more": {"rev": 1, "company": None}})
    assert "HTTP 409" in text_of(result)
    assert "read it again and send its new rev" in text_of(result)


async def test_replacing_is_a_tool_of_its_own_and_marked_destructive(connect: Connect) -> None:
    async with connect("everything") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    names = [name for name in tools if name.endswith("_replace")]
    assert names == sorted(names)
    assert "kustomer_customers_replace" not in names  # a whole record is replaced by `custom` writes, not by `write`


async def test_a_dry_run_answers_the_request_and_sends_nothing(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    async with connect("careful") as client:
        result = await client.call_tool(UPDATE, {"id": alex, "custom": {"vipBool": True}, "dry_run": True})
    assert list(sandbox.journal) == []
    assert result.structured_content == {
        "dry_run": True,
        "request": {
            "method": "PATCH",
            "url": f"{sandbox.url}/v1/customers/{alex}",
            "headers": {"Authorization": "Bearer ********", "Content-Type": "application/json"},
            "body": {"custom": {"vipBool": True}},
        },
        "notices": ["Nothing was sent."],
    }


async def test_a_dry_run_validates_in_full(connect: Connect, alex: str) -> None:
    async with connect("careful") as client:
        result = await client.call_tool(UPDATE, {"id": alex, "custom": {"vipBool": "perhaps"}, "dry_run": True})
    assert result.is_error
    assert "`custom.vipBool`" in text_of(result)


async def test_dry_runs_are_offered_only_where_they_are_switched_on_and_only_on_writes(connect: Connect) -> None:
    async with connect("careful") as client:
        careful = (await client.list_tools()).tools
    async with connect() as client:
        plain = (await client.list_tools()).tools
    assert all(("dry_run" in t.input_schema["properties"]) == (not t.annotations.read_only_hint) for t in careful)  # type: ignore[union-attr]
    assert not [t.name for t in plain if "dry_run" in t.input_schema["properties"]]


@pytest.fixture
def note(sandbox: Sandbox) -> str:
    found = httpx.get(f"{sandbox.url}/v1/notes", headers={"authorization": "Bearer sandbox-acme"}).json()
    sandbox.journal.clear()
    return str(found["data"][0]["id"])


async def test_a_deletion_wants_the_record_named_once_more_where_the_client_can_not_ask(
    connect: Connect, sandbox: Sandbox, note: str
) -> None:
    async with connect("careful") as client:
        refused = await client.call_tool(DELETE, {"id": note})
        wrong = await client.call_tool(DELETE, {"id": note, "confirm": "yes"})
        assert list(sandbox.journal) == []
        done = await client.call_tool(DELETE, {"id": note, "confirm": note})
    assert f"`confirm` set to '{note}'" in text_of(refused)
    assert wrong.is_error
    assert done.structured_content == {"done": True}
    assert [entry.method for entry in sandbox.journal] == ["DELETE"]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
@pytest.mark.parametrize(("action", "sent"), [("accept", 1), ("decline", 0)])
async def test_a_person_at_the_client_confirms_or_declines(
    connect: Connect, sandbox: Sandbox, note: str, mode: str, action: Any, sent: int
) -> None:
    asked: list[str] = []

    async def answer(context: Any, params: Any) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action=action, content={} if action == "accept" else None)

    async with connect("careful", elicitation_callback=answer, mode=mode) as client:
        result = await client.call_tool(DELETE, {"id": note})
    assert asked == [f"{DELETE} on `{note}`: this can't be taken back. Do it?"]
    assert len(sandbox.journal) == sent
    assert bool(result.is_error) is (action == "decline")


MANY = [f"c{n}" for n in range(12)]
# Tool, arguments -> the records that must be named once more, and how a person is told of them.
NAMED: list[tuple[str, dict[str, Any], str, str]] = [
    ("kustomer_customers_merge", {"target": "c2", "source": "c1"}, "c1,c2", "`c1`, `c2`"),
    (
        "kustomer_customers_bulk_delete",
        {"ids": MANY},
        ",".join(MANY),
        f"{', '.join(f'`{one}`' for one in MANY[:10])} and 2 more",
    ),
    ("kustomer_custom_objects_bulk_delete", {"klass_name": "order", "ids": ["o1"]}, "o1", "`o1`"),
    ("delete_a_kustomer_draft_attachment_by_id", {"draft_id": "d1", "attachment_id": "a1"}, "d1,a1", "`d1`, `a1`"),
]


@pytest.mark.parametrize(("tool", "arguments", "confirm", "told"), NAMED, ids=[row[0] for row in NAMED])
async def test_whoever_confirms_knows_every_record(
    connect: Connect, sandbox: Sandbox, tool: str, arguments: dict[str, Any], confirm: str, told: str
) -> None:
    asked: list[str] = []

    async def decline(context: Any, params: Any) -> types.ElicitResult:
        asked.append(params.message)
        return types.ElicitResult(action="decline")

    async with connect("careful", elicitation_callback=decline) as client:
        await client.call_tool(tool, arguments)
        assert (await client.call_tool(tool, arguments | {"confirm": tool})).is_error
        assert list(sandbox.journal) == []
        await client.call_tool(tool, arguments | {"confirm": confirm})
    assert asked == [f"{tool} on {told}: this can't be taken back. Do it?"]
    assert len(sandbox.journal) == 1


async def test_a_client_that_only_opens_pages_is_not_asked(packages: Callable[[str], str]) -> None:
    asking = import_module(f"{packages('careful')}.runtime.asking")
    pages = types.ClientCapabilities(elicitation=types.ElicitationCapability(url=types.UrlElicitationCapability()))
    context = SimpleNamespace(session=SimpleNamespace(client_capabilities=pages), protocol_version="2026-07-28")
    assert await asking.Asker(context, types.CallToolRequestParams(name=DELETE))("Do it?") is None


async def test_where_the_client_fails_to_ask_the_record_can_be_named(
    connect: Connect, sandbox: Sandbox, note: str
) -> None:
    async def fail(context: Any, params: Any) -> types.ErrorData:
        return types.ErrorData(code=types.INVALID_PARAMS, message="no forms here")

    async with connect("careful", elicitation_callback=fail, mode="legacy") as client:
        result = await client.call_tool(DELETE, {"id": note})
    assert f"`confirm` set to '{note}'. Nothing was sent." in text_of(result)
    assert list(sandbox.journal) == []
