"""Key, address, region and clock, over HTTP."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from doctor_kit import by_name, of_group

from generator.sandbox import Clock, Key, Sandbox

Examine = Callable[..., Awaitable[list[Any]]]
KEY = "sandbox-acme"


async def test_a_full_key_is_well_in_every_respect(examine: Examine) -> None:
    checks = await examine()
    assert {check.status for check in checks} == {"ok"}
    assert by_name(checks)["key"] == ("ok", "valid: 'Sandbox full access', 2 roles")
    assert list(of_group(checks, "connection")) == ["api-key", "base-url", "region", "key", "clock"]


async def test_nothing_is_sent_without_a_key(examine: Examine, sandbox: Sandbox) -> None:
    found = by_name(await examine(""))
    assert found["api-key"][0] == "failed" and "KUSTOMER_API_KEY" in found["api-key"][1]
    assert found["all tools"] == ("warning", "could not be checked: there is no API key")
    assert len(sandbox.journal) == 0


NOT_SENDABLE = (
    "This server's API key holds characters that no key has: its operator must set it anew. Nothing was sent."
)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("two words", "the API key holds characters that no key has"),
        ("täst-key", NOT_SENDABLE),
        ("line\nbreak", NOT_SENDABLE),
        ("nul\0key", NOT_SENDABLE),
    ],
)
async def test_a_key_that_can_be_no_key_is_not_sent(key: str, text: str, examine: Examine, sandbox: Sandbox) -> None:
    checks = await examine(key)
    assert by_name(checks)["api-key"] == ("failed", text)
    assert len(sandbox.journal) == 0


async def test_an_expired_key_is_said_to_be(examine: Examine) -> None:
    found = by_name(await examine("sandbox-acme-expired"))
    assert found["key"] == ("failed", "HTTP 401: API key expired")
    assert found["base-url"][0] == "ok"
    assert found["all Klasses"][0] == "warning"


@pytest.mark.parametrize(
    ("pod", "host"),
    [
        ("prod2", "https://api.prod2.kustomerapp.com"),
        ("prod4", "https://api.prod4.kustomerapp.com"),
        ("prod1", "https://api.kustomerapp.com"),
    ],
)
async def test_the_wrong_region_names_the_right_host(pod: str, host: str, examine: Examine, sandbox: Sandbox) -> None:
    said = f"Auth token associated with pod {pod} but request is being handled by prod9"
    sandbox.faults.answer(401, json.dumps({"errors": [{"status": 401, "detail": said}]}).encode())
    region = next(check for check in await examine() if check.name == "region")
    assert (region.status, region.what) == ("failed", said)
    assert f"KUSTOMER_BASE_URL={host}," in region.todo


async def test_a_key_of_another_region_is_found_out(examine: Examine) -> None:
    found = by_name(await examine("sandbox-acme-prod2"))
    assert found["region"][0] == "failed"
    assert found["key"] == ("warning", "could not be checked: the region is wrong")


@pytest.mark.parametrize(
    "address",
    ["acme.api.kustomerapp.com", "https://a b", "ftp://kustomer.test", "https://", "https://k.test/v1", "https://k.test:99999"],
)  # fmt: skip
async def test_what_is_no_address_gets_no_key(address: str, examine: Examine) -> None:
    check = next(check for check in await examine(base_url=address) if check.name == "base-url")
    assert (check.status, check.what) == ("failed", f"{address!r} is no base URL")


async def test_the_key_does_not_travel_unencrypted_to_another_machine(examine: Examine) -> None:
    found = by_name(await examine(base_url="http://kustomer.test"))
    assert found["base-url"] == ("failed", "http://kustomer.test would get the key unencrypted")


async def test_a_password_in_the_address_is_not_shown(examine: Examine) -> None:
    text = str(await examine(base_url="https://ada:hidden@kustomer.test"))
    assert "hidden" not in text and "https://kustomer.test" in text


async def test_an_address_where_nobody_answers_is_named(examine: Examine) -> None:
    found = by_name(await examine(base_url="http://127.0.0.1:9"))
    assert found["base-url"] == ("failed", "http://127.0.0.1:9 can't be reached (ConnectError)")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>hello</html>", "answered HTTP 200, which is not Kustomer's API"),
        (200, b'{"data": {"attributes": {"roles": "all"}}}', "answered HTTP 200, which is not Kustomer's API"),
        (200, b'{"data":' + b"[" * 100_000, "answered HTTP 200, which is not Kustomer's API"),
        (403, b"<html>", "answered HTTP 403, which is not Kustomer's API"),
        (404, b"", "answered HTTP 404, which is not Kustomer's API"),
        (302, b"", "answered HTTP 302, which is not Kustomer's API"),
        (503, b"", "answered HTTP 503"),
    ],
)
async def test_an_answer_of_something_else_is_a_failure_of_the_address(
    status: int, body: bytes, said: str, examine: Examine, sandbox: Sandbox
) -> None:
    sandbox.faults.answer(status, body, {"location": "https://elsewhere.test/"} if status == 302 else None)
    found = by_name(await examine())
    assert found["base-url"] == ("failed", f"{sandbox.url} {said}")


async def test_a_key_that_is_refused_from_here_is_not_blamed_on_the_address(examine: Examine, sandbox: Sandbox) -> None:
    sandbox.faults.answer(403, b'{"errors": [{"code": "forbidden", "message": "IP address not allowed"}]}')
    found = by_name(await examine())
    assert found["key"] == ("failed", "HTTP 403: IP address not allowed")
    assert found["base-url"][0] == "ok"


async def test_a_used_up_rate_limit_is_no_verdict_on_the_key(examine: Examine, sandbox: Sandbox) -> None:
    sandbox.faults.answer(429, b"{}")
    status, what = by_name(await examine())["key"]
    assert status == "failed" and "rate limit" in what


async def test_no_text_holds_the_key_whoever_wrote_it(examine: Examine, sandbox: Sandbox) -> None:
    detail = f"Unknown key {KEY}-secret \x1b[31m"
    sandbox.faults.answer(401, json.dumps({"errors": [{"detail": detail}]}).encode())
    text = repr(await examine(f"{KEY}-secret"))
    assert f"{KEY}-secret" not in text and "\\x1b" not in text and "********" in text


# ---------------------------------------------------------------------------------------------- clock, expiry


@pytest.mark.parametrize(
    ("behind", "status"), [(0, "ok"), (50, "ok"), (90, "warning"), (-90, "warning"), (400, "failed"), (-400, "failed")]
)
async def test_the_clock_is_judged_by_how_far_it_is_off(
    behind: int, status: str, examine: Examine, sandbox: Sandbox
) -> None:
    sandbox.world.clock = Clock(datetime.now(UTC) - timedelta(seconds=behind))
    found = by_name(await examine())["clock"]
    assert found[0] == status
    if status != "ok":
        assert ("ahead of" if behind > 0 else "behind") in found[1]


async def test_an_answer_without_a_date_leaves_the_clock_open(examine: Examine, sandbox: Sandbox) -> None:
    sandbox.faults.answer(401, b"{}")
    assert by_name(await examine())["clock"] == ("warning", "could not be checked: the answer has no date")


@pytest.mark.parametrize(("days", "status"), [(-1, "failed"), (3, "warning"), (300, None)])
async def test_a_key_that_says_when_it_expires_is_taken_at_its_word(
    days: int, status: str | None, examine: Examine, sandbox: Sandbox
) -> None:
    payload = json.dumps({"exp": time.time() + days * 86_400}).encode()
    token = f"e30.{base64.urlsafe_b64encode(payload).decode().rstrip('=')}.c2ln"
    sandbox.world.keys[token] = Key(token, "JWT", "acme", ("org.permission",), "robot")
    found = by_name(await examine(token))
    assert found.get("expiry", (None,))[0] == status


@pytest.mark.parametrize("key", ["a.b.c", "e30.bm90IGpzb24.x", "e30.W10.x", "a.b", f"e30.{'W1tb' * 9_000}.x"])
async def test_a_key_that_says_nothing_of_expiry_is_not_blamed_for_it(key: str, examine: Examine) -> None:
    assert "expiry" not in by_name(await examine(key))
