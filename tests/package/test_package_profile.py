"""A profile check with masked data, over both transports and in both protocol eras, against the Kustomer emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from mcp import Client
from package_servers import ERAS, Served, connected, serving

from generator.sandbox import Sandbox

KEY, PHONE = "sandbox-acme", "+14155552671"


@pytest.fixture(scope="module")
def served(_emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("profile"), KUSTOMER_BASE_URL=_emulator.url, KUSTOMER_API_KEY=KEY) as one:
        yield one


async def ask(client: Client, tool: str, **arguments: Any) -> Any:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


@pytest.mark.parametrize(("transport", "era"), [(transport, era) for transport in ("stdio", "http") for era in ERAS])
async def test_a_masked_phone_is_unmasked_compared_updated_and_masked_again(
    transport: Any, era: str, emulator: Sandbox, served: Served
) -> None:
    async with connected(transport, era, emulator.url, KEY, served.url) as client:
        found = await ask(client, "kustomer_customers_using_external_id", external_id="USR-555")
        customer = found["data"]["id"]
        assert found["data"]["attributes"]["phones"][0]["phone"]["isMasked"] is True
        assert "create_a_kustomer_customer_unmasking_window" in " ".join(found["notices"])
        opened = await ask(client, "create_a_kustomer_customer_unmasking_window", customer_id=customer)
        assert any(notice.startswith("Unmasked until ") for notice in opened["notices"])
        read = await ask(client, "get_single_kustomer_customer_by_id", id=customer)
        assert read["data"]["attributes"]["phones"][0]["phone"] == PHONE
        phones = [{"phone": PHONE, "type": "mobile", "verified": True}]
        updated = await ask(client, "update_a_kustomer_customer_by_id", id=customer, phones=phones)
        assert updated["data"]["attributes"]["phones"] == phones
        await ask(client, "delete_a_kustomer_customer_unmasking_window", customer_id=customer)
        again = await ask(client, "get_single_kustomer_customer_by_id", id=customer)
    assert PHONE not in str(again)
    assert [entry.method for entry in emulator.journal] == ["GET", "POST", "GET", "GET", "PATCH", "DELETE", "GET"]
