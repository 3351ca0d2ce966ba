"""What the words of a grant may be: each wrong one is named, all at once, and no words widen a package."""

from __future__ import annotations

from typing import Any

import pytest
from grants_kit import ROWS
from hypothesis import given, settings
from hypothesis import strategies as st
from kustomer_mcp_acme.runtime.grants.model import METHODS, GrantError, Narrowing
from kustomer_mcp_acme.runtime.grants.words import wanted

NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z
TAGS = sorted({tag for row in ROWS.values() for tag in row.tags})

WRONG: list[tuple[str, Any, str]] = [
    ("name", "", "1 to 100 characters"),
    ("name", "   ", "1 to 100 characters"),
    ("name", "x" * 101, "not 101"),
    ("name", "a\nb", "control characters"),
    ("name", "a\x00b", "control characters"),
    ("name", 7, "must be text"),
    ("name", None, "must be text"),
    ("methods", ["reed"], "did you mean 'read'?"),
    ("methods", "read", "must be a list"),
    ("methods", [1], "must be a list"),
    ("methods", None, "must be a list"),
    ("tags", ["conversation"], "did you mean 'conversations'?"),
    ("tools", ["get_single_kustomer_conversation_by_ids"], "did you mean 'get_single_kustomer_conversation_by_id'?"),
    ("exposure", "some", "'all' or 'discovery'"),
    ("exposure", ["all"], "'all' or 'discovery'"),
    ("require_api_token_auth", 1, "true or false"),
    ("require_api_token_auth", "true", "true or false"),
    ("oauth_scope", "a b", "RFC 6749"),
    ("oauth_scope", 'a"b', "RFC 6749"),
    ("oauth_scope", "a\\b", "RFC 6749"),
    ("oauth_scope", "", "RFC 6749"),
    ("oauth_scope", "ä", "RFC 6749"),
    ("calls_per_minute", 0, "1 to 100000"),
    ("calls_per_minute", 100_001, "1 to 100000"),
    ("calls_per_minute", True, "1 to 100000"),
    ("calls_per_minute", 5.0, "1 to 100000"),
    ("calls_per_minute", "5", "1 to 100000"),
    ("expires_at", "2026-11-18T11:07:39Z", "at least 60 s ahead"),
    ("expires_at", "2027-01-01T00:00:00", "with its offset"),
    ("expires_at", "2027-01-01", "with its offset"),
    ("expires_at", 1_900_000_000, "with its offset"),
    ("expires_at", "2027-02-30T00:00:00Z", "no time that exists"),
    ("expires_at", "2027-01-01T24:00:01Z", "no time that exists"),
    ("expires_at", "9999-12-31T23:59:59-01:00", "after the year 9999"),
    ("expires_at", "٢027-01-01T00:00:00Z", "with its offset"),
    ("secret", "kmg_x", "no such field"),
    ("expires", None, "did you mean 'expires_at'?"),
]


@pytest.mark.parametrize(("field", "value", "told"), WRONG)
def test_a_wrong_word_is_named_with_what_is_wrong(field: str, value: Any, told: str) -> None:
    with pytest.raises(GrantError) as caught:
        wanted({"name": "ok"} | {field: value}, ROWS, NOW)
    assert caught.value.problems.keys() == {field}
    assert told in caught.value.problems[field]


def test_all_problems_are_told_at_once() -> None:
    words = {"methods": ["x"], "tags": ["y"], "tools": ["z"], "exposure": 1, "expires_at": "soon", "zz": 0}
    with pytest.raises(GrantError) as caught:
        wanted(words, ROWS, NOW)
    assert caught.value.problems.keys() == {*words, "name"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-18T11:07:40Z", NOW + 60),
        ("2026-11-18t11:07:40z", NOW + 60),
        ("2026-11-18T12:07:40+01:00", NOW + 60),
        ("2026-11-18 11:07:40.999999999Z", NOW + 60),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ],
)
def test_a_time_with_any_offset_is_taken_to_the_second(text: str, seconds: float) -> None:
    assert wanted({"name": "ok", "expires_at": text}, ROWS, NOW).expires_at == seconds


@pytest.mark.parametrize(
    ("words", "field", "told"),
    [
        (
            {"methods": ["delete"], "tags": ["slas"]},
            "methods",
            "no tool tagged slas is delete; with these tags there are: get",
        ),
        (
            {"methods": ["write"], "tools": ["get_single_kustomer_sla_by_id"]},
            "tools",
            "none of the named tools is write",
        ),
        (
            {"tags": ["notes"], "tools": ["get_single_kustomer_sla_by_id"]},
            "tools",
            "none of the named tools is tagged notes",
        ),
    ],
)
def test_words_that_leave_no_tool_are_told_which_contradict(words: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(GrantError) as caught:
        wanted({"name": "ok"} | words, ROWS, NOW)
    assert caught.value.problems.keys() == {field}
    assert told in caught.value.problems[field]


def test_a_method_that_the_package_has_no_tool_for_is_told() -> None:
    reading = {name: row for name, row in ROWS.items() if "read" in row.methods}
    with pytest.raises(GrantError) as caught:
        wanted({"name": "ok", "methods": ["write", "delete"]}, reading, NOW)
    assert caught.value.problems == {"methods": "no tool of this package is write or delete: nothing would be left"}


narrowings = st.builds(
    Narrowing,
    st.lists(st.sampled_from(METHODS), unique=True).map(tuple),
    st.lists(st.sampled_from([*TAGS, "gone"]), unique=True).map(tuple),
    st.lists(st.sampled_from([*ROWS, "gone"]), unique=True).map(tuple),
)


@settings(deadline=None)
@given(narrowings)
def test_a_narrowing_never_leaves_more_than_the_package(narrowing: Narrowing) -> None:
    left = narrowing.of(ROWS)
    assert left <= ROWS.keys()
    for name in left:
        assert not narrowing.methods or set(narrowing.methods) & set(ROWS[name].methods)
        assert not narrowing.tags or set(narrowing.tags) & set(ROWS[name].tags)
        assert not narrowing.tools or name in narrowing.tools


@settings(deadline=None)
@given(narrowings, st.data())
def test_each_further_restriction_only_takes_away(narrowing: Narrowing, data: st.DataObject) -> None:
    """Taking a word out of a list that keeps at least one, or naming a list that was empty, never adds a tool."""
    lists = []
    for words, known in ((narrowing.methods, METHODS), (narrowing.tags, TAGS), (narrowing.tools, tuple(ROWS))):
        lists.append(tuple(data.draw(st.lists(st.sampled_from(words or tuple(known)), unique=True, min_size=1))))
    assert Narrowing(*lists).of(ROWS) <= narrowing.of(ROWS)


@settings(deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "methods",
                "tags",
                "tools",
                "exposure",
                "expires_at",
                "oauth_scope",
                "calls_per_minute",
                "require_api_token_auth",
                "else",
            ]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    )
)
def test_any_json_is_either_taken_or_told_as_problems(words: dict[str, Any]) -> None:
    try:
        found = wanted(words, ROWS, NOW)
    except GrantError as error:
        assert error.problems and all(error.problems.values())
    else:
        assert found.narrowing.of(ROWS)
