"""The bodies that searches send: a few exactly, all of them in form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_kit import SEARCHES, Ask, Package, expect, where

Json = Any

ASKED: dict[str, tuple[str, Json]] = {
    "customers by their own fields": (
        "customer",
        {
            "all": [*where("email", "contains", "@acme.example"), *where("custom.AvgSatScoreNum", "gte", 4)],
            "any": [*where("tags", "in", ["vip"]), *where("custom.loyaltyTierStr", "in", ["gold", "platinum"])],
            "sort": ["-last_message_at", "name"],
            "page_size": 20,
        },
    ),
    "open conversations without an assignee": (
        "conversation",
        {"all": [*where("status", "in", ["open", "snoozed"]), *where("assigned_users", "not_set")]},
    ),
    "inbound messages about refunds": (
        "message",
        {"all": [*where("body", "contains", "refund"), *where("direction", "equals", "in")]},
    ),
    "companies": ("company", {"all": where("custom.contractRenewalAt", "lt", "2026-12-31"), "sort": ["-updated_at"]}),
    "orders": ("order", {"all": where("custom.orderStatusStr", "equals", "shipped"), "sort": ["custom.placedAt"]}),
    "a hyphenated Klass": ("warranty-claim", {"all": where("custom.approvedBool", "not_set")}),
    "a PascalCase Klass": ("RentalCar", {"all": where("custom.seat_countNum", "gte", 5.0)}),
    "nothing but the context": ("shipment", {"all": [], "any": [], "sort": []}),
}


async def test_bodies_are_exactly_these(ask: Ask) -> None:
    sent: Json = {}
    for case, (what, arguments) in ASKED.items():
        ask.sandbox.journal.clear()
        await ask(what, **arguments)
        entry = ask.sandbox.journal[0]
        sent[case] = {"asked": arguments, "query": entry.query, "body": entry.body}
        assert (entry.method, entry.path) == ("POST", "/v1/customers/search")
    expect("bodies.json", sent)


TABLES = {
    "customer": ("customers", "CUSTOMER_SEARCH", "customer", "customer_"),
    "conversation": ("conversations", "CONVERSATION_SEARCH", "conversation", "conversation_"),
    "message": ("messages", "MESSAGE_SEARCH", "message", "message_"),
    "company": ("companies", "COMPANY_SEARCH", "company", "company_"),
    "order": ("custom_objects", "ORDER_SEARCH", "kobject_order", "kobject_"),
    "warranty-claim": ("custom_objects", "WARRANTY_CLAIM_SEARCH", "kobject_warranty-claim", "kobject_"),
    "RentalCar": ("custom_objects", "RENTAL_CAR_SEARCH", "kobject_RentalCar", "kobject_"),
}
_VALUES: dict[str, st.SearchStrategy[Json]] = {
    "number": st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False),
    "date": st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")).filter(lambda t: t > "2026"),
    "boolean": st.booleans(),
    "scalar": st.text() | st.booleans() | st.integers(-99, 99),
}


@st.composite
def conditions(draw: st.DrawFn, search: Json, operators: Json) -> Json:
    name = draw(st.sampled_from(sorted(search.fields)))
    field = search.fields[name]
    op = draw(st.sampled_from(operators[field.kind]))
    values = st.sampled_from(field.choices) if field.choices else _VALUES.get(field.kind, st.text())
    if op in ("set", "not_set"):
        return {"field": name, "op": op}
    return {
        "field": name,
        "op": op,
        "value": draw(st.lists(st.text() if field.kind == "scalar" else values, min_size=1) if op == "in" else values),
    }


@pytest.mark.parametrize("what", TABLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_valid_conditions_always_give_the_documented_form(what: str, package: Package, data: st.DataObject) -> None:
    toolset, name, context, prefix = TABLES[what]
    search = package.search(toolset, name)
    operators = package.module("runtime.search").OPERATORS
    lists = st.lists(conditions(search, operators), max_size=20)
    all_, any_ = data.draw(lists), data.draw(lists)
    sortable = st.tuples(st.sampled_from(["", "-"]), st.sampled_from([n for n, f in search.fields.items() if f.sorts]))
    sort = ["".join(pair) for pair in data.draw(st.lists(sortable, max_size=5))]

    model = package.module(f"tools.{toolset}").TOOLS[SEARCHES[what][1]][1]
    valid = package.module("runtime.validation").keyword_arguments(model, {"all": all_, "any": any_, "sort": sort})
    body = package.module("runtime.wire").encode(search.body(**valid))

    assert body["queryContext"] == context
    assert set(body) == {"queryContext", *(k for k, v in (("and", all_), ("or", any_), ("sort", sort)) if v)}
    for key, asked in (("and", all_), ("or", any_)):
        for condition, criterion in zip(asked, body.get(key, []), strict=True):
            wire, test = next(iter(criterion.items()))
            assert len(criterion) == len(test) == 1
            custom = condition["field"].removeprefix("custom.")
            middle = f"custom_{context.removeprefix('kobject_')}_" if prefix == "kobject_" else "custom_"
            if custom != condition["field"]:
                assert wire == f"{prefix}{middle}{custom}"
            else:
                assert wire.startswith(prefix)
            assert test == {condition["op"]: condition.get("value", True)}
    for asked, entry in zip(sort, body.get("sort", []), strict=True):
        assert list(entry.values()) == ["desc" if asked.startswith("-") else "asc"]


@pytest.mark.parametrize(
    "text", ["page=101", "page=0101&x=1", "page=1&page=101", f"page={'9' * 5000}", "pageSize=5&page=1000000000000"]
)
def test_cursors_beyond_the_last_page_are_refused(text: str, package: Package) -> None:
    with pytest.raises(package.module("runtime.errors").InvalidArguments, match="100 pages at most"):
        package.search("customers", "CUSTOMER_SEARCH").cursor(text)


@given(text=st.text())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_other_cursor_comes_back_as_it_was(text: str, package: Package) -> None:
    search = package.search("customers", "CUSTOMER_SEARCH")
    assert search.cursor("x" + text.replace("&", "")) == "x" + text.replace("&", "")


@given(name=st.text(), op=st.text(), value=st.none() | st.integers() | st.text() | st.lists(st.none()) | st.just({}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nonsense_is_refused_and_never_fails_otherwise(name: str, op: str, value: Json, package: Package) -> None:
    search = package.search("custom_objects", "ORDER_SEARCH")
    invalid = package.module("runtime.errors").InvalidArguments
    for field in (name, "custom.totalPriceNum", "custom.orderStatusStr", "updated_at"):
        for operator in (op, "equals", "in"):
            one = SimpleNamespace(field=field, op=operator, value=value)
            try:
                search.body(all=[one], sort=[name])
            except invalid:
                continue
            raise AssertionError(one)
