"""Whatever text an id is, the request stays on the tool's path, or there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from kustomer_mcp_acme import InvalidArguments, Kustomer, Settings
from kustomer_mcp_acme.tools.custom_objects import (
    get_single_kustomer_custom_object_by_id,
    kustomer_custom_objects_using_external_id,
)
from kustomer_mcp_acme.tools.customers import (
    get_single_kustomer_customer_by_id,
    kustomer_customers_using_email,
    update_a_kustomer_customer_by_id,
)
from kustomer_mcp_acme.tools.drafts import list_all_kustomer_customer_drafts
from package_recorder import Recorder

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Tool, the argument under test, what else it needs, and the path before and behind the argument's value.
PLACES: dict[str, tuple[Any, str, dict[str, Any], str, str]] = {
    "an id at the end": (get_single_kustomer_customer_by_id, "id", {}, "/v1/customers/", ""),
    "an id in the middle": (list_all_kustomer_customer_drafts, "customer_id", {}, "/v1/customers/", "/drafts"),
    "an id of a write": (update_a_kustomer_customer_by_id, "id", {"name": "x"}, "/v1/customers/", ""),
    "an id behind a Klass": (
        get_single_kustomer_custom_object_by_id, "id", {"klass_name": "warranty-claim"}, "/v1/klasses/warranty-claim/", "",
    ),
    "an e-mail address": (kustomer_customers_using_email, "email", {}, "/v1/customers/email=", ""),
    "an external id": (
        kustomer_custom_objects_using_external_id, "external_id", {"klass_name": "order"},
        "/v1/klasses/order/externalId=", "",
    ),
}  # fmt: skip
LEAVING = "`{}` holds a path segment `.` or `..`, which no id does; nothing was sent."
EMPTY = "`{}` is empty or holds control characters; nothing was sent."
REFUSED = {
    "..": LEAVING,
    ".": LEAVING,
    "%2e%2e": LEAVING,
    "%2E.": LEAVING,
    ".%2e": LEAVING,
    "%252e%252e": LEAVING,
    "%25252e": LEAVING,
    "a/../b": LEAVING,
    "a%2f..%2fb": LEAVING,
    "../messages": LEAVING,
    "..\\messages": LEAVING,
    "a%5c..%5cb": LEAVING,
    " .. ": LEAVING,
    "..;/messages": LEAVING,
    "..%3bx=1%2fmessages": LEAVING,
    "": EMPTY,
    " ": EMPTY,
    "%20": EMPTY,
    "a\x00b": EMPTY,
    "a%00b": EMPTY,
    "a\r\nHost: evil": EMPTY,
    "a%0d%0ab": EMPTY,
    "\x7f": EMPTY,
    f"%{'25' * 9}2e": "`{}` is encoded many times over, as no id is; nothing was sent.",
    "\ud800": "`{}` holds half a character (a lone surrogate); nothing was sent.",
}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kustomer(_recorder: Recorder) -> AsyncIterator[Kustomer]:
    async with Kustomer(Settings(base_url=_recorder.url, api_key="k")) as one:
        yield one


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", REFUSED, ids=ascii)
async def test_a_value_that_would_leave_its_segment_is_refused_and_nothing_arrives(
    place: str, text: str, kustomer: Kustomer, recorder: Recorder
) -> None:
    tool, argument, others, _, _ = PLACES[place]
    with pytest.raises(InvalidArguments) as refused:
        await tool(kustomer, **{argument: text}, **others)
    assert str(refused.value) == REFUSED[text].format(argument)
    assert recorder.arrived == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("5f0c9d", "5f0c9d"),
        ("a/b", "a%2Fb"),
        ("a b+c", "a%20b%2Bc"),
        ("ada@example.org", "ada%40example.org"),
        ("what?x=1#y", "what%3Fx%3D1%23y"),
        ("50%", "50%25"),
        ("%41", "%2541"),
        ("...", "..."),
        ("a..b", "a..b"),
        ("ü😀", "%C3%BC%F0%9F%98%80"),
        ("http://evil.example/", "http%3A%2F%2Fevil.example%2F"),
    ],
)
async def test_any_other_value_arrives_whole_in_its_own_segment(
    place: str, text: str, sent: str, kustomer: Kustomer, recorder: Recorder
) -> None:
    tool, argument, others, before, behind = PLACES[place]
    await tool(kustomer, **{argument: text}, **others)
    assert {one.target for one in recorder.arrived} == {before + sent + behind}


@pytest.mark.parametrize("nothing", [None, pytest.param("MISSING", id="MISSING")])
async def test_no_id_at_all_is_refused_and_does_not_become_a_word(
    nothing: Any, kustomer: Kustomer, recorder: Recorder
) -> None:
    from pydantic import MISSING

    with pytest.raises(InvalidArguments, match=r"^`id` is empty; nothing was sent\.$"):
        await get_single_kustomer_customer_by_id(kustomer, id=MISSING if nothing == "MISSING" else nothing)
    assert recorder.arrived == []


pieces = st.sampled_from(
    ["..", ".", "%2e", "%2E", "%252e", "%25", "%", "2e", "/", "%2f", "\\", "%5C", "?", "#", ";", "&", "=", ":", "@", " ",
     "\t", "\x00", "%00", "//", "a", "ü", "\u2024", "\uff0e", "\ud800"]
)  # fmt: skip
texts = st.lists(pieces, max_size=6).map("".join) | st.text(st.characters(), max_size=12)


def decoded(text: str) -> str:
    while (further := unquote(text)) != text:
        text = further
    return text


@pytest.mark.parametrize("place", PLACES)
@given(text=texts)
@example(text="%2525252e%2525252e")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_for_any_text_the_segments_are_the_templates_or_nothing_arrives(
    place: str, text: str, kustomer: Kustomer, recorder: Recorder
) -> None:
    recorder.clear()
    tool, argument, others, before, behind = PLACES[place]
    try:
        await tool(kustomer, **{argument: text}, **others)
    except InvalidArguments:
        assert recorder.arrived == []
        return
    (path,) = {one.target for one in recorder.arrived}
    assert "?" not in path
    assert path.count("/") == (before + behind).count("/")
    assert path.startswith(before) and path.endswith(behind)
    segment = path.removeprefix(before).removesuffix(behind)
    assert unquote(segment) == text
    assert not {".", ".."} & set(decoded(path).replace("\\", "/").split("/"))
