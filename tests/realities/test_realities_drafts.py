"""Drafts: each channel has its own limits and fields, and scheduling can't send at once by accident."""

from __future__ import annotations

import pytest
from realities_kit import Connect, text_of

from generator.sandbox import Sandbox

SMS = "create_a_kustomer_customer_sms_draft"


async def test_a_field_of_another_channel_is_refused_by_whose_it_is(
    connect: Connect, sandbox: Sandbox, alex: str
) -> None:
    async with connect() as client:
        result = await client.call_tool(SMS, {"customer_id": alex, "body": "hi", "subject": "Hello"})
    assert result.is_error
    assert text_of(result) == "Invalid arguments; nothing was sent. `subject` belongs to email drafts."
    assert list(sandbox.journal) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"body": "x" * 1601}, "`body`: string should have at most 1600 characters"),
        ({"body": "x", "to": "alex@example.org"}, "`to`: string should match pattern"),
        ({"body": "x", "app": "postmark"}, "`app`: input should be 'twilio' or 'zipwhip'"),
    ],
)
async def test_limits_of_a_channel_are_checked_before_sending(
    connect: Connect, sandbox: Sandbox, alex: str, arguments: dict[str, str], said: str
) -> None:
    async with connect() as client:
        result = await client.call_tool(SMS, {"customer_id": alex, **arguments})
    assert result.is_error
    assert said in text_of(result)
    assert list(sandbox.journal) == []


async def test_send_at_alone_schedules_for_the_flag_is_filled_in(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    arguments = {
        "customer_id": alex,
        "body": "hi",
        "to": "+14155550100",
        "app": "twilio",
        "send_at": "2026-06-20T09:00:00Z",
    }
    async with connect() as client:
        result = await client.call_tool(SMS, arguments)
        draft = result.structured_content["data"]["id"]
        assert list(sandbox.journal)[-1].body["scheduled"] is True
        await client.call_tool("update_a_kustomer_sms_draft_by_id", {"id": draft, "more": {"send_at": None}})
    assert list(sandbox.journal)[-1].body["sendAt"] is None
    assert "scheduled" not in list(sandbox.journal)[-1].body


async def test_without_send_at_no_flag_is_sent(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    async with connect() as client:
        await client.call_tool(SMS, {"customer_id": alex, "body": "hi", "to": "+14155550100", "app": "twilio"})
    assert set(list(sandbox.journal)[-1].body) == {"channel", "body", "to", "app"}


async def test_no_draft_tool_offers_the_scheduling_flag(connect: Connect) -> None:
    async with connect("everything") as client:
        tools = (await client.list_tools()).tools
    drafts = [tool for tool in tools if tool.name.endswith(("_draft", "_draft_by_id"))]
    assert len(drafts) > 15
    assert not [tool.name for tool in drafts if "scheduled" in str(tool.input_schema)]


async def test_a_whatsapp_template_that_could_not_be_scheduled_does_not_offer_send_at(connect: Connect) -> None:
    async with connect("everything") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert "send_at" not in str(tools["create_a_kustomer_customer_whatsapp_template_draft"].input_schema)
    assert "send_at" in str(tools["update_a_kustomer_whatsapp_draft_by_id"].input_schema)


async def test_a_reading_package_has_no_draft_tools_whatever_the_key_allows(connect: Connect) -> None:
    async with connect("reader") as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert not [name for name in names if name.endswith(("_draft", "_draft_by_id"))]
    assert all(not name.startswith(("create_", "update_", "delete_")) for name in names)


async def test_drafts_channels_leaves_the_other_channels_out(connect: Connect) -> None:
    async with connect("smsonly") as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert [name for name in names if name.endswith("_draft")] == [SMS]


async def test_outbound_accounts_decide_channels_apps_and_senders(
    connect: Connect, sandbox: Sandbox, alex: str
) -> None:
    async with connect("accounts") as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool(SMS, {"customer_id": alex, "body": "hi", "from": "+15550000000"})
    made = [name for name in names if name.endswith("_draft")]
    assert made == ["create_a_kustomer_customer_note_draft", SMS, "create_a_kustomer_email_draft"]
    assert text_of(result) == "Invalid arguments; nothing was sent. `from`: input should be '+12025550143'."
    assert list(sandbox.journal) == []


async def test_messages_say_that_they_only_record_and_what_delivers(connect: Connect) -> None:
    async with connect() as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    description = str(tools["create_a_kustomer_message"].description)
    assert "deliver" in description.lower()
    assert "draft" in description
