"""Errors: one text says what happened, whether anything may have changed, and what to do next."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module

import pytest
from realities_kit import Connect, text_of

from generator.sandbox import Sandbox

READ, WRITE = "get_single_kustomer_customer_by_id", "update_a_kustomer_customer_by_id"

# Method, status, body -> the text.
TABLE: list[tuple[str, int, object, str]] = [
    (
        "GET",
        404,
        {"errors": [{"status": 404, "source": {"parameter": "externalId"}, "code": "notfound", "title": "Not Found"}]},
        "HTTP 404 from Kustomer: Not Found (argument `external_id`). No such record, or the API key may not see it: check the id.",
    ),
    (
        "POST",
        400,
        {
            "errors": [
                {
                    "status": "400",
                    "source": {"parameter": "notAnActualAttribute"},
                    "code": "badparam",
                    "title": "Additional properties not allowed",
                    "detail": "/properties/custom/additionalProperties",
                }
            ]
        },
        "HTTP 400 from Kustomer: Additional properties not allowed (argument `custom.notAnActualAttribute`). "
        "Nothing was changed. Correct the argument and call again. The resource kustomer://klasses/<Klass> says what it takes.",
    ),
    *(
        (
            "PUT",
            400,
            {"errors": [{"title": "Invalid", "source": source, "detail": detail}]},
            f"HTTP 400 from Kustomer: Invalid (argument `{argument}`). Nothing was changed. Correct the argument and call again."
            + (
                " The resource kustomer://klasses/<Klass> says what it takes." if argument.startswith("custom.") else ""
            ),
        )
        for source, detail, argument in (
            ({"pointer": "/data/attributes/custom/orderTotalNum"}, "", "custom.orderTotalNum"),
            ({"pointer": "/custom/orderTotalNum"}, "", "custom.orderTotalNum"),
            ({"parameter": "custom.orderTotalNum"}, "", "custom.orderTotalNum"),
            ({"parameter": "custom"}, "/properties/custom/maxProperties", "custom"),
            ({"pointer": "/externalIds/0/externalId"}, "", "external_ids.0.externalId"),
            ({"pointer": "/tags/3"}, "", "tags.3"),
        )
    ),
    (
        "PUT",
        403,
        {"errors": [{"code": "forbidden", "message": "Missing role org.permission.note.update", "meta": {}}]},
        "HTTP 403 from Kustomer: Missing role org.permission.note.update. Nothing was changed. "
        "The API key needs the role org.permission.note.update: ask the operator of this server.",
    ),
    (
        "GET",
        401,
        {"errors": [{"title": "Auth token associated with pod prod2 but request is being handled by prod1"}]},
        "HTTP 401 from Kustomer: Auth token associated with pod prod2 but request is being handled by prod1. "
        "The API key belongs to another region: the base URL must be https://api.prod2.kustomerapp.com.",
    ),
    (
        "PATCH",
        409,
        {"code": "conflict", "message": "rev does not match"},
        "HTTP 409 from Kustomer: rev does not match. Nothing was changed. "
        "The record changed meanwhile, or something stands in the way: read it again and send its new rev.",
    ),
    (
        "POST",
        413,
        b"<html>",
        "HTTP 413 from Kustomer. Nothing was changed. The request is too large, Kustomer takes at most 100 kB: send less in one call.",
    ),
    (
        "POST",
        503,
        b"",
        "HTTP 503 from Kustomer. The change may have been made: read the record before trying again. Kustomer failed: try again later.",
    ),
    ("GET", 502, b"<html>", "HTTP 502 from Kustomer. Kustomer failed: try again later."),
    (
        "POST",
        400,
        {"errors": [{"title": "Invalid e-mail ada@example.org", "detail": "phone +1 415 555 2671"}]},
        "HTTP 400 from Kustomer: Invalid e-mail [...] phone [...]. Nothing was changed. Correct the argument and call again.",
    ),
]


@pytest.mark.parametrize(
    ("method", "status", "body", "text"), TABLE, ids=[f"{row[0]}-{row[1]}-{i}" for i, row in enumerate(TABLE)]
)
def test_every_refusal_becomes_one_text(
    packages: Callable[[str], str], method: str, status: int, body: object, text: str
) -> None:
    errors = import_module(f"{packages('plain')}.runtime.errors")
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert str(errors.from_response(method, status, raw)) == text


async def test_a_broken_connection_on_a_write_says_that_it_may_have_happened(
    connect: Connect, sandbox: Sandbox, alex: str
) -> None:
    sandbox.faults.reset()
    async with connect() as client:
        written = await client.call_tool(WRITE, {"id": alex, "name": "A", "company": None})
        sandbox.faults.reset()
        read = await client.call_tool(READ, {"id": alex})
    assert "The change may have been made" in text_of(written)
    assert text_of(read).endswith("Try again.")


async def test_a_redirect_to_another_host_is_refused(connect: Connect, sandbox: Sandbox, alex: str) -> None:
    sandbox.faults.redirect("https://elsewhere.example/v1/customers")
    async with connect() as client:
        result = await client.call_tool(READ, {"id": alex})
    assert "does not follow" in text_of(result)
    assert "elsewhere" not in text_of(result)
    assert len(sandbox.journal) == 1
