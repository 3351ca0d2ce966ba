"""A request that is sent twice with one idempotency key is done once, in either store."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from admin_kit import Served, runtime

NEW = {"name": "Support Ops", "config": {}}
KEY = {"Idempotency-Key": '"7f6c1d0e-5d0a-4c52-9d0b-0d6f4b6e2a11"'}


@pytest.mark.parametrize(("path", "secret"), [("/admin/mcp", "url"), ("/admin/tokens", "token")])
def test_the_same_request_gives_the_same_answer_and_makes_nothing_twice(
    served: Served, rest: httpx.Client, path: str, secret: str
) -> None:
    body = NEW if path == "/admin/mcp" else {"name": "CI"}
    first, again = (rest.post(path, json=body, headers=KEY) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.json()[secret]
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (None, "true")
    assert first.headers["Location"] == again.headers["Location"]
    assert len(rest.get(path).json()["data"]) == 1


async def test_the_secret_of_such_a_request_opens_the_server_and_is_in_no_store(
    served: Served, rest: httpx.Client
) -> None:
    made = rest.post("/admin/mcp", json=NEW, headers=KEY).json()
    secret = made["url"].rpartition("/")[2]
    holder = await served.grants.holder(secret)
    assert holder.id == made["id"]
    kept = b"".join(path.read_bytes() for path in served.store.parent.glob("grants*"))
    assert secret.encode() not in kept
    assert KEY["Idempotency-Key"].strip('"').encode() not in kept


def test_a_rotation_that_is_repeated_rotates_once(served: Served, rest: httpx.Client) -> None:
    path = f"/admin/mcp/{rest.post('/admin/mcp', json=NEW).json()['id']}/rotate"
    first, again = (rest.post(path, headers=KEY).json() for _ in range(2))
    assert first == again
    assert [event for event, *_ in served.audit] == ["grant.created", "grant.rotated"]


def test_the_order_of_members_and_the_quotes_of_the_key_make_no_other_request(rest: httpx.Client) -> None:
    texts = ('{"name": "a", "config": {}}', '{"config":{},"name":"a"}')
    keys = (KEY, {"Idempotency-Key": KEY["Idempotency-Key"].strip('"')})
    answers = [
        rest.post("/admin/mcp", content=text, headers=key | {"Content-Type": "application/json"}).json()
        for text, key in zip(texts, keys, strict=True)
    ]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("path", "body"), [("/admin/mcp", {"name": "Other", "config": {}}), ("/admin/tokens", {"name": "CI"})]
)
def test_a_key_of_another_request_is_refused(rest: httpx.Client, path: str, body: Any) -> None:
    rest.post("/admin/mcp", json=NEW, headers=KEY)
    answer = rest.post(path, json=body, headers=KEY)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:problem-type:kustomer-mcp:key-reused")
    assert rest.get("/admin/tokens").json()["data"] == []


def test_a_refused_request_can_be_mended_and_sent_with_the_same_key(rest: httpx.Client) -> None:
    wrong = NEW | {"expires_at": "2020-01-01T00:00:00Z"}
    assert rest.post("/admin/mcp", json=wrong, headers=KEY).status_code == 422
    assert rest.post("/admin/mcp", json=NEW, headers=KEY).status_code == 201


def test_after_a_day_a_key_is_new(served: Served, rest: httpx.Client) -> None:
    first = rest.post("/admin/mcp", json=NEW, headers=KEY).json()
    served.clock.ahead = 24 * 3600 + 1
    second = rest.post("/admin/mcp", json=NEW, headers=KEY).json()
    assert first["id"] != second["id"] and first["url"] != second["url"]


def test_of_requests_at_once_one_is_done_and_none_makes_another(served: Served, rest: httpx.Client) -> None:
    def send(_: int) -> httpx.Response:
        with served.client() as client:
            return client.post("/admin/mcp", json=NEW, headers=KEY)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(16)))
    done = [answer.json()["url"] for answer in answers if answer.status_code == 201]
    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(set(done)) == 1
    assert {answer.status_code for answer in refused} <= {409}
    assert all(answer.headers["Retry-After"] == "1" for answer in refused)
    assert len(rest.get("/admin/mcp").json()["data"]) == 1


async def test_what_a_dying_process_left_is_taken_over_without_making_it_twice(
    served: Served, rest: httpx.Client
) -> None:
    what = json.dumps(["POST", "/admin/mcp", NEW], sort_keys=True)
    claim = await served.grants.repeats.begin(KEY["Idempotency-Key"].strip('"'), what)
    secret = served.grants.repeats.secret(claim, "kmg_")
    made = await served.grants.create({"name": "Support Ops"}, "test", secret)
    assert rest.post("/admin/mcp", json=NEW, headers=KEY).status_code == 409
    served.clock.ahead = 31
    answer = rest.post("/admin/mcp", json=NEW, headers=KEY)
    assert (answer.status_code, answer.json()["id"]) == (201, made.made.id)
    assert answer.json()["url"].endswith(secret)
    assert len(rest.get("/admin/mcp").json()["data"]) == 1


async def test_both_stores_keep_the_first_value_alone_until_it_is_forgotten(store: Any) -> None:
    now = 1_000_000.0
    raced = await asyncio.gather(*(store.claim("name", f"value {number}", 60, now) for number in range(8)))
    assert raced.count(None) == 1
    winner = f"value {raced.index(None)}"
    assert {one for one in raced if one is not None} == {winner}
    await store.settle("name", "settled", 60, now)
    assert await store.claim("name", "other", 60, now) == "settled"
    await store.unclaim("name")
    assert await store.claim("name", "other", 60, now) is None


async def test_sqlite_forgets_what_has_expired(served: Served) -> None:
    store = runtime("grants.store").open_store(str(served.store.with_name("other.sqlite3")), "package")
    assert await store.claim("name", "one", 60, 100.0) is None
    assert await store.claim("name", "two", 60, 159.0) == "one"
    assert await store.claim("name", "two", 60, 160.0) is None
    await store.aclose()
