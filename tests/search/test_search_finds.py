"""Generated searches against the emulator: operators, combining, order, pages."""

from __future__ import annotations

from typing import Any

import pytest
from search_kit import Ask, Package, either, where

Json = Any

FOUND: dict[str, tuple[str, Json, set[str]]] = {
    "text equals": ("customer", where("email", "equals", "alex.smith@acmecorp.com"), {"Alex Smith"}),
    "text contains": ("customer", where("email", "contains", "@acmecorp"), {"Alex Smith", "Diego Alvarez"}),
    "text in": (
        "customer",
        where("name", "in", ["Marco Bellini", "Kwame Boateng", "Nobody"]),
        {"Marco Bellini", "Kwame Boateng"},
    ),
    "text not set": ("customer", where("name", "not_set"), {None}),
    "an id": ("customer", where("external_id", "equals", "USR-555"), {"Priya Natarajan"}),
    "a tag": ("customer", where("tags", "in", ["vip", "none"]), {"Alex Smith"}),
    "a count": (
        "customer",
        [*where("conversations_count", "gte", 3), *where("email", "contains", "smith@acmecorp")],
        {"Alex Smith"},
    ),
    "a custom choice": (
        "customer",
        where("custom.loyaltyTierStr", "equals", "gold"),
        {"Alex Smith", "Sofia Lindqvist"},
    ),
    "a custom choice of several": (
        "customer",
        where("custom.loyaltyTierStr", "in", ["bronze", "silver"]),
        {"Priya Natarajan", "Marco Bellini", "Kwame Boateng"},
    ),
    "a PascalCase attribute": ("customer", where("custom.AvgSatScoreNum", "set"), {"Alex Smith"}),
    "a custom list": ("customer", where("custom.interestsStr", "equals", "climbing"), {"Alex Smith"}),
    "a custom boolean": ("customer", where("custom.vipBool", "equals", False), {"Priya Natarajan"}),
    "a custom date": ("customer", where("custom.memberSinceAt", "lte", "2021-11-07"), {"Alex Smith"}),
    "a conversation's status": (
        "conversation",
        [*where("status", "equals", "done"), *where("custom.contactReasonTree", "equals", "other")],
        {"Copy of an invoice"},
    ),
    "a breached SLA": (
        "conversation",
        [*where("sla_breached", "equals", False), *where("custom.relatedOrderId", "set")],
        {"Where is my order ORD-10042?"},
    ),
    "a conversation by its channel": (
        "conversation",
        [
            *where("channels", "equals", "whatsapp"),
            *where("tags", "equals", "refund"),
            *where("status", "equals", "snoozed"),
        ],
        {"Return of boots"},
    ),
    "a message by its text": (
        "message",
        where("body", "contains", "rechargeable"),
        {"Does the lamp take rechargeable batteries?"},
    ),
    "a message by direction": (
        "message",
        [*where("direction", "equals", "out"), *where("channel", "equals", "chat"), *where("body", "contains", "AA")],
        {"It does: any AA cells."},
    ),
    "a company": ("company", where("custom.accountTierStr", "equals", "standard"), {"Initech"}),
    "a number up to": ("order", where("custom.totalPriceNum", "lte", 59), {"Order ORD-10045", "Order ORD-10017"}),
    "a number from": ("order", where("custom.totalPriceNum", "gte", 189), {"Order ORD-10042", "Order ORD-10031"}),
    "a number equal": ("order", where("custom.totalPriceNum", "equals", 74.25), {"Order ORD-10044"}),
    "a list of texts": ("order", where("custom.skusStr", "contains", "tent"), {"Order ORD-10042"}),
    "a date range": (
        "order",
        [{"field": "created_at", "gte": "2026-06-05", "lte": "2026-06-10T23:59:59Z"}],
        {"Order ORD-10042", "Order ORD-10044"},
    ),
    "a shipment": ("shipment", where("custom.carrierStr", "equals", "ups"), {"Shipment SHP-7001"}),
    "a subscription without suffix": (
        "subscription",
        where("custom.seatsCount", "gte", 2),
        {"Trail Club Plus"},
    ),
    "a hyphenated Klass": (
        "warranty-claim",
        where("custom.defectTree", "equals", "seam"),
        {"Open seam on tent floor"},
    ),
    "a PascalCase Klass": ("RentalCar", where("custom.PlateStr", "equals", "CD-2"), {"Car CD-2"}),
    "an attribute with an underscore": ("RentalCar", where("custom.seat_countNum", "lte", 4), {"Car AB-1"}),
}


