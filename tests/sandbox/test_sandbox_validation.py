"""What a body may say, per resource and per kind of attribute."""

from __future__ import annotations

import httpx
import pytest

from generator.sandbox import Sandbox

LONG = "x" * 1025
CUSTOMER_CUSTOM = {
    "a wrong type": (
        {"lifetimeValueNum": "12"},
        "lifetimeValueNum",
        "Invalid type: string (expected number)",
    ),
    "a boolean as number": (
        {"lifetimeValueNum": True},
        "lifetimeValueNum",
        "Invalid type: boolean (expected number)",
    ),
    "a number as boolean": ({"vipBool": 1}, "vipBool", "Invalid type: integer (expected boolean)"),
    "a value off the list": ({"loyaltyTierStr": "tin"}, "loyaltyTierStr", "No enum match for: tin"),
    "a long string": (
        {"taxNumberStr": LONG},
        "taxNumberStr",
        "String is too long (1025 chars), maximum 1024",
    ),
    "no date": ({"memberSinceAt": "yesterday"}, "memberSinceAt", "Format validation failed (date-time)"),
    "a scalar for a list": (
        {"interestsStr": "camping"},
        "interestsStr",
        "Invalid type: string (expected array)",
    ),
    "a list with a stranger": ({"interestsStr": ["chess"]}, "interestsStr", "No enum match for: chess"),
    "an id of nothing": (
        {"favoriteOrdersId": ["0" * 24]},
        "favoriteOrdersId",
        "Related kobject.order not found",
    ),
    "no id": ({"favoriteOrdersId": ["ORD-1"]}, "favoriteOrdersId", "Format validation failed (object-id)"),
    "a mask sent back": (
        {"taxNumberStr": {"isMasked": True, "maskedPresentation": "********"}},
        "taxNumberStr",
        "Invalid type: object (expected string)",
    ),
}


@pytest.mark.parametrize("case", CUSTOMER_CUSTOM)
def test_custom_refuses(case: str, reader: httpx.Client) -> None:
    custom, parameter, title = CUSTOMER_CUSTOM[case]
    errors = reader.post("/v1/customers", json={"custom": custom}).json()["errors"]
    assert [(e["status"], e["source"]["parameter"], e["code"], e["title"]) for e in errors] == [
        (400, parameter, "badparam", title)
    ]
    assert errors[0]["detail"].startswith(f"/properties/custom/properties/{parameter}/")


GOOD = {
    "vipBool": False,
    "lifetimeValueNum": 1.5,
    "AvgSatScoreNum": 4,
    "memberSinceAt": "2016-11-06T13:54:29-05:00",
    "interestsStr": ["camping"],
    "internalSummaryTxt": "line\n" * 1000,
    "loyaltyTierStr": "gold",
}


@pytest.mark.parametrize("name", GOOD)
def test_custom_keeps_a_good_value_and_a_null_clears_it(name: str, acme: httpx.Client, alex: str) -> None:
    path = f"/v1/customers/{alex}"
    said = acme.patch(path, json={"custom": {name: GOOD[name]}}).json()["data"]["attributes"]["custom"]
    assert said[name] == GOOD[name]
    assert name not in acme.patch(path, json={"custom": {name: None}}).json()["data"]["attributes"]["custom"]


TREES = {
    "late": 200,
    "delivery.late": 200,
    "other": 200,
    "delivery": 400,
    "Late delivery": 400,
    "delivery.refund": 400,
}


@pytest.mark.parametrize("value", TREES)
def test_a_tree_takes_its_leaves_by_id_or_path(value: str, acme: httpx.Client, late: str) -> None:
    body = {"custom": {"contactReasonTree": value}}
    assert acme.put(f"/v1/conversations/{late}", json=body).status_code == TREES[value]


BODIES = {
    "an unknown field": ("POST", "/v1/customers", {"nickname": "x"}, "nickname"),
    "a field of the answer": ("POST", "/v1/customers", {"displayName": "x"}, "displayName"),
    "no object": ("POST", "/v1/customers", [1], "body"),
    "a wrapped body": ("POST", "/v1/customers", {"data": {"attributes": {}}}, "data"),
    "a bad e-mail": ("POST", "/v1/customers", {"emails": [{"email": "x"}]}, "email"),
    "eleven e-mails": ("POST", "/v1/customers", {"emails": [{"email": "a@b.c"}] * 11}, "emails"),
    "an unknown company": ("POST", "/v1/customers", {"company": "0" * 24}, "company"),
    "too many tags": ("POST", "/v1/customers", {"tags": [f"t{n}" for n in range(21)]}, "tags"),
    "a tag with a comma": ("POST", "/v1/customers", {"tags": ["a,b"]}, "tags"),
    "an external id in use": ("POST", "/v1/customers", {"externalId": "USR-555"}, "externalId"),
    "a company without name": ("POST", "/v1/companies", {}, "name"),
    "a conversation without customer": ("POST", "/v1/conversations", {"name": "x"}, "customer"),
    "an unknown customer": ("POST", "/v1/conversations", {"customer": "0" * 24}, "customer"),
    "a KObject without title": ("POST", "/v1/klasses/order", {"custom": {}}, "title"),
    "an image twice": ("POST", "/v1/klasses/order", {"title": "x", "images": ["http://a/b"] * 2}, "images"),
    "a message without direction": ("POST", "/v1/messages", {"channel": "sms", "app": "x"}, "direction"),
    "a bad klass name": ("POST", "/v1/klasses", {"name": "a b"}, "name"),
}


