"""What the emulator answers is what the documents publish: each operation that it models is granted once, and refused in
each way that there is. Where the documents can't be held to, `answers/contradictions.toml` says why."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import jsonschema
import proof_answers as kit
import proof_published as published
import pytest
from package_documents import Published, operations

from generator.sandbox import Budgets, Sandbox, Settings, fresh

Json = Any
BULK = "/bulk"
RECORDED_ERROR = {
    "type": "object",
    "required": ["status", "code", "title"],
    "properties": {
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "meta": {"type": "object"},
        "source": {"type": "object", "required": ["parameter"], "properties": {"parameter": {"type": "string"}}},
    },
    "additionalProperties": False,
}
PLAIN_ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "meta": {"type": "object"}},
    "additionalProperties": False,
}
# No document says how its errors look, and drafts and windows have the form of their neighbours that say.
PLAIN = re.compile("/drafts|/unmasking-windows")
VERSIONED = ("/v1/customers/{id}", "/v1/companies/{id}", "/v1/conversations/{id}", "/v1/klasses/{name}/{id}")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Sandbox]:
    with kit.emulator() as one:
        yield one


@pytest.fixture(scope="module")
def answers(emulator: Sandbox) -> list[tuple[kit.Asked, httpx.Response]]:
    return list(kit.granted(emulator))


def test_each_operation_that_is_modelled_is_asked_for(emulator: Sandbox) -> None:
    """Asked without a key worth anything, what has no model says so after the key; so a key is given, and ids of nobody."""
    modelled = set()
    for call in operations():
        method, path = re.sub(r"\{\w+\}", kit.NOBODY, call).split(" ")
        answer = kit.send(emulator, kit.Asked(f"{method} {path}", body=None if method == "GET" else {}))
        if answer.status_code != 501:
            modelled.add(call)
    assert modelled == {row.call for row in kit.asked()}
    assert len(modelled) > 100


def test_what_is_granted_has_the_published_status_and_media_type(
    answers: list[tuple[kit.Asked, httpx.Response]],
) -> None:
    assert answers
    for row, answer in answers:
        media = answer.headers.get("content-type", "")
        if answer.status_code == published.GONE:
            assert (row.method, answer.content, media) == ("DELETE", b"", ""), row.call
            continue
        made = row.method == "POST" or row.call.endswith(BULK)
        assert answer.status_code == 200 or (made and answer.status_code == published.CREATED), (row.call, answer.text)
        assert media == "application/json; charset=utf-8", row.call


def test_what_is_granted_is_as_published_but_for_the_rows_and_each_row_is_needed(
    answers: list[tuple[kit.Asked, httpx.Response]],
) -> None:
    needed, wrong, checked = set(), [], 0
    for row, answer in answers:
        if answer.status_code == published.GONE:
            continue
        checked += 1
        for error in published.differences(row.call, answer.status_code, answer.json()):
            known = published.row_of(error)
            needed.add(known)
            wrong += [] if known else [(row.call, error)]
    assert wrong == []
    assert set(published.rows()) - needed == set()
    assert checked > 100


# A way to be refused -> the status that is due, and which rows can be refused so. `noroles` opens what asks for no role.
WAYS: dict[str, tuple[int, Callable[[kit.Asked], bool]]] = {
    "without a key": (401, lambda row: True),
    "with a key that expired": (401, lambda row: True),
    "with a key for nothing": (403, lambda row: row.call not in FREE),
    "for what is not there": (404, lambda row: any("<" in value for value in row.path.values())),
    "with half a body": (400, lambda row: row.body is not None),
    "with too long a body": (413, lambda row: row.body is not None),
    "too often": (429, lambda row: True),
}
# What any key may do.
FREE = {
    "GET /v1/auth/roles",
    "GET /v1/auth/tokens/current",
    "GET /v1/bulk/{id}",
    "GET /v1/bulk/{id}/batches",
    "GET /v1/conversations/{id}/forwards",
    "GET /v1/users/current",
    "POST /v1/customers/{id}/drafts",
    "PUT /v1/drafts/{id}",
    "DELETE /v1/drafts/{id}",
}


def _refused(sandbox: Sandbox, way: str, row: kit.Asked) -> httpx.Response:
    one = kit.filled(sandbox, replace(row, after=""))
    if way == "without a key":
        return kit.send(sandbox, one, "")
    if way == "with a key that expired":
        return kit.send(sandbox, one, "sandbox-acme-expired")
    if way == "with a key for nothing":
        return kit.send(sandbox, one, "sandbox-acme-noroles")
    if way == "for what is not there":
        return kit.send(sandbox, replace(one, path={n: kit.NOBODY if "<" in v else v for n, v in row.path.items()}))
    content = {"with half a body": b'{"name": ', "with too long a body": b" " * 100_001}.get(way)
    return kit.send(sandbox, one, content=content)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_refused_has_the_published_form_of_an_error(way: str, emulator: Sandbox) -> None:
    status, fits = WAYS[way]
    often = Budgets(org_per_minute=0) if way == "too often" else kit.WIDE.budgets
    emulator.start_over(fresh(settings=Settings(budgets=often)))
    seen, wrong = 0, []
    for row in filter(fits, kit.asked()):
        answer = _refused(emulator, way, row)
        wrong += [(row.call, problem) for problem in _not_an_error(row.call, answer, status)]
        seen += 1
    assert wrong == []
    assert seen > 30


def test_a_stale_revision_is_a_conflict_in_the_published_form(emulator: Sandbox) -> None:
    emulator.start_over(fresh(settings=kit.WIDE))
    seen = 0
    for row in kit.asked():
        if row.method in ("PUT", "PATCH") and row.call.partition(" ")[2] in VERSIONED:
            answer = kit.send(emulator, kit.filled(emulator, replace(row, body={**row.body, "rev": 999})))
            assert list(_not_an_error(row.call, answer, 409)) == []
            seen += 1
    assert seen == 6


def _not_an_error(call: str, answer: httpx.Response, status: int) -> Iterator[str]:
    """What of a refusal is not as the guides, and the document where it says, have it."""
    if answer.status_code != status:
        yield f"HTTP {answer.status_code}: {answer.text[:200]}"
        return
    if answer.headers["content-type"] != "application/json; charset=utf-8":
        yield f"it is {answer.headers['content-type']}"
    defaults = [_default(one) for one in operations()[call]]
    shape = PLAIN_ERROR if any(defaults) or PLAIN.search(call) else RECORDED_ERROR
    exact = {"type": "object", "required": ["errors"], "properties": {"errors": {"minItems": 1, "items": shape}}}
    for schema in (exact, *filter(None, defaults)):
        yield from (error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(answer.json()))
    if any(one.get("status", status) != status for one in answer.json()["errors"]):
        yield "an error has another status than its answer"


def _default(one: Published) -> Json:
    """The schema of errors that a document gives for an operation."""
    content = one.raw["responses"].get("default", {}).get("content", {})
    return one.resolved(content["application/json"]["schema"]) if content else None
