"""Klasses, their attributes, and their records."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from generator.sandbox import Sandbox

ENABLED = {
    "sandbox-acme": {"order", "subscription", "shipment", "warranty-claim"},
    "sandbox-globex": {"ecomm-order", "loyalty-card", "field-visit"},
}


@pytest.mark.parametrize("key", ENABLED)
def test_only_enabled_klasses_are_listed(key: str, as_key: Callable[..., httpx.Client]) -> None:
    data = as_key(key).get("/v1/klasses").json()["data"]
    assert {k["attributes"]["name"] for k in data} == ENABLED[key]


STATUS = {"disabled": ["legacy-ticket"], "existing_only": [], "enabled&name=order": ["order"]}


@pytest.mark.parametrize("query", STATUS)
def test_klasses_are_filtered_by_status_and_name(query: str, reader: httpx.Client) -> None:
    data = reader.get(f"/v1/klasses?status={query}").json()["data"]
    assert [k["attributes"]["name"] for k in data] == STATUS[query]


def test_an_unknown_status_is_refused(reader: httpx.Client) -> None:
    assert reader.get("/v1/klasses?status=new").status_code == 400


def test_an_id_means_the_klass_and_a_name_means_its_records(reader: httpx.Client) -> None:
    klass = reader.get("/v1/klasses?name=order").json()["data"][0]
    assert reader.get(f"/v1/klasses/{klass['id']}").json()["data"]["type"] == "klass"
    for name in ("order", "orders"):
        data = reader.get(f"/v1/klasses/{name}").json()["data"]
        assert {item["type"] for item in data} == {"kobject.order"}
    assert klass["relationships"]["kobjects"]["links"]["self"] == "/v1/klasses/orders"


def test_the_plural_alias_can_be_switched_off(sandbox: Sandbox, acme: httpx.Client) -> None:
    from dataclasses import replace

    sandbox.world.settings = replace(sandbox.world.settings, plural_alias=False)
    assert acme.get("/v1/klasses/orders").status_code == 404
    assert acme.get("/v1/klasses/order").status_code == 200


def test_a_disabled_klass_has_no_records(reader: httpx.Client) -> None:
    answer = reader.get("/v1/klasses/legacy-ticket")
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (404, {"parameter": "name"})


def test_a_klass_does_not_carry_its_attributes(reader: httpx.Client) -> None:
    klasses = reader.get("/v1/klasses").json()["data"]
    assert klasses
    for klass in klasses:
        assert {"name", "displayName", "status", "updatedAt", "createdAt"} <= set(klass["attributes"])
        assert "properties" not in klass["attributes"]
        assert "jsonSchema" not in klass["attributes"]


KINDS = ("Str", "Txt", "Num", "At", "Bool", "Url", "Id", "Tree")


def test_the_attributes_of_acme_use_every_kind(reader: httpx.Client) -> None:
    names = [f"kobject.{name}" for name in ENABLED["sandbox-acme"]]
    found: dict[str, dict[str, object]] = {}
    for name in (*names, "customer", "conversation", "company", "message"):
        found |= reader.get(f"/v1/metadata/{name}").json()["data"]["attributes"]["properties"]
    for suffix in KINDS:
        assert any(name.endswith(suffix) for name in found), suffix
    assert {"AvgSatScoreNum", "contactReasonTree"} <= set(found)
    for mark in ("enumeration", "array", "multi", "sensitive", "deletedAt", "deletedBy", "tree", "target"):
        assert any(mark in definition for definition in found.values()), mark
    assert found["seatsCount"]["type"] == "number"
    assert all("modifiedAt" in definition for definition in found.values())


UNKNOWN = ("kobject.nothing", "nothing", "kobject.", "user")


@pytest.mark.parametrize("resource", UNKNOWN)
def test_metadata_of_an_unknown_resource_is_404(resource: str, reader: httpx.Client) -> None:
    assert reader.get(f"/v1/metadata/{resource}").status_code == 404


def test_metadata_merges_by_attribute_and_labels_it(acme: httpx.Client) -> None:
    before = acme.get("/v1/metadata/company").json()["data"]["attributes"]["properties"]
    said = {"properties": {"totalOrdersNum": {}, "noteStr": {"displayName": "Remark"}}}
    after = acme.put("/v1/metadata/company", json=said).json()["data"]["attributes"]["properties"]
    assert set(before) < set(after)
    assert after["totalOrdersNum"]["displayName"] == "Total Orders"
    assert (after["totalOrdersNum"]["type"], after["noteStr"]["displayName"]) == ("number", "Remark")
    body = {"name": "New", "custom": {"totalOrdersNum": 3}}
    assert acme.post("/v1/companies", json=body).status_code == 201


def test_an_attribute_is_deleted_softly(acme: httpx.Client) -> None:
    after = acme.put("/v1/metadata/company", json={"properties": {"portalUrl": None}}).json()
    portal = after["data"]["attributes"]["properties"]["portalUrl"]
    assert {"deletedAt", "deletedBy"} <= set(portal)
    body = {"name": "New", "custom": {"portalUrl": "https://x.example"}}
    assert acme.post("/v1/companies", json=body).json()["errors"][0]["source"] == {"parameter": "portalUrl"}


@pytest.mark.parametrize("target", [None, "kobject.nothing"])
def test_an_id_attribute_needs_a_target_that_exists(target: str | None, acme: httpx.Client) -> None:
    said = {"properties": {"partnerId": {"target": target} if target else {}}}
    assert acme.put("/v1/metadata/company", json=said).json()["errors"][0]["source"] == {"parameter": "partnerId"}


def test_a_klass_lives_from_creation_to_deletion(acme: httpx.Client) -> None:
    made = acme.post("/v1/klasses", json={"name": "pet", "jsonSchema": {"any": 1}})
    klass = made.json()["data"]
    assert (made.status_code, klass["attributes"]["displayName"]) == (201, "Pet")
    assert acme.post("/v1/klasses", json={"name": "pet"}).status_code == 400
    path = f"/v1/klasses/{klass['id']}"
    assert acme.put(path, json={"name": "dog"}).json()["errors"][0]["source"] == {"parameter": "name"}
    assert acme.put(path, json={"color": "red"}).json()["data"]["attributes"]["color"] == "red"
    record = acme.post("/v1/klasses/pet", json={"title": "Rex"}).json()["data"]
    assert acme.delete(path).status_code == 400
    assert acme.delete(f"/v1/klasses/pet/{record['id']}").status_code == 204
    assert acme.delete(path).status_code == 204
    assert acme.get("/v1/klasses/pet").status_code == 404


def test_a_kobject_is_made_changed_and_deleted(acme: httpx.Client, alex: str) -> None:
    said = {
        "title": "Order 1",
        "externalId": "ORD-1",
        "custom": {"orderStatusStr": "placed", "totalPriceNum": 9.5},
    }
    made = acme.post(f"/v1/customers/{alex}/klasses/order", json=said)
    data = made.json()["data"]
    path = f"/v1/klasses/order/{data['id']}"
    assert (made.status_code, data["attributes"]["rev"]) == (201, 1)
    assert data["relationships"]["customer"]["data"]["id"] == alex
    changed = acme.put(path, json={"custom": {"orderStatusStr": "paid"}}).json()["data"]["attributes"]
    assert changed["custom"] == {"orderStatusStr": "paid", "totalPriceNum": 9.5}
    assert changed["rev"] == 2
    replaced = acme.put(f"{path}?replace=true", json={"title": "Only"}).json()["data"]["attributes"]
    assert (replaced["title"], replaced["custom"]) == ("Only", {})
    assert acme.patch(path, json={}).status_code == 405
    assert acme.delete(path).status_code == 204
    assert acme.get(path).json()["errors"][0]["source"] == {"parameter": "id"}


def test_an_external_id_names_one_record(acme: httpx.Client) -> None:
    answer = acme.post("/v1/klasses/order", json={"title": "Again", "externalId": "ORD-10042"})
    assert answer.json()["errors"][0]["source"] == {"parameter": "externalId"}


def test_kobjects_are_narrowed_by_date_fields_and_owner(reader: httpx.Client) -> None:
    everything = reader.get("/v1/klasses/order").json()["data"]
    recent = reader.get("/v1/klasses/order?fromDate=2026-06-01T00:00:00Z").json()["data"]
    assert 0 < len(recent) < len(everything)
    narrow = reader.get("/v1/klasses/order?fields=title,externalId").json()["data"]
    assert set(narrow[0]["attributes"]) == {"title", "externalId"}
    company = reader.get("/v1/companies?externalId=COMP-1").json()["data"][0]["id"]
    assert reader.get(f"/v1/companies/{company}/klasses/order").json()["meta"]["total"] == 1
    assert reader.get("/v1/klasses/order?fromDate=soon").status_code == 400


def test_orgs_do_not_see_each_other(as_key: Callable[..., httpx.Client]) -> None:
    globex = as_key("sandbox-globex")
    assert globex.get("/v1/customers/email=alex.smith@acmecorp.com").status_code == 404
    assert globex.get("/v1/klasses/order").status_code == 404
    order = as_key().get("/v1/klasses/order").json()["data"][0]["id"]
    assert globex.get(f"/v1/klasses/ecomm-order/{order}").status_code == 404
