"""A support agent's morning, over both transports and in both protocol eras, against the Kustomer emulator."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from package_servers import ERAS, ROOT, Served, connected, serving

from generator.sandbox import Sandbox

KEY = "sandbox-acme"
CONTRACT = ROOT / "generated/acme/kustomer_mcp_acme/contract"


@pytest.fixture(scope="module")
def served(_emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), KUSTOMER_BASE_URL=_emulator.url, KUSTOMER_API_KEY=KEY) as one:
        yield one


@pytest.fixture(params=[(transport, era) for transport in ("stdio", "http") for era in ERAS], ids="-".join)
def way(request: pytest.FixtureRequest) -> tuple[Any, str]:
    return request.param


def contract() -> list[dict[str, Any]]:
    rows = [row for file in CONTRACT.glob("*.json") for row in json.loads(file.read_text(encoding="utf-8"))]
    return sorted(rows, key=lambda row: row["name"])


async def ask(client: Client, tool: str, **arguments: Any) -> Any:
    """A call that must succeed: its text is the JSON of its structured content."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    (text,) = result.content
    assert json.loads(text.text) == result.structured_content
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """A call that must fail: one text, and nothing beside it."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error and result.structured_content is None
    (text,) = result.content
    assert text.type == "text"
    return text.text


async def test_a_late_order_is_triaged_from_an_address_to_a_private_note(
    way: tuple[Any, str], emulator: Sandbox, served: Served
) -> None:
    async with connected(*way, emulator.url, KEY, served.url) as client:
        customer = (await ask(client, "kustomer_customers_using_email", email="alex.smith@acmecorp.com"))["data"]
        assert customer["attributes"]["externalId"] == "USR-100"

        found = await ask(client, "list_all_kustomer_conversations", customer_id=customer["id"])
        late = [row for row in found["data"] if row["attributes"]["status"] == "open"]
        assert [row["attributes"]["externalId"] for row in late] == ["CONV-9001"]

        order = await ask(
            client, "kustomer_custom_objects_using_external_id", klass_name="order", external_id="ORD-10042"
        )
        assert order["data"]["attributes"]["custom"]["orderNumberStr"]

        text = "Order ORD-10042 is late; its shipment is traced."
        note = await ask(client, "create_a_kustomer_conversation_note", conversation_id=late[0]["id"], body=text)
        assert note["data"]["attributes"]["body"] == text
        listed = await ask(client, "list_all_kustomer_conversation_notes", conversation_id=late[0]["id"])
        assert text in [row["attributes"]["body"] for row in listed["data"]]
    sent = [(entry.method, entry.path) for entry in emulator.journal]
    assert sent == [
        ("GET", "/v1/customers/email=alex.smith%40acmecorp.com"),
        ("GET", f"/v1/customers/{customer['id']}/conversations"),
        ("GET", "/v1/klasses/order/externalId=ORD-10042"),
        ("POST", f"/v1/conversations/{late[0]['id']}/notes"),
        ("GET", f"/v1/conversations/{late[0]['id']}/notes"),
    ]
    assert emulator.journal[3].body == {"body": text}


async def test_a_client_sees_the_contract_and_the_capabilities_that_are_served_and_no_other(
    way: tuple[Any, str], emulator: Sandbox, served: Served
) -> None:
    async with connected(*way, emulator.url, KEY, served.url) as client:
        era = way[1]
        assert client.protocol_version == era
        listed = await client.list_tools()
        shown = [tool.model_dump(by_alias=True, exclude_none=True, exclude={"execution"}) for tool in listed.tools]
        assert shown == contract()
        assert listed.next_cursor is None
        capabilities = client.server_capabilities.model_dump(by_alias=True, exclude_none=True)
        assert {name for name in capabilities if capabilities[name] or name != "experimental"} == {
            "tools",
            "prompts",
            "resources",
        }
        # None changes while the server runs, and nobody can subscribe to it.
        assert not any(any(capabilities[name].values()) for name in ("tools", "prompts", "resources"))
        info, instructions = client.server_info, client.instructions
        assert info is not None and (info.name, info.title, info.version) == ("kustomer-acme", "Acme Support", "1.0.0")
        assert instructions is not None and len(instructions.encode()) < 2048
        assert "order, shipment, subscription, warranty-claim" in instructions[:512]
    assert len(emulator.journal) == 0


async def test_refusals_are_one_text_without_secrets_paths_or_tracebacks(
    way: tuple[Any, str], emulator: Sandbox, served: Served
) -> None:
    async with connected(*way, emulator.url, KEY, served.url) as client:
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("delete_everything", {})
        assert (unknown.value.code, unknown.value.message) == (-32602, "Unknown tool: delete_everything")

        texts = [
            await refusal(client, "get_single_kustomer_customer_by_id"),
            await refusal(client, "get_single_kustomer_customer_by_id", id="..", include="x"),
            await refusal(client, "get_single_kustomer_customer_by_id", id="000000000000000000000000"),
            await refusal(client, "get_single_kustomer_customer_by_id", id="x", Identity="y"),
        ]
        emulator.faults.answer(500, b'{"errors": [{"status": 500, "title": "boom"}]}')
        texts.append(await refusal(client, "create_a_kustomer_customer", name="Ada"))
    assert texts == [
        "Invalid arguments; nothing was sent. `id` is required.",
        "`id` holds a path segment `.` or `..`, which no id does; nothing was sent.",
        "HTTP 404 from Kustomer: Not Found (argument `id`). No such record, or the API key may not see it: check the id.",
        "Invalid arguments; nothing was sent. unknown argument `Identity`; the known ones are `id`, `include`.",
        "HTTP 500 from Kustomer: boom. The change may have been made: read the record before trying again. "
        "Kustomer failed: try again later.",
    ]
    for text in texts:
        assert KEY not in text and "Traceback" not in text and str(Path.home()) not in text and str(ROOT) not in text


async def test_the_log_of_a_server_holds_neither_the_key_nor_an_address(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, KUSTOMER_API_KEY=KEY) as one:
        async with Client(one.url, mode="legacy") as client:
            await ask(client, "kustomer_customers_using_email", email="alex.smith@acmecorp.com")
            emulator.faults.reset()
            await refusal(client, "kustomer_customers_using_email", email="alex.smith@acmecorp.com")
    log = one.text()
    assert KEY not in log and "alex.smith" not in log and "Traceback" not in log


@pytest.mark.parametrize("mode", ERAS.values(), ids=ERAS.keys())
async def test_a_bug_in_a_tool_reaches_the_log_and_not_the_client(mode: str, tmp_path: Path) -> None:
    module = shutil.copytree(ROOT / "generated/acme", tmp_path / "broken") / "kustomer_mcp_acme/tools/slas.py"
    text = module.read_text(encoding="utf-8")
    broken = text.replace(
        "    return await kustomer.call(", "    raise RuntimeError('in /srv/secret')\n    return await kustomer.call("
    )
    assert broken != text
    module.write_text(broken, encoding="utf-8")
    with serving(tmp_path, PYTHONPATH=str(tmp_path / "broken"), KUSTOMER_API_KEY=KEY) as one:
        async with Client(one.url, mode=mode) as client:
            said = await refusal(client, "get_single_kustomer_sla_by_id", id="x")
    assert said == "The MCP server failed on this call; the request may or may not have been sent. Its log says where."
    assert re.search(
        r"get_single_kustomer_sla_by_id failed: RuntimeError at get_single_kustomer_sla_by_id:\d+", one.text()
    )
    assert "/srv/secret" not in one.text()


async def test_a_server_without_a_key_lists_its_tools_and_says_at_a_call_what_is_missing(
    emulator: Sandbox, tmp_path: Path
) -> None:
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url) as one:
        async with Client(one.url, mode="2026-07-28") as client:
            assert len((await client.list_tools()).tools) == len(contract())
            assert await refusal(client, "list_all_kustomer_conversations") == (
                "This server has no API key: its operator must set KUSTOMER_API_KEY or KUSTOMER_API_KEY_FILE. "
                "Nothing was sent."
            )
    assert len(emulator.journal) == 0


def test_every_tool_is_within_the_profile_that_all_known_clients_accept() -> None:
    rows = contract()
    assert rows
    for row in rows:
        schema = row["inputSchema"]
        assert row["name"].replace("_", "").isalnum() and row["name"].islower() and len(row["name"]) <= 64
        assert row["title"] and 0 < len(row["description"]) <= 1024
        assert set(row["annotations"]) == {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}
        assert schema["type"] == "object" and schema["additionalProperties"] is False
        assert not {"oneOf", "anyOf", "allOf", "not", "enum", "$ref"} & set(schema)
        assert all(part["description"] for part in schema["properties"].values())
        for part in _schemas(schema):
            assert part and "$ref" not in part and not isinstance(part.get("type"), list)
            assert part.get("type") != "array" or part["items"]
            assert all(isinstance(name, str) and len(name) <= 64 for name in part.get("properties", {}))


def _schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from _schemas(inner)
    if "items" in schema:
        yield from _schemas(schema["items"])


@pytest.mark.parametrize(
    ("tool", "title", "hints"),
    [
        ("get_single_kustomer_customer_by_id", "Get customer", (True, False, True)),
        ("create_a_kustomer_customer", "Create customer", (False, False, False)),
        ("update_a_kustomer_customer_by_id", "Update customer", (False, True, True)),
        ("delete_a_kustomer_note_by_id", "Delete note", (False, True, True)),
        ("create_a_kustomer_customer_unmasking_window", "Open unmasking window", (False, False, False)),
    ],
)
def test_hints_tell_reading_adding_and_overwriting_apart(tool: str, title: str, hints: tuple[bool, bool, bool]) -> None:
    row = next(row for row in contract() if row["name"] == tool)
    said = row["annotations"]
    assert row["title"] == title
    assert (said["readOnlyHint"], said["destructiveHint"], said["idempotentHint"]) == hints
    assert said["openWorldHint"] is True


def test_a_tenant_that_only_reads_has_no_tool_that_writes() -> None:
    folder = ROOT / "generated/globex"
    rows = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tools"]
    writes = {key for row in rows.values() for key in row["operations"] if not key.startswith("GET ")}
    assert writes == {"POST /v1/customers/search"} and {row["effect"] for row in rows.values()} == {"read"}
    shown = [row for file in folder.glob("*/contract/*.json") for row in json.loads(file.read_text(encoding="utf-8"))]
    assert len(shown) == len(rows) == 34 and all(row["annotations"]["readOnlyHint"] for row in shown)
