"""What a generated search refuses before anything is sent, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from search_kit import Ask, Package, expect, where

from generator.sandbox import Budgets, Settings, fresh, running

Json = Any

REFUSED: dict[str, tuple[str, Json]] = {
    "an unknown field": ("order", {"all": where("totl_price", "equals", 1)}),
    "an attribute without custom": ("order", {"all": where("totalPriceNum", "equals", 1)}),
    "a misspelled attribute": ("order", {"any": where("custom.orderStatStr", "equals", "paid")}),
    "a deleted attribute": ("order", {"all": where("custom.couponStr", "set")}),
    "a field with nothing near": ("RentalCar", {"all": where("zzz", "set")}),
    "an unknown operator": ("order", {"all": where("custom.totalPriceNum", "like", 1)}),
    "contains on a number": ("order", {"all": where("custom.totalPriceNum", "contains", "1")}),
    "a range on a text": ("customer", {"all": where("email", "gt", "a")}),
    "equals on any text": ("customer", {"all": where("any_text", "equals", "a")}),
    "in on a boolean": ("order", {"all": where("custom.giftBool", "in", ["true"])}),
    "contains on an id": ("shipment", {"all": where("custom.orderId", "contains", "5f")}),
    "a wrong choice": ("order", {"all": where("custom.orderStatusStr", "equals", "shiped")}),
    "a wrong choice among several": ("order", {"all": where("custom.orderStatusStr", "in", ["paid", "xyz"])}),
    "a wrong direction": ("message", {"all": where("direction", "equals", True)}),
    "a text for a number": ("order", {"all": where("custom.totalPriceNum", "gt", "many")}),
    "a boolean for a number": ("order", {"all": where("custom.totalPriceNum", "gt", True)}),
    "a number for a text": ("customer", {"all": where("name", "equals", 5)}),
    "a text for a boolean": ("order", {"all": where("custom.giftBool", "equals", "yes")}),
    "a date that is none": ("order", {"all": where("custom.placedAt", "gt", "yesterday")}),
    "no value": ("order", {"all": where("custom.totalPriceNum", "gt")}),
    "a value with set": ("order", {"all": where("custom.totalPriceNum", "set", True)}),
    "an empty list": ("order", {"all": where("custom.orderStatusStr", "in", [])}),
    "one value with in": ("order", {"all": where("custom.orderStatusStr", "in", "paid")}),
    "an update longer ago than search reaches": ("order", {"all": where("updated_at", "lt", "2019-01-01")}),
    "a sort by an unknown field": ("order", {"sort": ["-custom.totalPrice"]}),
    "a sort by a text that Kustomer does not sort by": ("customer", {"sort": ["email"]}),
    "too many conditions": ("company", {"any": where("name", "set") * 21}),
    "too many fields to sort by": ("company", {"sort": ["created_at"] * 6}),
    "a page beyond the last": ("company", {"cursor": "pageSize=100&page=101"}),
    "several at once": (
        "order",
        {
            "all": [*where("custom.giftBool", "equals", 1), *where("custom.totalPriceNum", "in", ["1"])],
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


async def test_an_old_update_is_no_problem_where_other_conditions_may_hold(ask: Ask) -> None:
    either = [*where("updated_at", "lt", "2019-01-01"), *where("name", "equals", "Initech")]
    assert await ask.titles("company", any=either) == ["Initech"]


def test_an_unknown_field_is_refused_without_the_model_too(package: Package) -> None:
    search = package.search("custom_objects", "ORDER_SEARCH")
    condition = package.module("models.custom_objects").OrderCondition.model_construct(field="x", op="set")
    with pytest.raises(package.module("runtime.errors").InvalidArguments, match="`x` is no field of this search"):
        search.body(all=[condition])


async def test_too_many_searches_in_a_minute_are_told_as_they_are(package: Package) -> None:
    with running(fresh(settings=Settings(budgets=Budgets(search_per_minute=2)))) as sandbox:
        ask = Ask(package, sandbox)
        for _ in range(2):
            await ask("company")
        with pytest.raises(package.module("runtime.errors").KustomerError, match="rate limit") as caught:
            await ask("company")
    assert caught.value.status == 429
