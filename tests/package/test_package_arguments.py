"""Arguments are checked before anything is sent: the exact texts, and an emulator that nothing reaches."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kustomer_mcp_acme.models.conversations import ListAllKustomerConversationsArguments
from kustomer_mcp_acme.models.customers import UpdateAKustomerCustomerByIdArguments
from kustomer_mcp_acme.runtime.calls import Caller
from kustomer_mcp_acme.runtime.client import Kustomer
from kustomer_mcp_acme.runtime.errors import InvalidArguments
from kustomer_mcp_acme.runtime.server import Contract, Tools
from kustomer_mcp_acme.runtime.settings import Settings
from kustomer_mcp_acme.runtime.validation import keyword_arguments
from kustomer_mcp_acme.server import INFO

from generator.sandbox import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")
Call = Callable[[str, dict[str, Any]], Awaitable[Any]]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def call(_emulator: Sandbox) -> AsyncIterator[Call]:
    """What the server does at `tools/call`, with one connection for all tests."""
    settings = Settings(base_url=_emulator.url, api_key="sandbox-acme")
    caller = Caller(Tools(INFO.module, Contract(INFO.module)), None, settings.answer_limit)
    async with Kustomer(settings) as kustomer:
        yield lambda tool, arguments: caller.call(kustomer, tool, arguments)


GET = "get_single_kustomer_customer_by_id"
UPDATE = "update_a_kustomer_customer_by_id"
CREATE = "create_a_kustomer_customer"
LIST = "list_all_kustomer_conversations"
ORDER = "create_a_kustomer_order_custom_object"
DRAFT = "create_a_kustomer_customer_chat_draft"
CONVERSATION = "update_a_kustomer_conversation_by_id"
OBJECT = "get_single_kustomer_custom_object_by_id"

CUSTOM = (
    "{AvgSatScoreNum?, creditLimitNum?, favoriteOrdersId?, interestsStr?, internalSummaryTxt?, lifetimeValueNum?, "
    "loyaltyTierStr?, memberSinceAt?, taxNumberStr?, vipBool?}"
)
# What is wrong -> tool, arguments, and what the caller reads behind "Invalid arguments; nothing was sent. ".
REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "an unknown argument, with the nearest known": (
        UPDATE, {"id": "x", "emial": []}, "unknown argument `emial`; did you mean `emails` [{email, type?, verified?}].",
    ),
    "an unknown argument near none, with all known": (
        GET, {"id": "x", "zzzz": 1}, "unknown argument `zzzz`; the known ones are `id`, `include`.",
    ),
    "an unknown argument in capitals": (
        GET, {"id": "x", "Zzzz": 1}, "unknown argument `Zzzz`; the known ones are `id`, `include`.",
    ),
    "an unknown argument in brackets": (
        LIST, {"page[size]": 5}, "unknown argument `page[size]`; did you mean `page_size`.",
    ),
    "a wire name in place of the argument": (
        DRAFT, {"customer_id": "x", "sendAt": "2030-01-01T00:00:00Z"}, "unknown argument `sendAt`; did you mean `send_at`.",
    ),
    "an argument of another tool": (
        LIST, {"id": "x"},
        "unknown argument `id`; the known ones are `populate_linked_conversations`, `sort`, `customer_id`, `cursor`, "
        "`page_size`, `fields`.",
    ),
    "a field of another channel": (
        DRAFT, {"customer_id": "x", "subject": "Hello"}, "`subject` belongs to email drafts.",
    ),
    "near an argument of the server itself": (LIST, {"field": ["status"]}, "unknown argument `field`; did you mean `fields`."),
    "a text for the fields to show": (LIST, {"fields": "status"}, "`fields`: input should be a list of attribute names."),
    "a missing argument": (OBJECT, {"klass_name": "order"}, "`id` is required."),
    "two missing arguments": (OBJECT, {}, "`klass_name` is required; `id` is required."),
    "a number for a text": (GET, {"id": 5}, "`id`: input should be text, not an integer."),
    "a text for a list": (UPDATE, {"id": "x", "tags": "vip"}, "`tags`: input should be a list [text]."),
    "a number as text": (LIST, {"page_size": "5"}, "`page_size`: input should be an integer, not text."),
    "a fraction for an integer": (LIST, {"page_size": 1.5}, "`page_size`: input should be an integer, not a fraction."),
    "true for an integer": (LIST, {"page_size": True}, "`page_size`: input should be an integer, not a boolean."),
    "true for a number among several": (
        UPDATE, {"id": "x", "more": {"sentiment": {"polarity": True, "confidence": True}}},
        "`sentiment.confidence`: input should be a number, not a boolean; `sentiment.polarity`: input should be -1, 0 or 1.",
    ),
    "a list for an object": (UPDATE, {"id": "x", "custom": []}, "`custom`: input should be an object " + CUSTOM + "."),
    "a text for a free object": (ORDER, {"title": "t", "data": "{}"}, "`data`: input should be an object."),
    "a value that is none of the choices": (
        LIST, {"sort": "name"}, "`sort`: input should be 'asc' or 'desc'.",
    ),
    "a Klass that the organisation does not have": (
        OBJECT, {"klass_name": "invoice", "id": "x"},
        "`klass_name`: input should be 'order', 'shipment', 'subscription' or 'warranty-claim'.",
    ),
    "a number below its bounds": (LIST, {"page_size": 0}, "`page_size`: input should be greater than or equal to 1."),
    "a number above its bounds": (LIST, {"page_size": 101}, "`page_size`: input should be less than or equal to 100."),
    "an empty id": (GET, {"id": ""}, "`id`: string should have at least 1 character."),
    "too long a list": (
        UPDATE, {"id": "x", "tags": ["t"] * 21}, "`tags`: list should have at most 20 items after validation, not 21.",
    ),
    "a nested field that is missing, and one that is unknown": (
        UPDATE, {"id": "x", "emails": [{"email": "a@b.c"}, {"mail": "a@b.c"}]},
        "`emails.1.email` is required; unknown argument `emails.1.mail`; did you mean `emails.1.email`. "
        "`emails.1` is {email, type?, verified?}.",
    ),
    "a custom attribute that the Klass does not have": (
        UPDATE, {"id": "x", "custom": {"loyaltyStr": "gold"}},
        "unknown argument `custom.loyaltyStr`; did you mean `custom.loyaltyTierStr`.",
    ),
    "a custom attribute near none, with all known": (
        UPDATE, {"id": "x", "custom": {"zzzz": 1}}, f"unknown argument `custom.zzzz`. `custom` is {CUSTOM}.",
    ),
    "a custom attribute beside custom": (
        CREATE, {"name": "x", "loyalty_tier": "gold"},
        "unknown argument `loyalty_tier`; did you mean `custom.loyaltyTierStr`.",
    ),
    "a text for an object in a list": (
        CREATE, {"more": {"emails": ["a@b.c"], "phones": "1"}},
        "`emails.0`: input should be an object {email, type?, verified?}; "
        "`phones`: input should be a list [{phone, type?, verified?}].",
    ),
    "an object without what it must have": (
        CONVERSATION, {"id": "x", "more": {"snooze": {"until": "2030-01-01T00:00:00Z"}}},
        "`snooze.status` is required; unknown argument `snooze.until`. "
        "`snooze` is {status: canceled|elapsed|scheduled, time?}.",
    ),
    "a custom attribute of another type": (
        UPDATE, {"id": "x", "custom": {"vipBool": 1, "creditLimitNum": "3"}},
        "`custom.creditLimitNum`: input should be a number, not text; "
        "`custom.vipBool`: input should be true or false, not an integer.",
    ),
    "a custom attribute in PascalCase, by its whole name": (
        UPDATE, {"id": "x", "custom": {"AvgSatScoreNum": "good"}},
        "`custom.AvgSatScoreNum`: input should be a number, not text.",
    ),
    "a custom attribute that is none of the choices": (
        UPDATE, {"id": "x", "custom": {"loyaltyTierStr": "tin"}},
        "`custom.loyaltyTierStr`: input should be 'bronze', 'gold', 'platinum' or 'silver'.",
    ),
    "null where nothing is cleared": (CREATE, {"name": None}, "`name`: input should not be null."),
    "null for a whole list": (UPDATE, {"id": "x", "tags": None}, "`tags`: input should not be null."),
    "null for an id": (GET, {"id": None}, "`id`: input should not be null."),
    "null for more": (UPDATE, {"id": "x", "more": None}, "`more` must be an object with further fields."),
    "a list for more": (UPDATE, {"id": "x", "more": ["locale"]}, "`more` must be an object with further fields."),
    "an unknown field in more": (
        UPDATE, {"id": "x", "more": {"localee": "de"}}, "unknown argument `localee`; did you mean `locale`.",
    ),
    "a wrong type in more": (UPDATE, {"id": "x", "more": {"locale": 5}}, "`locale`: input should be text, not an integer."),
    "a field beside and inside more": (
        UPDATE, {"id": "x", "name": "a", "more": {"name": "b"}}, "`name` is given twice, beside and inside `more`.",
    ),
    "a text for more": (
        UPDATE, {"id": "x", "more": "{}"}, "`more` must be an object with further fields, not JSON as text.",
    ),
    "the same field twice inside more": (
        DRAFT, {"customer_id": "x", "more": {"from": "a", "from_": "b"}}, "unknown argument `from_`; did you mean `from`.",
    ),
    "more inside more": (UPDATE, {"id": "x", "more": {"more": {}}}, "`more` stands inside `more`: its fields belong into the outer one."),
    "more than five problems, the rest as a count": (
        OBJECT, {"a1": 1, "b1": 1, "c1": 1, "d1": 1},
        "`klass_name` is required; `id` is required; "
        "unknown argument `a1`; the known ones are `klass_name`, `id`, `get_s3_data_urls`; "
        "unknown argument `b1`; the known ones are `klass_name`, `id`, `get_s3_data_urls`; "
        "unknown argument `c1`; the known ones are `klass_name`, `id`, `get_s3_data_urls`; and 1 more.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("tool", "arguments", "text"), REFUSED.values(), ids=REFUSED.keys())
async def test_it_is_refused_in_the_callers_words_and_nothing_arrives(
    tool: str, arguments: dict[str, Any], text: str, call: Call, emulator: Sandbox
) -> None:
    result = await call(tool, arguments)
    assert result.is_error and result.structured_content is None
    assert [part.text for part in result.content] == [f"Invalid arguments; nothing was sent. {text}"]
    assert len(emulator.journal) == 0


async def test_a_number_that_json_does_not_have_is_refused_and_nothing_arrives(call: Call, emulator: Sandbox) -> None:
    result = await call(UPDATE, {"id": "x", "custom": {"creditLimitNum": float("inf")}})
    assert [part.text for part in result.content] == ["JSON has no number inf; nothing was sent."]
    assert len(emulator.journal) == 0


async def test_a_whole_number_is_an_integer_however_it_is_spelled_and_an_integer_is_a_number() -> None:
    given = {"id": "x", "custom": {"creditLimitNum": 3}, "sentiment": {"polarity": 1.0, "confidence": 1}}
    taken = keyword_arguments(UpdateAKustomerCustomerByIdArguments, given)
    assert (taken["custom"].creditLimitNum, taken["sentiment"].polarity) == (3, 1)
    (size,) = keyword_arguments(ListAllKustomerConversationsArguments, {"page_size": 5.0}).values()
    assert size == 5 and type(size) is int


async def test_an_id_too_long_for_an_address_is_refused_and_nothing_arrives(call: Call, emulator: Sandbox) -> None:
    result = await call(GET, {"id": "x" * 70_000})
    assert [part.text for part in result.content] == [
        "The arguments make an address that is too long; nothing was sent."
    ]
    assert len(emulator.journal) == 0


async def test_what_is_valid_arrives_with_more_taken_apart(call: Call, emulator: Sandbox) -> None:
    alex = emulator.world.org("acme").external("customer", "USR-100")
    assert alex is not None
    given = {"id": alex.id, "name": None, "more": {"locale": "de_DE", "time_zone": "Europe/Berlin"}}
    result = await call(UPDATE, given)
    assert not result.is_error
    _, entry = emulator.journal
    company = alex.ref("company")
    assert company
    fields = {"name": None, "locale": "de_DE", "timeZone": "Europe/Berlin"}
    assert (entry.method, entry.body) == ("PATCH", fields | {"company": company})


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(
    [*UpdateAKustomerCustomerByIdArguments.model_fields, "more", "Name", "page[size]", ""]
) | st.text(max_size=6)


@given(arguments=st.dictionaries(names, json, max_size=5))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_json_is_taken_or_refused_with_a_sentence_that_quotes_no_python(arguments: dict[str, Any]) -> None:
    try:
        taken = keyword_arguments(UpdateAKustomerCustomerByIdArguments, arguments)
    except InvalidArguments as refused:
        text = str(refused)
        assert text.startswith("Invalid arguments; nothing was sent. ") and text.endswith(".")
        assert "Arguments'" not in text and "instance of" not in text and "pydantic" not in text
    else:
        assert "id" in taken and set(taken) <= set(UpdateAKustomerCustomerByIdArguments.model_fields)
