"""Drafts: what each channel takes, when they are sent, and that no role guards them."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from generator.sandbox import Sandbox

Body = dict[str, object]

ADDRESS = {"email": "alex.smith@acmecorp.com", "name": "Alex"}
GOOD: dict[str, Body] = {
    "email": {
        "channel": "email",
        "app": "postmark",
        "to": [ADDRESS],
        "subject": "Hi",
        "body": "Hello",
        "cc": [ADDRESS],
    },
    "email to one": {"channel": "email", "to": ADDRESS, "template": None},
    "sms": {
        "channel": "sms",
        "app": "twilio",
        "to": "+12125550187",
        "from": "+12025550143",
        "body": "x" * 1600,
    },
    "whatsapp": {"channel": "whatsapp", "app": "messagebird", "body": "hi", "to": "+12125550187"},
    "whatsapp list": {"channel": "whatsapp", "app": "whatsapp", "meta": {"interactive": {"type": "list"}}},
    "whatsapp template": {"channel": "whatsapp", "app": "whatsapp", "meta": {"template": "a" * 24}},
    "chat": {"channel": "chat", "to": "visitor", "body": "x" * 1024, "attachments": ["a" * 24]},
    "facebook": {"channel": "facebook", "body": "x" * 2000},
    "instagram": {"channel": "instagram", "body": "x" * 1000},
    "tweet": {"channel": "twitter-tweet", "body": "x" * 280},
    "direct message": {"channel": "twitter-dm", "body": "x" * 10000},
    "note": {"channel": "note", "body": "x" * 10240, "userMentions": [{"user": "a" * 24}]},
}


@pytest.mark.parametrize("case", GOOD)
def test_a_draft_is_made_for(case: str, acme: httpx.Client, alex: str, late: str) -> None:
    answer = acme.post(f"/v1/customers/{alex}/drafts", json={**GOOD[case], "conversation": late})
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["type"], data["attributes"]["channel"]) == ("draft", GOOD[case]["channel"])
    assert data["relationships"]["conversation"]["data"]["id"] == late
    assert [d["id"] for d in acme.get(f"/v1/customers/{alex}/drafts").json()["data"]] == [data["id"]]


BAD: dict[str, tuple[Body, list[str]]] = {
    "an HTML e-mail as sms": (
        {"channel": "sms", "htmlBody": "<p>", "subject": "Hi"},
        ["htmlBody", "subject"],
    ),
    "a copy by sms": ({"channel": "sms", "cc": [ADDRESS]}, ["cc"]),
    "an e-mail by twilio": ({"channel": "email", "app": "twilio"}, ["app"]),
    "an sms by gmail": ({"channel": "sms", "app": "gmail"}, ["app"]),
    "a new app at creation": ({"channel": "sms", "app": "messagebird"}, ["app"]),
    "a long sms": ({"channel": "sms", "body": "x" * 1601}, ["body"]),
    "a long tweet": ({"channel": "twitter-tweet", "body": "x" * 281}, ["body"]),
    "a long chat": ({"channel": "chat", "body": "x" * 1025}, ["body"]),
    "a long instagram": ({"channel": "instagram", "body": "x" * 1001}, ["body"]),
    "an automatic note": ({"channel": "note", "auto": True}, ["auto"]),
    "no channel": ({"body": "x"}, ["channel"]),
    "voice": ({"channel": "voice"}, ["channel"]),
    "whatsapp without app": ({"channel": "whatsapp", "body": "x"}, ["app"]),
    "whatsapp without body": ({"channel": "whatsapp", "app": "whatsapp"}, ["body"]),
    "a phone as address": ({"channel": "email", "to": "+1"}, ["to"]),
    "a broken address": ({"channel": "email", "to": {"email": "alex"}}, ["email"]),
    "an unknown conversation": ({"channel": "chat", "conversation": "0" * 24}, ["conversation"]),
    "a strange date": ({"channel": "chat", "sendAt": "soon", "scheduled": True}, ["sendAt"]),
    "a past date": ({"channel": "chat", "sendAt": "2020-01-01T00:00:00Z", "scheduled": True}, ["sendAt"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_draft_is_refused_with(case: str, acme: httpx.Client, alex: str) -> None:
    body, named = BAD[case]
    answer = acme.post(f"/v1/customers/{alex}/drafts", json=body)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert [set(error) for error in errors] == [{"code", "message", "meta"}] * len(named)
    assert [(e["code"], e["meta"]["parameter"]) for e in errors] == [("badparam", name) for name in named]
    assert all(name in e["message"] for e, name in zip(errors, named, strict=True))
    assert acme.get(f"/v1/customers/{alex}/drafts").json()["data"] == []


def test_a_conversation_has_one_note_draft(acme: httpx.Client, alex: str, late: str) -> None:
    said = {"channel": "note", "body": "x", "conversation": late}
    assert acme.post(f"/v1/customers/{alex}/drafts", json=said).status_code == 200
    assert acme.post(f"/v1/customers/{alex}/drafts", json=said).status_code == 409
    assert acme.post(f"/v1/customers/{alex}/drafts", json={**said, "channel": "chat"}).status_code == 200


def _made(client: httpx.Client, customer: str, **more: object) -> Body:
    answer = client.post(f"/v1/customers/{customer}/drafts", json={"channel": "email", "body": "Hello", **more})
    assert answer.status_code == 200, answer.text
    data: Body = answer.json()["data"]
    return data


def test_a_date_without_scheduled_is_overridden(acme: httpx.Client, alex: str) -> None:
    attributes = _made(acme, alex, sendAt="2026-06-20T00:00:00Z")["attributes"]
    assert isinstance(attributes, dict)
    assert (attributes["scheduled"], attributes.get("sendAt")) == (False, None)


@pytest.mark.parametrize("when", ["2026-06-15T10:00:00Z", "now+1h", "2026-06-15T12:00:00+02:00"])
def test_a_scheduled_draft_is_sent_when_its_time_comes(
    when: str, sandbox: Sandbox, acme: httpx.Client, alex: str, late: str
) -> None:
    draft = _made(acme, alex, sendAt=when, scheduled=True, conversation=late)
    path = f"/v1/conversations/{late}/messages"
    sandbox.world.clock.advance(3599)
    assert acme.get(path).json()["meta"]["total"] == 3
    sandbox.world.clock.advance(1)
    messages = acme.get(path).json()["data"]
    assert len(messages) == 4
    assert {"direction": "out", "status": "sent", "preview": "Hello"}.items() <= messages[-1]["attributes"].items()
    assert messages[-1]["attributes"]["sentAt"] == "2026-06-15T10:00:00.000Z"
    assert acme.put(f"/v1/drafts/{draft['id']}", json={"body": "x"}).status_code == 404


def test_an_update_schedules_unschedules_or_leaves_it(sandbox: Sandbox, acme: httpx.Client, alex: str) -> None:
    draft = _made(acme, alex)
    path = f"/v1/drafts/{draft['id']}"

    def put(body: Body) -> Body:
        found: Body = acme.put(path, json={"channel": "email", **body}).json()["data"]["attributes"]
        return found

    assert put({"sendAt": "2026-06-20T00:00:00Z", "scheduled": True})["scheduled"] is True
    assert put({"body": "new"})["sendAt"] == "2026-06-20T00:00:00.000Z"
    assert put({"sendAt": None})["scheduled"] is False
    assert put({"htmlBody": "<p>", "templateType": "email-reply"})["htmlBody"] == "<p>"


def test_a_draft_keeps_its_channel(acme: httpx.Client, alex: str) -> None:
    draft = _made(acme, alex)
    assert acme.put(f"/v1/drafts/{draft['id']}", json={"channel": "sms"}).status_code == 400


def test_no_role_guards_making_and_deleting_drafts(as_key: Callable[..., httpx.Client], alex: str) -> None:
    nobody = as_key("sandbox-acme-noroles")
    draft = _made(nobody, alex)
    refused = nobody.get(f"/v1/customers/{alex}/drafts")
    assert refused.status_code == 403
    assert "org.permission.draft.read" in refused.json()["errors"][0]["message"]
    assert nobody.delete(f"/v1/drafts/{draft['id']}").status_code == 204
    assert nobody.delete(f"/v1/drafts/{draft['id']}").json()["errors"][0]["code"] == "notfound"


def test_a_draft_can_begin_a_conversation(acme: httpx.Client, alex: str) -> None:
    said = {"channel": "email", "subject": "News"}
    data = acme.post(f"/v1/customers/{alex}/drafts?createConversation=true", json=said).json()["data"]
    id = data["relationships"]["conversation"]["data"]["id"]
    assert acme.get(f"/v1/conversations/{id}").json()["data"]["attributes"]["name"] == "News"
    assert acme.delete(f"/v1/drafts/{data['id']}?deleteConversation=true").status_code == 204
    assert acme.get(f"/v1/conversations/{id}").status_code == 404
