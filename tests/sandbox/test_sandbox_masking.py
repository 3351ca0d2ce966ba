"""Sensitive data: masks, windows, inheritance."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from generator.sandbox import Sandbox

MASK = {"isMasked": True, "maskedPresentation": "********"}


@pytest.fixture
def priya(sandbox: Sandbox) -> str:
    found = sandbox.world.org("acme").external("customer", "USR-555")
    assert found is not None
    return found.id


SECRETS = ("4155552671", "98-7654321", "US64SVBKUS6S3300958879", "tok_91hhva")


def _paths(customer: str) -> list[str]:
    base = f"/v1/customers/{customer}"
    return [
        base,
        "/v1/customers",
        "/v1/conversations",
        f"{base}/conversations",
        f"{base}/klasses/subscription",
    ]


def test_nothing_sensitive_leaves_without_a_window(acme: httpx.Client, priya: str) -> None:
    for path in _paths(priya):
        text = acme.get(path).text
        assert not [secret for secret in SECRETS if secret in text], path
        assert "isMasked" in text


def test_a_mask_stands_for_the_scalar_and_leaves_the_rest(acme: httpx.Client, priya: str) -> None:
    attributes = acme.get(f"/v1/customers/{priya}").json()["data"]["attributes"]
    assert attributes["phones"] == [{"type": "mobile", "phone": MASK, "verified": True}]
    assert attributes["custom"]["taxNumberStr"] == MASK
    assert attributes["custom"]["lifetimeValueNum"] == 412
    alex = acme.get("/v1/customers/externalId=USR-100").json()["data"]["attributes"]
    assert alex["custom"]["creditLimitNum"] == MASK


def test_a_key_that_reads_sensitive_data_sees_it(as_key: Callable[..., httpx.Client], priya: str) -> None:
    assert SECRETS[0] in as_key("sandbox-acme-admin").get(f"/v1/customers/{priya}").text


def test_a_window_shows_the_customer_and_all_that_is_theirs(acme: httpx.Client, priya: str) -> None:
    opened = acme.post(f"/v1/customers/{priya}/unmasking-windows")
    data = opened.json()["data"]
    assert (opened.status_code, data["type"], data["id"]) == (201, "customer", priya)
    window = data["attributes"]["unmaskingWindow"]
    assert set(window) == {"requestedBy", "startDate", "endDate", "updatedAt", "createdAt"}
    assert (window["startDate"], window["endDate"]) == (
        "2026-06-15T09:00:00.000Z",
        "2026-06-16T09:00:00.000Z",
    )
    assert data["attributes"]["phones"][0]["phone"] == "+14155552671"
    assert SECRETS[2] in acme.get(f"/v1/customers/{priya}/conversations").text
    assert MASK not in [
        s["attributes"]["custom"].get("paymentTokenStr")
        for s in acme.get(f"/v1/customers/{priya}/klasses/subscription").json()["data"]
    ]
    others = acme.get("/v1/customers/externalId=USR-100").json()["data"]["attributes"]
    assert others["phones"][0]["phone"] == MASK


def test_a_window_closes_with_the_clock_and_restarts(sandbox: Sandbox, acme: httpx.Client, priya: str) -> None:
    path = f"/v1/customers/{priya}"

    def masked() -> bool:
        return "isMasked" in acme.get(path).text

    acme.post(f"{path}/unmasking-windows")
    sandbox.world.clock.advance(23 * 3600)
    assert not masked()
    acme.post(f"{path}/unmasking-windows")
    sandbox.world.clock.advance(23 * 3600)
    assert not masked()
    sandbox.world.clock.advance(3600)
    assert masked()
    assert "unmaskingWindow" not in acme.get(path).text


def test_a_window_is_closed_by_delete(acme: httpx.Client, priya: str) -> None:
    path = f"/v1/customers/{priya}/unmasking-windows"
    acme.post(path)
    closed = acme.delete(path)
    assert (closed.status_code, closed.content) == (204, b"")
    assert "isMasked" in acme.get(f"/v1/customers/{priya}").text


WINDOW_KEYS = {"sandbox-acme": 201, "sandbox-acme-readonly": 403, "sandbox-acme-noroles": 403}


@pytest.mark.parametrize("key", WINDOW_KEYS)
def test_a_window_asks_for_a_role(key: str, as_key: Callable[..., httpx.Client], priya: str) -> None:
    answer = as_key(key).post(f"/v1/customers/{priya}/unmasking-windows")
    assert answer.status_code == WINDOW_KEYS[key]


def test_names_that_derive_from_a_sensitive_name_are_masked_too(as_key: Callable[..., httpx.Client]) -> None:
    globex = as_key("sandbox-globex")
    attributes = globex.get("/v1/customers/externalId=G-1").json()["data"]["attributes"]
    assert [attributes[n] for n in ("name", "firstName", "lastName", "displayName")] == [MASK] * 4
    assert attributes["externalId"] == "G-1"


def test_external_ids_pass_their_mark_on(sandbox: Sandbox, acme: httpx.Client, priya: str) -> None:
    said = {"standardProperties": {"externalIds": {"sensitive": {"enabled": True, "maskType": "full"}}}}
    assert acme.put("/v1/metadata/customer", json=said).status_code == 200
    attributes = acme.get(f"/v1/customers/{priya}").json()["data"]["attributes"]
    assert attributes["externalId"] == MASK
    assert attributes["externalIds"] == [{"externalId": MASK, "verified": True}]


def test_search_masks_as_well(acme: httpx.Client) -> None:
    body = {"and": {"customer_phone": {"contains": "2671"}}}
    found = acme.post("/v1/customers/search", json=body)
    assert found.json()["meta"]["total"] == 1
    assert not [secret for secret in SECRETS if secret in json.dumps(found.json())]
