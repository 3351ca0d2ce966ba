"""The answers that were really recorded, word for word."""

from __future__ import annotations

import re

import httpx
import pytest

from generator.sandbox import Sandbox

RECORDED = {
    "an unknown external id": (
        "GET",
        "/v1/customers/externalId=nobody",
        None,
        404,
        {"status": 404, "source": {"parameter": "externalId"}, "code": "notfound", "title": "Not Found"},
    ),
    "an unknown custom attribute": (
        "POST",
        "/v1/customers",
        {"name": "x", "custom": {"notAnActualAttribute": 1}},
        400,
        {
            "status": 400,
            "source": {"parameter": "notAnActualAttribute"},
            "code": "badparam",
            "title": "Additional properties not allowed",
            "detail": "/properties/custom/additionalProperties",
        },
    ),
}


@pytest.mark.parametrize("case", RECORDED)
def test_an_error_body_is_the_recorded_one(case: str, reader: httpx.Client) -> None:
    method, path, body, status, error = RECORDED[case]
    answer = reader.request(method, path, json=body)
    assert (answer.status_code, answer.json()) == (status, {"errors": [error]})


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/customers/externalId=nobody", "/v1/nowhere"])
def test_rate_headers_come_with_errors_too(path: str, reader: httpx.Client) -> None:
    answer = reader.get(path)
    assert int(answer.headers["x-ratelimit-remaining"]) < int(answer.headers["x-ratelimit-limit"])
    assert "x-ratelimit-reset" not in answer.headers


def test_every_answer_has_a_weak_etag_and_forbids_caching(reader: httpx.Client) -> None:
    for path in ("/v1/klasses", "/v1/customers/externalId=nobody"):
        answer = reader.get(path)
        length = len(answer.content)
        assert re.fullmatch(rf'W/"{length:x}-[0-9A-Za-z+/]{{27}}"', answer.headers["etag"])
        assert answer.headers["cache-control"] == "no-cache,private"


def test_a_known_etag_is_answered_with_304_and_no_body(reader: httpx.Client) -> None:
    tag = reader.get("/v1/metadata/customer").headers["etag"]
    again = reader.get("/v1/metadata/customer", headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert reader.get("/v1/metadata/company", headers={"if-none-match": tag}).status_code == 200


def test_a_kobject_names_its_klass_by_link_not_links(reader: httpx.Client) -> None:
    data = reader.get("/v1/klasses/order/externalId=ORD-10042").json()["data"]
    assert data["type"] == "kobject.order"
    assert data["relationships"]["klass"] == {
        "link": {"self": "/v1/klasses/order"},
        "data": {"type": "klass", "id": "order"},
    }


def test_a_customer_lists_its_klasses_as_marked_relationships(reader: httpx.Client) -> None:
    data = reader.get("/v1/customers/email=alex.smith@acmecorp.com").json()["data"]
    path = f"/v1/customers/{data['id']}/klasses/orders"
    assert data["relationships"]["orders"] == {"links": {"self": path}, "meta": {"kobject": True}}
    assert reader.get(path).json()["meta"]["total"] == 2


def test_an_id_is_24_hex_digits_and_the_same_in_every_world(seeded: Sandbox, sandbox: Sandbox) -> None:
    one, two = (s.world.org("acme").external("customer", "USR-555") for s in (seeded, sandbox))
    assert one is not None and two is not None
    assert one.id == two.id
    assert re.fullmatch("[0-9a-f]{24}", one.id)
