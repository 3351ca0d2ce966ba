"""Keys, roles, budgets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from generator.sandbox import Budgets, Sandbox

KEYS = {
    None: "Invalid or missing API key",
    "nonsense": "Invalid or missing API key",
    "sandbox-acme-expired": "API key expired",
    "sandbox-acme-prod2": "Auth token associated with pod prod2 but request is being handled by prod1",
}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_turned_away_with_its_reason(key: str | None, as_key: Callable[..., httpx.Client]) -> None:
    answer = as_key(key).get("/v1/auth/tokens/current")
    assert (answer.status_code, answer.json()["errors"][0]["detail"]) == (401, KEYS[key])
    assert answer.json()["errors"][0]["status"] == 401
    assert "x-ratelimit-limit" in answer.headers


def test_a_key_expires_by_the_clock(sandbox: Sandbox, as_key: Callable[..., httpx.Client]) -> None:
    sandbox.world.clock.advance(-20 * 86400)
    assert as_key("sandbox-acme-expired").get("/v1/klasses").status_code == 200


@pytest.mark.parametrize("header", ["Basic sandbox-acme", "sandbox-acme", "Bearer", ""])
def test_only_a_bearer_key_opens(header: str, sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.url}/v1/klasses", headers={"authorization": header})
    assert answer.status_code == 401


READ_ONLY = {
    ("GET", "/v1/customers"): 200,
    ("GET", "/v1/klasses/order"): 200,
    ("GET", "/v1/metadata/customer"): 200,
    ("POST", "/v1/customers"): 403,
    ("POST", "/v1/klasses"): 403,
    ("POST", "/v1/klasses/order"): 403,
    ("PUT", "/v1/metadata/customer"): 403,
}


@pytest.mark.parametrize("case", READ_ONLY)
def test_a_reader_reads_and_does_not_write(case: tuple[str, str], as_key: Callable[..., httpx.Client]) -> None:
    answer = as_key("sandbox-acme-readonly").request(*case, json={} if case[0] != "GET" else None)
    assert answer.status_code == READ_ONLY[case]


def test_a_missing_role_is_named(as_key: Callable[..., httpx.Client]) -> None:
    answer = as_key("sandbox-acme-noroles").get("/v1/customers")
    detail = answer.json()["errors"][0]["detail"]
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "forbidden")
    assert "org.permission.customer.read" in detail and "org.user.customer.read" in detail


def test_a_missing_role_may_be_401_as_older_pages_say(sandbox: Sandbox, as_key: Callable[..., httpx.Client]) -> None:
    sandbox.world.settings = replace(sandbox.world.settings, missing_role_status=401)
    assert as_key("sandbox-acme-noroles").get("/v1/customers").status_code == 401


def test_the_generator_needs_three_roles_only(as_key: Callable[..., httpx.Client]) -> None:
    client = as_key("sandbox-acme-generator")
    for path in (
        "/v1/klasses",
        "/v1/metadata/kobject.order",
        "/v1/outboundAccounts",
        "/v1/auth/tokens/current",
    ):
        assert client.get(path).status_code == 200
    assert client.get("/v1/customers").status_code == 403


def test_a_role_for_one_klass_does_not_open_another(as_key: Callable[..., httpx.Client]) -> None:
    client = as_key("sandbox-acme-orders")
    assert client.get("/v1/klasses/order/externalId=ORD-10042").status_code == 200
    assert client.post("/v1/klasses/order", json={"title": "x"}).status_code == 201
    refused = client.get("/v1/klasses/shipment/externalId=SHP-7001")
    assert refused.status_code == 403
    assert "org.permission.kobject.kobject_shipment.read" in refused.text


def _limits(sandbox: Sandbox, **budgets: int) -> None:
    sandbox.world.settings = replace(sandbox.world.settings, budgets=Budgets(**budgets))


def test_the_budget_of_an_org_is_shared_and_comes_back(sandbox: Sandbox, as_key: Callable[..., httpx.Client]) -> None:
    _limits(sandbox, org_per_minute=3)
    one, two, other = as_key(), as_key("sandbox-acme-readonly"), as_key("sandbox-globex")
    seen = [(c.get("/v1/klasses")).headers["x-ratelimit-remaining"] for c in (one, two, one)]
    assert seen == ["2", "1", "0"]
    refused = two.get("/v1/klasses")
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (429, "0")
    assert refused.json()["errors"][0] == {
        "status": 429,
        "code": "toomanyrequests",
        "title": "Too Many Requests",
        "detail": "Rate limit of 3 requests per minute exceeded",
    }
    assert other.get("/v1/klasses").status_code == 200
    sandbox.world.clock.advance(59.9)
    assert one.get("/v1/klasses").status_code == 429
    sandbox.world.clock.advance(0.1)
    assert one.get("/v1/klasses").status_code == 200


END = 1781514060  # 2026-06-15T09:01:00Z
DIALECTS = {
    "epoch": {"x-ratelimit-reset": str(END)},
    "milliseconds": {"x-ratelimit-reset": str(END * 1000)},
    "delta": {"x-ratelimit-reset": "60"},
    "retry-after": {"retry-after": "60"},
    "ietf": {"ratelimit": "limit=1, remaining=0, reset=60", "ratelimit-policy": "1;w=60"},
    "none": {},
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_reset_is_told_in(dialect: str, sandbox: Sandbox, acme: httpx.Client) -> None:
    _limits(sandbox, org_per_minute=1)
    sandbox.world.settings = replace(sandbox.world.settings, reset_dialect=dialect)
    acme.get("/v1/klasses")
    headers = acme.get("/v1/klasses").headers
    told = {n: v for n, v in headers.items() if n.startswith(("retry", "ratelimit")) or n.endswith("reset")}
    assert told == DIALECTS[dialect]
    assert headers["date"] == "Mon, 15 Jun 2026 09:00:00 GMT"


def test_searches_have_a_budget_of_their_own(sandbox: Sandbox, acme: httpx.Client) -> None:
    _limits(sandbox, search_per_minute=2)
    statuses = [acme.post("/v1/customers/search", json={}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert acme.get("/v1/customers").status_code == 200


CREATIONS: dict[str, dict[str, object]] = {
    "conversations": {},
    "messages": {"channel": "sms", "app": "twilio"},
    "drafts": {"channel": "sms"},
    "klasses/order": {"title": "x"},
}
EXEMPT = ("conversations", "messages", "klasses/order")


@pytest.mark.parametrize("child", CREATIONS)
def test_creation_for_one_customer_is_bounded(child: str, sandbox: Sandbox, acme: httpx.Client, alex: str) -> None:
    _limits(sandbox, created_per_customer=2)

    def make(**more: str) -> int:
        return acme.post(f"/v1/customers/{alex}/{child}", json={**CREATIONS[child], **more}).status_code

    assert [make() < 300, make() < 300, make()] == [True, True, 429]
    imported = make(importedAt="2026-01-01T00:00:00Z")
    assert imported == (201 if child in EXEMPT else 400)
    priya = acme.get("/v1/customers/externalId=USR-555").json()["data"]["id"]
    assert acme.post(f"/v1/customers/{priya}/{child}", json=CREATIONS[child]).status_code < 300
    sandbox.world.clock.advance(60)
    assert make() < 300


def test_notes_are_bounded_even_when_imported(sandbox: Sandbox, acme: httpx.Client, late: str) -> None:
    _limits(sandbox, created_per_customer=1)
    path, said = f"/v1/conversations/{late}/notes", {"body": "x", "importedAt": "2026-01-01T00:00:00Z"}
    assert [acme.post(path, json=said).status_code for _ in range(2)] == [201, 429]


@pytest.mark.parametrize("free, cost", [(True, 0), (False, 1)])
def test_whether_a_304_costs_budget_is_a_switch(free: bool, cost: int, sandbox: Sandbox, acme: httpx.Client) -> None:
    sandbox.world.settings = replace(sandbox.world.settings, not_modified_is_free=free)
    first = acme.get("/v1/metadata/company")
    acme.get("/v1/metadata/company", headers={"if-none-match": first.headers["etag"]})
    left = int(acme.get("/v1/metadata/company").headers["x-ratelimit-remaining"])
    assert int(first.headers["x-ratelimit-remaining"]) - left == 1 + cost