@pytest.mark.parametrize("case", FOUND)
async def test_a_condition_finds_its_records(case: str, ask: Ask) -> None:
    what, conditions, names = FOUND[case]
    assert set(await ask.titles(what, where=conditions)) == names


async def test_any_text_finds_words_in_any_of_its_texts(ask: Ask) -> None:
    assert await ask.titles("customer", any_text="lindqvist") == ["Sofia Lindqvist"]
    assert await ask.titles("customer", any_text="lindqvist", where=where("name", "equals", "Alex Smith")) == []


NOTED: dict[str, tuple[str, Json, str]] = {
    "a value that was no choice": (
        "order",
        where("custom.orderStatusStr", "equals", "shiped"),
        "did you mean 'shipped'",
    ),
    "a part of what is compared whole": ("shipment", where("custom.orderId", "contains", "5f"), "compared whole"),
    "an update longer ago than search reaches": ("order", where("updated_at", "lte", "2019-01-01"), "two years"),
}


@pytest.mark.parametrize("case", NOTED)
async def test_what_may_explain_an_empty_answer_is_noted_beside_it(case: str, ask: Ask) -> None:
    what, conditions, words = NOTED[case]
    content = await ask(what, where=conditions)
    assert content["data"] == []
    assert len(content["notices"]) == 1 and words in content["notices"][0]


async def test_an_answer_to_what_is_known_has_no_notices(ask: Ask) -> None:
    assert "notices" not in await ask("order", where=where("custom.orderStatusStr", "equals", "shipped"))


async def test_any_finds_what_meets_one_of_the_conditions(ask: Ask) -> None:
    conditions = [*where("custom.orderStatusStr", "equals", "paid"), *where("custom.giftBool", "equals", True)]
    assert set(await ask.titles("order", where=either(*conditions))) == {"Order ORD-10044", "Order ORD-10017"}


async def test_all_and_any_together_must_both_hold(ask: Ask) -> None:
    one = [*where("custom.orderStatusStr", "equals", "paid"), *where("custom.giftBool", "equals", True)]
    found = await ask.titles("order", where=[*where("custom.totalPriceNum", "gte", 60), *either(*one)])
    assert found == ["Order ORD-10044"]


async def test_two_conditions_on_one_field_are_two_criteria(ask: Ask) -> None:
    both = [*where("custom.skusStr", "equals", "TENT-2P"), *where("custom.skusStr", "equals", "BAG-0C")]
    assert await ask.titles("order", where=both) == ["Order ORD-10042"]


async def test_sort_rises_and_falls(ask: Ask) -> None:
    rising = await ask.titles("order", sort=["custom.totalPriceNum"])
    assert rising == [f"Order ORD-100{n}" for n in (45, 17, 44, 31, 42)]
    assert await ask.titles("order", sort=["-custom.totalPriceNum"]) == rising[::-1]


async def test_the_second_field_sorts_what_the_first_leaves_equal(ask: Ask) -> None:
    tiers = where("custom.loyaltyTierStr", "in", ["gold", "silver"])
    found = await ask.titles("customer", where=tiers, sort=["custom.loyaltyTierStr", "-name"])
    assert found == ["Sofia Lindqvist", "Alex Smith", "Priya Natarajan", "Kwame Boateng"]


async def test_cursors_lead_through_all_pages_once(ask: Ask) -> None:
    found: list[str] = []
    arguments: Json = {"sort": ["created_at"], "page_size": 25}
    for _ in range(10):
        content = await ask("conversation", **arguments)
        found += [row["id"] for row in content["data"]]
        if "next_cursor" not in content:
            break
        arguments["cursor"] = content["next_cursor"]
    assert len(found) == len(set(found)) == content["meta"]["total"] == 64


async def test_without_conditions_all_records_are_found(ask: Ask) -> None:
    assert len((await ask("order"))["data"]) == 5
    assert ask.sandbox.journal[0].body == {"queryContext": "kobject_order"}


async def test_the_generated_function_takes_typed_conditions(ask: Ask, package: Package) -> None:
    models, tools = package.module("models.custom_objects"), package.module("tools.custom_objects")
    settings = package.module("runtime.settings").Settings(base_url=ask.sandbox.url, api_key="sandbox-acme")
    cheap = models.OrderCondition(field="custom.totalPriceNum", lte=20)
    async with package.module("runtime.client").Kustomer(settings) as kustomer:
        answer = await tools.kustomer_order_custom_objects_search(kustomer, where=[cheap])
    assert [row["attributes"]["title"] for row in answer.data] == ["Order ORD-10045"]
    assert ask.sandbox.journal[0].body["and"] == [{"kobject_custom_order_totalPriceNum": {"lte": 20}}]
