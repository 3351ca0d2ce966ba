"""What an update does to a record, and what a write does around it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from generator.sandbox import Sandbox

Attributes = dict[str, object]


def _attributes(answer: httpx.Response) -> Attributes:
    assert answer.status_code in (200, 201), answer.text
    found: Attributes = answer.json()["data"]["attributes"]
    return found


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_merges_and_counts_the_revision(method: str, sandbox: Sandbox, acme: httpx.Client, alex: str) -> None:
    before = _attributes(acme.get(f"/v1/customers/{alex}"))
    sandbox.world.clock.advance(5)
    after = _attributes(acme.request(method, f"/v1/customers/{alex}", json={"custom": {"vipBool": False}}))
    assert after["custom"] == {**before["custom"], "vipBool": False}  # type: ignore[dict-item]
    assert (after["rev"], after["name"]) == (13, "Alex Smith")
    assert after["updatedAt"] == "2026-06-15T09:00:05.000Z"
    assert after["createdAt"] == before["createdAt"]


def test_replace_clears_what_is_not_named(acme: httpx.Client, alex: str) -> None:
    after = _attributes(acme.put(f"/v1/customers/{alex}?replace=true", json={"name": "A"}))
    assert (after["name"], after.get("custom", {})) == ("A", {})
    assert (after["emails"], after["tags"], after["rev"]) == ([], [], 13)
    assert acme.get("/v1/customers/externalId=USR-100").status_code == 404


def test_replace_means_nothing_to_patch(acme: httpx.Client, alex: str) -> None:
    after = _attributes(acme.patch(f"/v1/customers/{alex}?replace=true", json={"name": "A"}))
    assert after["tags"] == ["vip"]


def test_replace_keeps_whose_conversation_it_is(acme: httpx.Client, alex: str, late: str) -> None:
    answer = acme.put(f"/v1/conversations/{late}?replace=true", json={"name": "new"})
    assert answer.json()["data"]["relationships"]["customer"]["data"]["id"] == alex
    assert (_attributes(answer)["tags"], "sla" in _attributes(answer)) == ([], False)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_an_update_that_omits_the_company_unlinks_it(method: str, acme: httpx.Client, alex: str) -> None:
    path = f"/v1/customers/{alex}"
    company = acme.get(path).json()["data"]["relationships"]["company"]["data"]["id"]
    kept = acme.request(method, path, json={"company": company}).json()["data"]
    assert kept["relationships"]["company"]["data"]["id"] == company
    assert "company" not in acme.request(method, path, json={"name": "A"}).json()["data"]["relationships"]


def test_a_null_clears_a_standard_field(acme: httpx.Client, alex: str) -> None:
    path = f"/v1/customers/{alex}"
    assert "locale" not in _attributes(acme.put(path, json={"locale": None}))
    assert _attributes(acme.put(path, json={"externalId": None}))["externalIds"] == []
    assert acme.get("/v1/customers/externalId=USR-100").status_code == 404
    assert acme.put(path, json={"tags": None}).status_code == 400


REVISIONS: dict[str, tuple[str, Attributes, int]] = {
    "the right one": ("", {"rev": 7}, 200),
    "an old one": ("", {"rev": 6}, 409),
    "an old one in the query": ("?rev=6", {}, 409),
    "none": ("", {}, 200),
}


@pytest.mark.parametrize("case", REVISIONS)
def test_a_revision_guards_an_update(case: str, acme: httpx.Client, late: str) -> None:
    query, body, status = REVISIONS[case]
    answer = acme.patch(f"/v1/conversations/{late}{query}", json={"priority": 5, **body})
    assert answer.status_code == status
    if status == 409:
        assert answer.json()["errors"][0]["source"] == {"parameter": "rev"}


def test_tags_are_appended_removed_or_replaced(acme: httpx.Client, late: str) -> None:
    path = f"/v1/conversations/{late}"
    assert _attributes(acme.post(f"{path}/tags", json=["refund", "late-delivery"]))["tags"] == [
        "late-delivery",
        "refund",
    ]
    removed = acme.request("DELETE", f"{path}/tags", json=["late-delivery", "unknown"])
    assert _attributes(removed)["tags"] == ["refund"]
    assert _attributes(acme.put(path, json={"tags": ["vip"]}))["tags"] == ["vip"]
    many = [f"tag-{n}" for n in range(20)]
    assert acme.post(f"{path}/tags", json=many).status_code == 400


def test_a_customer_moves_a_conversation_only_alone(sandbox: Sandbox, acme: httpx.Client, late: str) -> None:
    priya = acme.get("/v1/customers/externalId=USR-555").json()["data"]["id"]
    path = f"/v1/conversations/{late}"
    assert acme.put(path, json={"customer": priya, "name": "x"}).status_code == 400
    assert acme.put(path, json={"customer": priya}).json()["data"]["relationships"]["customer"]["data"]["id"] == priya


def test_a_message_lands_in_its_conversation(acme: httpx.Client, alex: str, late: str) -> None:
    said = {"channel": "email", "app": "postmark", "preview": "hello", "direction": "out"}
    made = acme.post(f"/v1/conversations/{late}/messages", json=said)
    relationships = made.json()["data"]["relationships"]
    assert made.status_code == 201
    assert (relationships["conversation"]["data"]["id"], relationships["customer"]["data"]["id"]) == (
        late,
        alex,
    )
    conversation = _attributes(acme.get(f"/v1/conversations/{late}"))
    assert (conversation["messageCount"], conversation["preview"], conversation["rev"]) == (4, "hello", 8)


def test_a_message_without_conversation_begins_one(acme: httpx.Client, alex: str) -> None:
    made = acme.post(f"/v1/customers/{alex}/messages", json={"channel": "sms", "app": "twilio", "preview": "hi"})
    id = made.json()["data"]["relationships"]["conversation"]["data"]["id"]
    assert _attributes(acme.get(f"/v1/conversations/{id}"))["name"] == "hi"


AUTHORED = {"sandbox-acme": 403, "sandbox-acme-admin": 201}


@pytest.mark.parametrize("key", AUTHORED)
@pytest.mark.parametrize("child", ["messages", "notes"])
def test_only_administrators_say_when_something_was_written(
    key: str, child: str, as_key: Callable[..., httpx.Client], late: str
) -> None:
    said = {"createdAt": "2020-01-01T00:00:00Z", "body": "x"}
    if child == "messages":
        said = {"createdAt": said["createdAt"], "channel": "sms", "app": "x"}
    answer = as_key(key).post(f"/v1/conversations/{late}/{child}", json=said)
    assert answer.status_code == AUTHORED[key]
    assert answer.status_code == 201 or "org.admin" in answer.text


def test_a_note_is_made_changed_and_deleted(acme: httpx.Client, late: str) -> None:
    made = acme.post(f"/v1/conversations/{late}/notes", json={"body": "one"}).json()["data"]
    path = f"/v1/notes/{made['id']}"
    assert made["type"] == "note"
    assert acme.put(path, json={"body": "two"}).json()["errors"][0]["source"] == {"parameter": "conversation"}
    assert _attributes(acme.put(path, json={"body": "two", "conversation": late}))["body"] == "two"
    assert _attributes(acme.patch(path, json={"body": "three"}))["body"] == "three"
    assert acme.delete(path).status_code == 204
    assert acme.get(path).status_code == 404


def test_deleting_a_customer_takes_along_what_hangs_below(acme: httpx.Client, alex: str, late: str) -> None:
    gone = acme.delete(f"/v1/customers/{alex}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert acme.get(f"/v1/conversations/{late}").status_code == 404
    assert acme.get("/v1/klasses/order/externalId=ORD-10042").status_code == 404


def test_a_merge_moves_everything_to_the_target(acme: httpx.Client, alex: str) -> None:
    priya = acme.get("/v1/customers/externalId=USR-555").json()["data"]["id"]
    made = acme.post("/v1/customers/merges", json={"source": priya, "target": alex})
    assert made.status_code == 201
    assert acme.get(f"/v1/customers/{priya}").status_code == 404
    assert acme.get("/v1/customers/email=priya.natarajan@mail.example").json()["data"]["id"] == alex
    assert acme.get(f"/v1/customers/{alex}/conversations").json()["meta"]["total"] == 4
    assert acme.get(f"/v1/customers/merges/{made.json()['data']['id']}").status_code == 200
    assert acme.post("/v1/customers/merges", json={"source": alex, "target": alex}).status_code == 400


def test_made_ids_and_times_repeat_in_a_fresh_world(as_key: Callable[..., httpx.Client]) -> None:
    from generator.sandbox import fresh, running

    said = {"name": "Same"}
    with running(fresh()) as other:
        headers = {"authorization": "Bearer sandbox-acme"}
        one = httpx.post(f"{other.url}/v1/customers", json=said, headers=headers)
    two = as_key().post("/v1/customers", json=said)
    assert (one.status_code, one.content) == (201, two.content)
    assert one.headers == two.headers


BULK_UPDATE_FAMILIES = ("customers", "companies", "conversations", "messages", "notes", "klasses/order")


@pytest.mark.parametrize("family", BULK_UPDATE_FAMILIES)
def test_a_bulk_update_changes_every_item(family: str, acme: httpx.Client) -> None:
    ids = [item["id"] for item in acme.get(f"/v1/{family}?pageSize=2").json()["data"]]
    field = {"notes": "body", "messages": "preview", "klasses/order": "title"}.get(family, "name")
    extra = {} if family != "notes" else {"conversation": acme.get("/v1/conversations").json()["data"][0]["id"]}
    job = acme.put(f"/v1/{family}/bulk", json=[{"id": id, field: "bulk", **extra} for id in ids])
    assert (job.status_code, job.json()["data"]["type"]) == (201, "bulk")
    for id in ids:
        assert _attributes(acme.get(f"/v1/{family}/{id}"))[field] == "bulk"


def test_a_bulk_job_runs_through_its_states_and_tells_results(acme: httpx.Client) -> None:
    rows = [{"title": "A", "_clientRef": "a"}, {"custom": {}, "_clientRef": "b"}]
    job = acme.post("/v1/klasses/order/bulk", json=rows).json()["data"]
    path = f"/v1/bulk/{job['id']}"
    assert job["attributes"]["status"] == "queued"
    assert acme.get(f"{path}/batches").json()["data"][0]["attributes"]["results"] == []
    assert _attributes(acme.get(path))["status"] == "running"
    done = _attributes(acme.get(path))
    assert (done["status"], done["completed"], done["batchErrors"]) == ("complete", True, True)
    assert done["batches"] == {"complete": 1, "total": 1, "idsTotal": 2}
    batches = acme.get(f"{path}/batches").json()
    batch = batches["data"][0]["attributes"]
    assert (batch["successCount"], batch["failureCount"]) == (1, 1)
    assert [r["_clientRef"] for r in batch["results"]] == ["a", "b"]
    assert batch["errors"][0]["errors"][0]["source"] == {"parameter": "title"}
    assert set(batches["meta"]) == {"page", "pages", "count", "limit"}


def test_a_bulk_request_is_bounded_and_deletes_by_query(acme: httpx.Client) -> None:
    path = "/v1/klasses/order/bulk"
    assert acme.post(path, json=[{"title": "x"}] * 101).status_code == 400
    assert acme.post(path, json={"title": "x"}).status_code == 400
    assert acme.delete(path).json()["errors"][0]["source"] == {"parameter": "ids"}
    ids = [item["id"] for item in acme.get("/v1/klasses/order").json()["data"]]
    before = int(acme.get("/v1/bulk/x").headers["x-ratelimit-remaining"])
    after = int(acme.delete(f"{path}?ids={','.join(ids)}").headers["x-ratelimit-remaining"])
    assert before - after == 1
    assert acme.get("/v1/klasses/order").json()["meta"]["total"] == 0


CHOICES: dict[str, Attributes] = {
    "/v1/snoozes": {"name": "Later", "value": 60, "type": "relative"},
    "/v1/sub-statuses": {"label": "Waiting", "parentStatus": "open", "resourceType": "conversation"},
}


@pytest.mark.parametrize("path", CHOICES)
def test_a_choice_is_made_listed_and_deleted(path: str, acme: httpx.Client) -> None:
    made = acme.post(path, json=CHOICES[path])
    one = f"{path}/{made.json()['data']['id']}"
    assert made.status_code == 201
    assert acme.get(path).json()["meta"]["total"] == 2
    assert acme.post(path, json={}).status_code == 400
    assert acme.delete(one).status_code == 204
    assert acme.get(one).status_code == 404
