"""What the client makes of every way in which Kustomer may answer, or not; over HTTP on loopback."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kustomer_mcp_acme import InvalidArguments, Kustomer, KustomerError, Settings
from kustomer_mcp_acme.runtime.ratelimit import RateLimit
from kustomer_mcp_acme.tools.conversations import list_all_kustomer_conversations
from kustomer_mcp_acme.tools.custom_objects import list_all_kustomer_custom_objects
from kustomer_mcp_acme.tools.customers import (
    create_a_kustomer_customer,
    get_single_kustomer_customer_by_id,
    update_a_kustomer_customer_by_id,
)
from kustomer_mcp_acme.tools.notes import delete_a_kustomer_note_by_id
from package_recorder import Play, Recorder, drip, endless, say

from generator.sandbox import Sandbox

KEY = "sandbox-acme"
module_loop = pytest.mark.asyncio(loop_scope="module")
MAYBE = "The change may have been made: read the record before trying again."


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kustomer(_recorder: Recorder) -> AsyncIterator[Kustomer]:
    async with Kustomer(Settings(base_url=_recorder.url, api_key=KEY)) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def hasty(_recorder: Recorder) -> AsyncIterator[Kustomer]:
    """A client that waits for a fifth of a second."""
    async with Kustomer(Settings(base_url=_recorder.url, api_key=KEY, timeout=0.2)) as one:
        yield one


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def live(_emulator: Sandbox) -> AsyncIterator[Kustomer]:
    async with Kustomer(Settings(base_url=_emulator.url, api_key=KEY)) as one:
        yield one


async def read_error(kustomer: Kustomer) -> KustomerError:
    with pytest.raises(KustomerError) as raised:
        await get_single_kustomer_customer_by_id(kustomer, id="x")
    return raised.value


async def write_error(kustomer: Kustomer) -> KustomerError:
    with pytest.raises(KustomerError) as raised:
        await create_a_kustomer_customer(kustomer, name="Ada")
    return raised.value


@module_loop
async def test_a_redirect_is_refused_and_the_key_goes_nowhere_else(
    live: Kustomer, emulator: Sandbox, recorder: Recorder
) -> None:
    for status in (301, 302, 303, 307, 308):
        emulator.faults.redirect(f"{recorder.url}/v1/customers/x", status)
        assert str(await read_error(live)) == (
            f"Kustomer redirected to another address (HTTP {status}), which this server does not follow. "
            "Nothing was changed. Check the base URL."
        )
    assert recorder.arrived == [] and len(emulator.journal) == 5


# How an answer fails -> the text of a read, the text of a write.
BROKEN: dict[str, tuple[Play, str, str]] = {
    "a page of some proxy": (
        say(200, b"<html>Bad Gateway</html>", content_type="text/html"),
        "Kustomer's answer (HTTP 200) is no JSON. Try again.",
        f"Kustomer's answer (HTTP 200) is no JSON. {MAYBE}",
    ),
    "bytes that are no UTF-8": (
        say(200, b"\xff\xfe\xfd"),
        "Kustomer's answer (HTTP 200) is no JSON. Try again.",
        f"Kustomer's answer (HTTP 200) is no JSON. {MAYBE}",
    ),
    "a number that JSON does not have": (
        say(201, b'{"data": NaN}'),
        "Kustomer's answer (HTTP 201) is no JSON. Try again.",
        f"Kustomer's answer (HTTP 201) is no JSON. {MAYBE}",
    ),
    "a number beyond all bounds": (
        say(200, b'{"data": 1e999}'),
        "Kustomer's answer (HTTP 200) is no JSON. Try again.",
        f"Kustomer's answer (HTTP 200) is no JSON. {MAYBE}",
    ),
    "brackets a hundred thousand deep": (
        say(200, b"[" * 100_000),
        "Kustomer's answer (HTTP 200) is no JSON. Try again.",
        f"Kustomer's answer (HTTP 200) is no JSON. {MAYBE}",
    ),
    "a body without an end": (
        endless(b"x" * 1_000_000),
        "Kustomer's answer is larger than 20 MB. Ask for less in one call.",
        f"Kustomer's answer is larger than 20 MB. {MAYBE}",
    ),
    "what calls itself gzip": (
        say(200, b"no gzip", content_encoding="gzip"),
        "The connection to Kustomer failed (DecodingError). Try again.",
        f"The connection to Kustomer failed (DecodingError). {MAYBE}",
    ),
}


@module_loop
@pytest.mark.parametrize(("play", "read", "written"), BROKEN.values(), ids=BROKEN.keys())
async def test_an_answer_that_cant_be_used_says_so_once(
    play: Play, read: str, written: str, kustomer: Kustomer, recorder: Recorder
) -> None:
    recorder.order(play, play)
    assert str(await read_error(kustomer)) == read
    assert str(await write_error(kustomer)) == written
    assert len(recorder.arrived) == 2


@module_loop
async def test_silence_and_dripping_both_end_at_the_time_out(hasty: Kustomer, recorder: Recorder) -> None:
    recorder.order(drip(100, 0.05), drip(100, 0.05), drip(1, 3), drip(1, 3))
    late = "Kustomer did not answer within 0.2 s. "
    assert str(await read_error(hasty)) == f"{late}Try again."
    assert str(await write_error(hasty)) == late + MAYBE
    assert str(await read_error(hasty)) == f"{late}Try again."
    assert str(await write_error(hasty)) == late + MAYBE
    assert len(recorder.arrived) == 4


@module_loop
async def test_a_broken_connection_is_an_error_and_the_next_call_works(live: Kustomer, emulator: Sandbox) -> None:
    emulator.faults.reset(2)
    assert str(await read_error(live)) == "The connection to Kustomer failed (ReadError). Try again."
    assert str(await write_error(live)) == f"The connection to Kustomer failed (ReadError). {MAYBE}"
    assert len(emulator.journal) == 2
    assert (await list_all_kustomer_conversations(live)).status == 200


async def test_nobody_there_is_an_error() -> None:
    async with Kustomer(Settings(base_url="http://127.0.0.1:9", api_key=KEY)) as nowhere:
        for error in (await read_error(nowhere), await write_error(nowhere)):
            assert str(error) == "There is no connection to Kustomer (ConnectError). Nothing was sent. Try again."
            assert not error.may_have_changed


@module_loop
@pytest.mark.parametrize(
    ("play", "content"),
    [
        (say(204), {"done": True}),
        (say(200, b""), {"done": True}),
        (say(202, b"null"), {"done": True}),
        (say(200, b"[1]"), {"data": [1]}),
        (say(200, b'{"data": {"id": "x"}, "new": 3.0}'), {"data": {"id": "x"}, "new": 3.0}),
        (say(200, b'{"data": {"preview": "cut \\ud83d"}}'), {"data": {"preview": "cut \ufffd"}}),
        (say(200, b'{"data": {"preview": "cut \xed\xa0\xbd"}}'), {"data": {"preview": "cut \ufffd"}}),
        (say(200, b'{"data": {"preview": "\\ud83d\\ude00 \\uD83D\\uDE00"}}'), {"data": {"preview": "😀 😀"}}),
    ],
    ids=[
        "204",
        "an empty 200",
        "null",
        "a list",
        "an object",
        "half a character",
        "half of one in bytes",
        "whole characters",
    ],
)
async def test_every_good_answer_is_an_object_that_can_be_sent_on(
    play: Play, content: dict[str, Any], kustomer: Kustomer, recorder: Recorder
) -> None:
    recorder.order(play)
    answer = await delete_a_kustomer_note_by_id(kustomer, id="x")
    assert answer.content == content
    json.dumps(answer.content, ensure_ascii=False, allow_nan=False).encode()


@module_loop
async def test_the_rate_limit_comes_with_the_answer_and_no_other_header(kustomer: Kustomer, recorder: Recorder) -> None:
    recorder.order(say(200, b"{}", X_RateLimit_Remaining="9", Set_Cookie="secret=1"))
    answer = await get_single_kustomer_customer_by_id(kustomer, id="x")
    assert answer.limit == RateLimit(remaining=9) and "secret" not in repr(answer)


@module_loop
@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
async def test_nothing_is_ever_retried(status: int, kustomer: Kustomer, recorder: Recorder) -> None:
    recorder.order(say(status, b"{}", Retry_After="0"))
    error = await write_error(kustomer)
    assert error.status == status and len(recorder.arrived) == 1


@module_loop
async def test_an_error_tells_status_code_and_words_apart(kustomer: Kustomer, recorder: Recorder) -> None:
    recorder.order(
        say(409, b'{"errors": [{"status": 409, "code": "rev_mismatch", "title": "Conflict", "detail": "stale"}]}')
    )
    error = await write_error(kustomer)
    assert (error.status, error.code, error.said) == (409, "rev_mismatch", "Conflict stale")


@module_loop
async def test_a_refusal_names_the_argument_and_not_the_wire_name(kustomer: Kustomer, recorder: Recorder) -> None:
    body = b'{"errors": [{"status": 400, "title": "Invalid", "source": {"pointer": "/externalId"}}]}'
    recorder.order(say(400, body))
    with pytest.raises(KustomerError) as raised:
        await create_a_kustomer_customer(kustomer, external_id="taken")
    assert "`external_id`" in str(raised.value)


@module_loop
async def test_a_failed_search_does_not_say_that_something_may_have_changed(
    everything: Path, recorder: Recorder
) -> None:
    import importlib

    rows = json.loads((everything / "manifest.json").read_text(encoding="utf-8"))["tools"]
    name = next(n for n, row in rows.items() if row["operations"] == ["POST /v1/customers/search"])
    assert rows[name]["effect"] == "read"
    package = importlib.import_module("kustomer_mcp_everything")
    tool = getattr(importlib.import_module(f"kustomer_mcp_everything.tools.{rows[name]['toolset']}"), name)
    recorder.order(say(503))
    async with package.Kustomer(package.Settings(base_url=recorder.url, api_key=KEY)) as kustomer:
        with pytest.raises(package.KustomerError) as raised:
            await tool(kustomer)
    assert "may have been made" not in str(raised.value)


# ------------------------------------------------------------------------------------------------- the key


@module_loop
async def test_the_key_is_in_no_error_no_repr_and_no_log(
    kustomer: Kustomer, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    with caplog.at_level(logging.DEBUG):
        for play in (say(401), say(200, b"<"), say(302, location="/x"), endless(b"x" * 1_000_000), say(500)):
            recorder.order(play)
            error = await read_error(kustomer)
            said += [str(error), repr(error), *traceback.format_exception(error)]
        await get_single_kustomer_customer_by_id(kustomer, id="x")
    said += [repr(kustomer), repr(Settings(api_key=KEY)), str(vars(kustomer)), caplog.text]
    assert recorder.arrived[-1].headers["authorization"] == f"Bearer {KEY}"
    assert not any(KEY in text for text in said)


async def test_the_key_comes_from_a_file_that_is_read_anew_at_each_call(
    recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    monkeypatch.setenv("KUSTOMER_API_KEY_FILE", str(file))
    monkeypatch.setenv("KUSTOMER_BASE_URL", recorder.url + "/")
    async with Kustomer() as kustomer:
        for key in ("first", "second"):
            file.write_text(f"  {key}\n", encoding="utf-8")
            await get_single_kustomer_customer_by_id(kustomer, id="x")
    assert [one.headers["authorization"] for one in recorder.arrived] == ["Bearer first", "Bearer second"]
    assert {one.target for one in recorder.arrived} == {"/v1/customers/x"}


NO_KEY = (
    "This server has no API key: its operator must set KUSTOMER_API_KEY or KUSTOMER_API_KEY_FILE. Nothing was sent."
)
STRANGE_KEY = "This server's API key holds characters that no key has: its operator must set it anew. Nothing was sent."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "The file of KUSTOMER_API_KEY_FILE can't be read (No such file or directory). Nothing was sent."),
        (b"", NO_KEY),
        (b" \n", NO_KEY),
        (b"\xff\xfesecret", "The file of KUSTOMER_API_KEY_FILE is no UTF-8 text. Nothing was sent."),
        ("schlüssel".encode(), STRANGE_KEY),
        (b"two\nlines", STRANGE_KEY),
    ],
    ids=["no file", "empty", "blank", "no UTF-8", "an umlaut", "two lines"],
)
async def test_a_key_that_cant_be_used_is_one_clear_error_and_nothing_arrives(
    content: bytes | None, text: str, recorder: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("KUSTOMER_API_KEY_FILE", str(file))
    async with Kustomer(Settings(base_url=recorder.url)) as kustomer:
        error = await read_error(kustomer)
    assert str(error) == text and str(tmp_path) not in str(error)
    assert recorder.arrived == []


async def test_without_any_key_a_call_says_what_to_set(recorder: Recorder) -> None:
    async with Kustomer(Settings(base_url=recorder.url)) as kustomer:
        assert str(await read_error(kustomer)) == NO_KEY
    assert recorder.arrived == []


# ------------------------------------------------------------------------------------------- cursors, scopes


@module_loop
async def test_following_the_cursor_gives_every_conversation_once(live: Kustomer, emulator: Sandbox) -> None:
    ids: list[str] = []
    answer = await list_all_kustomer_conversations(live, page_size=25)
    while True:
        ids += [row["id"] for row in answer.data]
        if answer.next_cursor is None:
            break
        following = answer.content["links"]["next"]
        answer = await list_all_kustomer_conversations(live, cursor=answer.next_cursor)
        assert parse_qsl(emulator.journal[-1].query) == parse_qsl(following.partition("?")[2])
    assert len(ids) == len(set(ids)) == 64 and len(emulator.journal) == 3
    assert {entry.path for entry in emulator.journal} == {"/v1/conversations"}


@module_loop
async def test_a_cursor_has_precedence_over_the_same_parameter(kustomer: Kustomer, recorder: Recorder) -> None:
    await list_all_kustomer_conversations(kustomer, cursor="page%5Bafter%5D=a%2Bb&pageSize=2", page_size=50, sort="asc")
    assert parse_qsl(recorder.only.query) == [("sort", "asc"), ("page[after]", "a+b"), ("pageSize", "2")]


@module_loop
@given(cursor=st.text(st.characters(), max_size=30) | st.sampled_from(["http://evil.example/?a=b", "//evil/x", "a=b#c", "?a", "../x=1", "@evil=1", "a=1\r\nHost: evil"]))  # fmt: skip
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_made_up_cursor_changes_neither_path_nor_host_or_is_refused(
    cursor: str, kustomer: Kustomer, recorder: Recorder
) -> None:
    recorder.clear()
    try:
        await list_all_kustomer_conversations(kustomer, cursor=cursor)
    except InvalidArguments as refused:
        assert str(refused) == "`cursor` must be a next_cursor, exactly as received; nothing was sent."
        assert recorder.arrived == []
        return
    arrived = recorder.only
    assert arrived.path == "/v1/conversations" and "#" not in arrived.target
    assert arrived.headers["host"] == recorder.url.removeprefix("http://")
    assert parse_qsl(arrived.query, keep_blank_values=True) == parse_qsl(cursor, keep_blank_values=True)


@module_loop
@given(
    pairs=st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=8)), min_size=1, max_size=4).filter(
        lambda rows: any(value for _, value in rows)
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_cursor_of_an_answer_comes_back_as_the_query_of_links_next(
    pairs: list[tuple[str, str]], kustomer: Kustomer, recorder: Recorder
) -> None:
    from urllib.parse import urlencode

    recorder.clear()
    body = {"data": [], "links": {"next": f"/v1/conversations?{urlencode(pairs)}"}}
    recorder.order(say(200, json.dumps(body).encode()))
    answer = await list_all_kustomer_conversations(kustomer, page_size=2)
    await list_all_kustomer_conversations(kustomer, cursor=answer.next_cursor)
    assert parse_qsl(recorder.arrived[1].query, keep_blank_values=True) == pairs


@module_loop
@pytest.mark.parametrize("next_link", [None, "", 5, {"href": "/x?y=1"}, "/v1/customers", "//["])
async def test_the_last_page_has_no_cursor(next_link: Any, kustomer: Kustomer, recorder: Recorder) -> None:
    recorder.order(say(200, json.dumps({"data": [], "links": {"next": next_link}}).encode()))
    answer = await list_all_kustomer_conversations(kustomer)
    assert answer.next_cursor is None and "next_cursor" not in answer.content


@module_loop
async def test_a_scope_chooses_the_path_and_takes_what_that_path_takes(kustomer: Kustomer, recorder: Recorder) -> None:
    await list_all_kustomer_custom_objects(kustomer, klass_name="order", sort="asc")
    await list_all_kustomer_custom_objects(kustomer, klass_name="order", customer_id="c", fields="title", page_size=5)
    await list_all_kustomer_custom_objects(kustomer, klass_name="order", company_id="d", cursor="page=2")
    await list_all_kustomer_conversations(kustomer, customer_id="c", page_size=5)
    assert [one.target for one in recorder.arrived] == [
        "/v1/klasses/order?sort=asc",
        "/v1/customers/c/klasses/order?fields=title&pageSize=5",
        "/v1/companies/d/klasses/order?page=2",
        "/v1/customers/c/conversations?pageSize=5",
    ]


@module_loop
async def test_two_scopes_or_an_argument_that_the_path_does_not_take_are_refused(
    kustomer: Kustomer, recorder: Recorder
) -> None:
    with pytest.raises(InvalidArguments) as both:
        await list_all_kustomer_custom_objects(kustomer, klass_name="order", customer_id="c", company_id="d")
    assert (
        str(both.value) == "`company_id` can't be combined with `customer_id`; leave one of them out. Nothing was sent."
    )
    assert recorder.arrived == []


@module_loop
async def test_an_update_sends_only_what_was_set_after_a_look_at_the_company(
    kustomer: Kustomer, recorder: Recorder
) -> None:
    await update_a_kustomer_customer_by_id(kustomer, id="x", name=None, rev=3)
    assert [(one.method, one.target, one.raw) for one in recorder.arrived] == [
        ("GET", "/v1/customers/x", b""),
        ("PATCH", "/v1/customers/x", b'{"name": null, "rev": 3}'),
    ]


@module_loop
async def test_an_update_that_sets_the_company_reads_nothing_before(kustomer: Kustomer, recorder: Recorder) -> None:
    await update_a_kustomer_customer_by_id(kustomer, id="x", company=None)
    assert (recorder.only.method, recorder.only.raw) == ("PATCH", b'{"company": null}')


@module_loop
async def test_an_update_whose_customer_cant_be_read_writes_nothing(kustomer: Kustomer, recorder: Recorder) -> None:
    recorder.order(say(500))
    with pytest.raises(KustomerError) as raised:
        await update_a_kustomer_customer_by_id(kustomer, id="x", name="Ada")
    assert "may have been made" not in str(raised.value) and recorder.only.method == "GET"
