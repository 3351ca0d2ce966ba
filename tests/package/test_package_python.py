"""The tools as plain Python functions: models in, None to clear, errors as exceptions."""

from __future__ import annotations

import subprocess
import sys

import pytest
from kustomer_mcp_acme import Answer, KustomerError, connect
from kustomer_mcp_acme.models.conversations import ConversationCustom
from kustomer_mcp_acme.models.custom_objects import OrderCustom
from kustomer_mcp_acme.models.customers import CustomerCustom, Email
from kustomer_mcp_acme.tools.conversations import update_a_kustomer_conversation_by_id
from kustomer_mcp_acme.tools.custom_objects import (
    create_a_kustomer_order_custom_object,
    kustomer_custom_objects_using_external_id,
)
from kustomer_mcp_acme.tools.customers import (
    get_single_kustomer_customer_by_id,
    kustomer_customers_using_external_id,
    update_a_kustomer_customer_by_id,
)
from package_servers import environment
from pydantic import MISSING, ValidationError

from generator.sandbox import Sandbox


@pytest.fixture(autouse=True)
def configured(emulator: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_BASE_URL", emulator.url)
    monkeypatch.setenv("KUSTOMER_API_KEY", "sandbox-acme")


async def test_models_set_and_none_clears_and_what_is_left_out_stays(emulator: Sandbox) -> None:
    async with connect() as kustomer:
        before = (await kustomer_customers_using_external_id(kustomer, external_id="USR-100")).data
        changed = await update_a_kustomer_customer_by_id(
            kustomer,
            id=before["id"],
            time_zone=None,
            company=MISSING,
            emails=[Email(email="alex@new.example", type="work")],
            custom=CustomerCustom(loyaltyTierStr="gold", AvgSatScoreNum=4.0, vipBool=False, internalSummaryTxt=None),
        )
        after = (await get_single_kustomer_customer_by_id(kustomer, id=before["id"])).data
    assert isinstance(changed, Answer) and changed.status == 200
    entry = next(entry for entry in emulator.journal if entry.method == "PATCH")
    assert entry.body == {
        "company": before["relationships"]["company"]["data"]["id"],
        "timeZone": None,
        "emails": [{"email": "alex@new.example", "type": "work"}],
        "custom": {"loyaltyTierStr": "gold", "AvgSatScoreNum": 4, "vipBool": False, "internalSummaryTxt": None},
    }
    assert type(entry.body["custom"]["AvgSatScoreNum"]) is int
    assert after["attributes"]["custom"]["loyaltyTierStr"] == "gold"
    assert not after["attributes"].get("timeZone")
    assert after["attributes"]["name"] == before["attributes"]["name"]


async def test_a_typed_custom_object_is_made_and_found_by_its_external_id(emulator: Sandbox) -> None:
    async with connect() as kustomer:
        made = await create_a_kustomer_order_custom_object(
            kustomer,
            title="Order 1",
            external_id="ORD-1",
            custom=OrderCustom(giftBool=True, itemCountNum=2, skusStr=["a"]),
        )
        found = await kustomer_custom_objects_using_external_id(kustomer, klass_name="order", external_id="ORD-1")
    assert made.status == 201 and found.data["id"] == made.data["id"]
    assert found.data["attributes"]["custom"]["skusStr"] == ["a"]
    assert emulator.journal[0].path == "/v1/klasses/order"


async def test_nested_models_go_out_under_their_wire_names_and_nothing_beside_them(emulator: Sandbox) -> None:
    late = emulator.world.org("acme").external("conversation", "CONV-9001")
    assert late is not None
    async with connect() as kustomer:
        await update_a_kustomer_conversation_by_id(
            kustomer, id=late.id, tags=[], priority=3, custom=ConversationCustom(escalatedBool=True)
        )
    assert emulator.journal[0].body == {"tags": [], "priority": 3, "custom": {"escalatedBool": True}}


async def test_a_refusal_is_an_exception_with_status_and_text(emulator: Sandbox) -> None:
    async with connect() as kustomer:
        with pytest.raises(KustomerError) as raised:
            await get_single_kustomer_customer_by_id(kustomer, id="0" * 24)
    assert raised.value.status == 404 and str(raised.value).startswith("HTTP 404 from Kustomer")


def test_a_model_refuses_what_the_klass_does_not_have() -> None:
    with pytest.raises(ValidationError):
        CustomerCustom(loyaltyTierStr="tin")  # type: ignore[arg-type]
    with pytest.raises(ValidationError):
        CustomerCustom(loyalty="gold")  # type: ignore[call-arg]


async def test_every_call_presents_the_package_and_asks_for_json(emulator: Sandbox) -> None:
    async with connect() as kustomer:
        await kustomer_customers_using_external_id(kustomer, external_id="USR-100")
    headers = emulator.journal[0].headers
    assert (headers["user-agent"], headers["accept"]) == ("kustomer-mcp-acme", "application/json")


def test_importing_the_package_reads_no_configuration_and_no_toolset() -> None:
    script = (
        "import sys, kustomer_mcp_acme, kustomer_mcp_acme.server as s; from kustomer_mcp_acme.runtime.server import *;"
        "build_server(s.INFO); print(sorted(m for m in sys.modules if m.startswith('kustomer_mcp_acme.')"
        " and m.split('.')[1] in ('tools', 'models')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