@pytest.mark.parametrize("case", BODIES)
def test_a_body_is_refused_with(case: str, reader: httpx.Client) -> None:
    method, path, body, parameter = BODIES[case]
    answer = reader.request(method, path, json=body)
    assert answer.status_code == 400
    assert [e["source"]["parameter"] for e in answer.json()["errors"]] == [parameter]


IN_CONVERSATION = {
    "a message without app": ("messages", {"channel": "email"}, "app"),
    "a message without channel": ("messages", {"app": "postmark"}, "channel"),
    "a message with a body": ("messages", {"channel": "email", "app": "x", "body": "hi"}, "body"),
    "a message of unknown channel": ("messages", {"channel": "fax", "app": "x"}, "channel"),
    "a note without body": ("notes", {}, "body"),
    "an empty note": ("notes", {"body": ""}, "body"),
    "a long note": ("notes", {"body": "x" * 10241}, "body"),
    "tags that are no list": ("tags", {"tags": ["a"]}, "body"),
}


@pytest.mark.parametrize("case", IN_CONVERSATION)
def test_a_conversation_refuses(case: str, acme: httpx.Client, late: str) -> None:
    child, body, parameter = IN_CONVERSATION[case]
    answer = acme.post(f"/v1/conversations/{late}/{child}", json=body)
    assert answer.status_code == 400
    assert [e["source"]["parameter"] for e in answer.json()["errors"]] == [parameter]


UPDATES = {
    "a priority of 6": ({"priority": 6}, "priority"),
    "an unknown status": ({"status": "closed"}, "status"),
    "an unknown user": ({"assignedUsers": ["0" * 24]}, "assignedUsers"),
    "an unknown sub-status": ({"subStatus": "0" * 24}, "subStatus"),
    "a snooze without status": ({"snooze": {"time": "2026-07-01T00:00:00Z"}}, "status"),
}


@pytest.mark.parametrize("case", UPDATES)
def test_a_conversation_update_refuses(case: str, acme: httpx.Client, late: str) -> None:
    body, parameter = UPDATES[case]
    answer = acme.patch(f"/v1/conversations/{late}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["source"]) == (400, {"parameter": parameter})


def test_all_problems_come_at_once(reader: httpx.Client) -> None:
    body = {"nickname": 1, "custom": {"vipBool": "no", "xNum": 1}, "tags": "a"}
    errors = reader.post("/v1/customers", json=body).json()["errors"]
    assert [e["source"]["parameter"] for e in errors] == ["nickname", "vipBool", "xNum", "tags"]


MALFORMED = (b"{", b'{"a": NaN}', b"[" * 100_000, b"\xff", b'{"a": 1} x')


@pytest.mark.parametrize("content", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_json_is_400(content: bytes, reader: httpx.Client) -> None:
    answer = reader.post("/v1/customers", content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["errors"][0]["title"]) == (400, "Malformed JSON")


@pytest.mark.parametrize("extra, status", [(0, 201), (1, 413)])
def test_a_body_over_100_kb_is_413(extra: int, status: int, acme: httpx.Client) -> None:
    content = b'{"name": "x"}'
    content += b" " * (100_000 + extra - len(content))
    answer = acme.post("/v1/customers", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status


def test_an_unread_media_type_counts_as_no_body(sandbox: Sandbox, acme: httpx.Client) -> None:
    answer = acme.post("/v1/customers", content=b'{"name": "x"}', headers={"content-type": "text/plain"})
    assert answer.status_code == 400
    patched = acme.patch(
        f"/v1/conversations/{sandbox.world.org('acme').external('conversation', 'CONV-9001').id}",  # type: ignore[union-attr]
        content=b'{"name": "new"}',
        headers={"content-type": "application/json-patch+json"},
    )
    assert patched.json()["data"]["attributes"]["name"] == "new"
