"""The bodies that searches send: a few exactly, all of them in form."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_kit import SEARCHES, Ask, Package, either, expect, where

Json = Any

ASKED: dict[str, tuple[str, Json]] = {
    "customers by their own fields": (
        "customer",
        {
            "any_text": "tent",
            "where": [
                *where("email", "contains", "@acme.example"),
                *either(*where("tags", "contains", "vip"), *where("custom.loyaltyTierStr", "in", ["gold", "platinum"])),
                {"field": "custom.AvgSatScoreNum", "gte": 4, "lte": 5},
                {"field": "phone"},
            ],
            "sort": ["-last_message_at", "name"],
            "page_size": 20,
        },
    ),
    "open conversations without an assignee": (
        "conversation",
        {"where": [*where("status", "in", ["open", "snoozed"]), *where("assigned_users", "not_set")]},
    ),
    "inbound messages about refunds": (
        "message",
        {"where": [*where("body", "contains", "refund"), *where("direction", "equals", "in")]},
    ),
    "companies": (
        "company",
        {"where": where("custom.contractRenewalAt", "lte", "2026-12-31"), "sort": ["-updated_at"]},
    ),
    "orders": ("order", {"where": where("custom.orderStatusStr", "equals", "shipped"), "sort": ["custom.placedAt"]}),
    "a hyphenated Klass": ("warranty-claim", {"where": where("custom.approvedBool", "not_set")}),
    "a PascalCase Klass": ("RentalCar", {"where": where("custom.seat_countNum", "gte", 5.0)}),
    "nothing but the context": ("shipment", {"where": [], "sort": []}),
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
    "date": st.datetimes().map(lambda at: f"{at:%Y-%m-%dT%H:%M:%S}Z".rjust(20, "0")),
    "boolean": st.booleans(),
    "scalar": st.text() | st.booleans() | st.integers(-99, 99),
}
_GIVEN: dict[str, st.SearchStrategy[Json]] = {
    "contains": st.text(),
    "in": st.lists(st.text(), min_size=1),
    "set": st.booleans(),
}


@st.composite
def conditions(draw: st.DrawFn, search: Json) -> Json:
    name = draw(st.sampled_from(sorted(n for n, field in search.fields.items() if field.kind != "any")))
    field = search.fields[name]
    alternative = draw(st.sampled_from([{}, {"any": True}, {"any": False}]))
    operators = draw(st.lists(st.sampled_from(field.takes), max_size=1 if alternative else 2, unique=True))
    return {
        "field": name,
        **{
            op: draw(_GIVEN.get(op, _VALUES.get("text" if field.choices else field.kind, st.text())))
            for op in operators
        },
        **alternative,
    }


def criteria(condition: Json, wire: str, field: Json) -> list[Json]:
    """What a condition asks, said once more without the code that is tested."""
    made = []
    for op in ("equals", "contains", "gte", "lte", "in", "set"):
        if op not in condition:
            continue
        value, whole = condition[op], field.choices or field.kind == "exact"
        if op == "set":
            op, value = ("set", True) if value else ("not_set", True)
        elif op == "contains" and whole:
            op = "equals"
        made.append({wire: {op: value}})
    return made or [{wire: {"set": True}}]


@pytest.mark.parametrize("what", TABLES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_valid_conditions_always_give_the_documented_form(what: str, package: Package, data: st.DataObject) -> None:
    toolset, name, context, prefix = TABLES[what]
    search = package.search(toolset, name)
    asked = data.draw(st.lists(conditions(search), max_size=9))
    sortable = st.tuples(st.sampled_from(["", "-"]), st.sampled_from([n for n, f in search.fields.items() if f.sorts]))
    sort = ["".join(pair) for pair in data.draw(st.lists(sortable, max_size=5))]

    model = package.module(f"tools.{toolset}").TOOLS[SEARCHES[what][1]][1]
    valid = package.module("runtime.validation").keyword_arguments(model, {"where": asked, "sort": sort})
    body = package.module("runtime.wire").encode(search.body(**valid))

    wanted: dict[str, list[Json]] = {"and": [], "or": []}
    for condition in asked:
        custom = condition["field"].removeprefix("custom.")
        middle = f"custom_{context.removeprefix('kobject_')}_" if prefix == "kobject_" else "custom_"
        wire = search.fields[condition["field"]].wire
        assert wire == f"{prefix}{middle}{custom}" if custom != condition["field"] else wire.startswith(prefix)
        wanted["or" if condition.get("any") else "and"] += criteria(condition, wire, search.fields[condition["field"]])
    assert body["queryContext"] == context
    assert {key: body[key] for key in ("and", "or") if key in body} == {k: v for k, v in wanted.items() if v}
    assert ("sort" in body) == bool(sort)
    for named, entry in zip(sort, body.get("sort", []), strict=True):
        assert list(entry.values()) == ["desc" if named.startswith("-") else "asc"]


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


@given(name=st.text(), value=st.none() | st.integers() | st.text() | st.lists(st.none()) | st.just({}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_nonsense_is_refused_and_never_fails_otherwise(name: str, value: Json, package: Package) -> None:
    search = package.search("custom_objects", "ORDER_SEARCH")
    invalid = package.module("runtime.errors").InvalidArguments
    for field in (name, "custom.totalPriceNum", "custom.orderStatusStr", "updated_at"):
        for operator in ("equals", "in_", "gte", "contains"):
            one = SimpleNamespace(field=field, **{operator: value})
            try:
                search.body(where=[one], sort=[name])
            except invalid:
                continue
            raise AssertionError(one)
