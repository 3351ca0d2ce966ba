"""What a generated search refuses before anything is sent, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from search_kit import Ask, Package, expect, where

from generator.sandbox import Budgets, Settings, fresh, running

Json = Any

REFUSED: dict[str, tuple[str, Json]] = {
    "an unknown field": ("order", {"where": where("totl_price", "equals", 1)}),
    "an attribute without custom": ("order", {"where": where("totalPriceNum", "equals", 1)}),
    "a misspelled attribute": ("order", {"where": where("custom.orderStatStr", "in", ["paid"])}),
    "a deleted attribute": ("order", {"where": where("custom.couponStr", "set")}),
    "a field with nothing near": ("RentalCar", {"where": where("zzz", "set")}),
    "an unknown operator": ("order", {"where": where("custom.totalPriceNum", "like", 1)}),
    "contains on a number": ("order", {"where": where("custom.totalPriceNum", "contains", "1")}),
    "a range on a text": ("customer", {"where": where("email", "gte", "a")}),
    "any text as a field": ("customer", {"where": where("any_text", "contains", "a")}),
    "equals on a date": ("customer", {"where": where("created_at", "equals", "2026-01-01T00:00:00Z")}),
    "in on a boolean": ("order", {"where": where("custom.giftBool", "in", ["true"])}),
    "a wrong direction": ("message", {"where": where("direction", "equals", True)}),
    "a text for a number": ("order", {"where": where("custom.totalPriceNum", "gte", "many")}),
    "a boolean for a number": ("order", {"where": where("custom.totalPriceNum", "gte", True)}),
    "a number for a text": ("customer", {"where": where("name", "contains", 5)}),
    "a text for a boolean": ("order", {"where": where("custom.giftBool", "equals", "yes")}),
    "a date that is none": ("order", {"where": where("custom.placedAt", "gte", "yesterday")}),
    "a value with set": ("order", {"where": where("custom.totalPriceNum", "set", 5)}),
    "three operators": ("order", {"where": [{"field": "custom.totalPriceNum", "gte": 1, "lte": 2, "set": True}]}),
    "a pair as an alternative": (
        "order",
        {"where": [{"field": "custom.totalPriceNum", "gte": 1, "lte": 2, "any": True}]},
    ),
    "an empty list": ("order", {"where": where("custom.orderStatusStr", "in", [])}),
    "one value with in": ("order", {"where": where("custom.orderStatusStr", "in", "paid")}),
    "a sort by an unknown field": ("order", {"sort": ["-custom.totalPrice"]}),
    "a sort by a text that Kustomer does not sort by": ("customer", {"sort": ["email"]}),
    "too many conditions": ("company", {"where": where("name", "set") * 10}),
    "too many fields to sort by": ("company", {"sort": ["created_at"] * 6}),
    "a page beyond the last": ("company", {"cursor": "pageSize=100&page=101"}),
    "several at once": (
        "order",
        {
            "where": [*where("custom.giftBool", "equals", 1), *where("custom.totalPriceNum", "in", ["1"])],
            "sort": ["x"],
        },
    ),
}


async def test_refusals_say_what_is_wrong_and_what_to_do(ask: Ask) -> None:
    texts = {case: await ask.refusal(what, **arguments) for case, (what, arguments) in REFUSED.items()}
    expect("refusals.json", texts)


@pytest.mark.parametrize("case", REFUSED)
async def test_nothing_is_sent_where_a_search_is_refused(case: str, ask: Ask) -> None:
    what, arguments = REFUSED[case]
    assert "othing was sent" in await ask.refusal(what, **arguments)


async def test_the_last_page_is_not_refused(ask: Ask) -> None:
    assert (await ask("company", cursor="pageSize=100&page=100"))["data"] == []


def test_an_unknown_field_is_refused_without_the_model_too(package: Package) -> None:
    search = package.search("custom_objects", "ORDER_SEARCH")
    condition = package.module("models.custom_objects").OrderCondition.model_construct(field="x", set=True)
    with pytest.raises(package.module("runtime.errors").InvalidArguments, match="`x` is no field of this search"):
        search.body(where=[condition])


async def test_too_many_searches_in_a_minute_are_told_as_they_are(package: Package) -> None:
    with running(fresh(settings=Settings(budgets=Budgets(search_per_minute=2)))) as sandbox:
        ask = Ask(package, sandbox)
        for _ in range(2):
            await ask("company")
        with pytest.raises(package.module("runtime.errors").KustomerError, match="rate limit") as caught:
            await ask("company")
    assert caught.value.status == 429
