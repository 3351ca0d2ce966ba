"""Search: criteria, operators, order, bounds."""

from __future__ import annotations

import httpx
import pytest

from generator.sandbox import Sandbox

Body = dict[str, object]

FOUND: dict[str, tuple[Body, int]] = {
    "everything but the archived": ({}, 13),
    "by email": ({"and": {"customer_email": {"equals": "ALEX.SMITH@acmecorp.com"}}}, 1),
    "by name part": ({"and": [{"customer_name": {"contains": "smith"}}]}, 1),
    "by custom": ({"and": {"customer_custom_loyaltyTierStr": {"equals": "gold"}}}, 2),
    "by odd name": ({"and": {"customer_custom_AvgSatScoreNum": {"gt": 4.5}}}, 1),
    "not set": ({"and": {"customer_custom_loyaltyTierStr": {"not_set": True}}}, 8),
    "set": ({"and": {"customer_custom_loyaltyTierStr": {"set": True}}}, 5),
    "one of": ({"and": {"customer_custom_loyaltyTierStr": {"in": ["gold", "silver"]}}}, 4),
    "either": (
        {
            "or": [
                {"customer_name": {"equals": "alex smith"}},
                {"customer_external_id": {"equals": "USR-555"}},
            ]
        },
        2,
    ),
    "not": (
        {
            "and": {"customer_custom_vipBool": {"set": True}},
            "not": {"customer_custom_vipBool": {"equals": True}},
        },
        1,
    ),
    "a range": ({"and": {"customer_custom_lifetimeValueNum": {"gte": 89.9, "lt": 1000}}}, 2),
    "a date": ({"and": {"customer_custom_memberSinceAt": {"lte": "2021-11-06T18:54:29Z"}}}, 1),
    "through conversations": ({"and": {"conversation_status": {"equals": "snoozed"}}}, 7),
    "open ones": ({"queryContext": "conversation", "and": {"conversation_status": {"equals": "open"}}}, 14),
    "of a customer": (
        {"queryContext": "conversation", "and": {"customer_email": {"contains": "alex.smith"}}},
        3,
    ),
    "by tag": ({"queryContext": "conversation", "and": {"conversation_tags": {"equals": "vip"}}}, 0),
    "messages": ({"queryContext": "message", "and": {"message_preview": {"contains": "ORD-10042"}}}, 3),
    "companies": ({"queryContext": "company", "and": {"company_employee_count": {"gt": 100}}}, 1),
    "all objects": ({"queryContext": "kobject", "and": {"kobject_external_id": {"starts_with": "S"}}}, 4),
    "one klass": (
        {
            "queryContext": "kobject_order",
            "and": {"kobject_custom_order_orderStatusStr": {"equals": "shipped"}},
        },
        1,
    ),
    "a dashed klass": (
        {
            "queryContext": "kobject_warranty-claim",
            "and": {"kobject_custom_warranty-claim_approvedBool": {"not_set": True}},
        },
        0,
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_search_finds(case: str, reader: httpx.Client) -> None:
    body, count = FOUND[case]
    answer = reader.post("/v1/customers/search", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["total"] == count


REFUSED: dict[str, tuple[Body, str]] = {
    "an unknown attribute": ({"and": {"customer_shoe": {"equals": 1}}}, "customer_shoe"),
    "an unknown custom attribute": ({"and": {"customer_custom_xStr": {"equals": 1}}}, "customer_custom_xStr"),
    "a deleted attribute": (
        {"and": {"conversation_custom_oldReasonStr": {"set": True}}},
        "conversation_custom_oldReasonStr",
    ),
    "an unknown operator": ({"and": {"customer_name": {"like": "a"}}}, "customer_name"),
    "no operator": ({"and": {"customer_name": "alex"}}, "customer_name"),
    "an unknown context": ({"queryContext": "kobject_nothing"}, "queryContext"),
    "an unknown key": ({"query": "alex"}, "query"),
    "too many sorts": ({"sort": [{"customer_name": "asc"}] * 6}, "sort"),
    "a sort by nothing": ({"sort": {"customer_shoe": "asc"}}, "customer_shoe"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_search_refuses(case: str, reader: httpx.Client) -> None:
    body, parameter = REFUSED[case]
    answer = reader.post("/v1/customers/search", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": parameter})


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_search_sorts(way: str, reader: httpx.Client) -> None:
    body = {"queryContext": "conversation", "sort": [{"conversation_created_at": way}]}
    data = reader.post("/v1/customers/search?pageSize=500", json=body).json()["data"]
    made = [item["attributes"]["createdAt"] for item in data]
    assert made == sorted(made, reverse=way == "desc")
    assert len(made) == 64


def test_search_pages_up_to_the_cap(reader: httpx.Client) -> None:
    body = {"queryContext": "conversation"}
    first = reader.post("/v1/customers/search?pageSize=10", json=body).json()
    assert {"page": 1, "pageSize": 10, "total": 64, "totalPages": 7}.items() <= first["meta"].items()
    assert "page=7" in first["links"]["last"]
    assert reader.post("/v1/customers/search?page=100&pageSize=10", json=body).json()["data"] == []
    over = reader.post("/v1/customers/search?page=101&pageSize=10", json=body)
    assert (over.status_code, over.json()["errors"][0]["source"]) == (400, {"parameter": "page"})


def test_only_ids_on_request(reader: httpx.Client) -> None:
    data = reader.post("/v1/customers/search?idsOnly=true", json={}).json()["data"]
    assert {tuple(item) for item in data} == {("type", "id")}


def test_what_is_older_than_two_years_moves_to_the_archive(sandbox: Sandbox, acme: httpx.Client) -> None:
    body = {"queryContext": "conversation"}

    def total(path: str) -> int:
        found: int = acme.post(path, json=body).json()["meta"]["total"]
        return found

    assert (total("/v1/customers/search"), total("/v1/customers/archive/search")) == (64, 0)
    sandbox.world.clock.advance(2 * 365 * 86400 - 3600)
    assert (total("/v1/customers/search"), total("/v1/customers/archive/search")) == (1, 63)


def test_search_may_lag_behind_a_change(sandbox: Sandbox, acme: httpx.Client, alex: str) -> None:
    from dataclasses import replace

    sandbox.world.settings = replace(sandbox.world.settings, search_lag_seconds=60)
    sandbox.world.clock.advance(10)
    acme.patch(f"/v1/customers/{alex}", json={"name": "Alexandra Smith"})
    body = {"and": {"customer_name": {"equals": "Alexandra Smith"}}}
    assert acme.post("/v1/customers/search", json=body).json()["meta"]["total"] == 0
    sandbox.world.clock.advance(60)
    assert acme.post("/v1/customers/search", json=body).json()["meta"]["total"] == 1
