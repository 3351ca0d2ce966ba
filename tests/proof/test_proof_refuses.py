"""Valid arguments, wrong in one place at any depth, `more` included: nothing is sent, or what the document allows as well."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from package_documents import operations, words
from package_recorder import Recorder
from test_package_wire import (
    KEYS,
    Tool,
    _holds,
    contracts,
    expected,
    function_and_model,
    given_for,
    runtime,
    scopes,
    told,
    tools_of,
)

Json = Any
WRONG: tuple[Json, ...] = (None, "no such choice", "5", True, 1, 7.5, {"no": 1}, [["no"]])
# What stands in an object of which no field is named; anything may.
FREE = "free"
# Without this argument nothing says which branch of the body is meant, and so where `rev` goes.
NO_BRANCH = "kustomer_conversations_change_customer: has no customer"


def spoiled(value: Json) -> Iterator[tuple[str, Json]]:
    """The value with something wrong in one place: another type, null, less, or more than there is."""
    yield from ((f"is {wrong}", wrong) for wrong in WRONG if type(wrong) is not type(value))
    if isinstance(value, dict):
        yield "has an unknown field", {**value, "no_such_field": 1}
        for name, inner in value.items():
            yield f"has no {name}", {n: one for n, one in value.items() if n != name}
            rows = () if name == FREE else spoiled(inner)
            yield from ((f"{name} {how}", {**value, name: wrong}) for how, wrong in rows)
    if isinstance(value, list) and value:
        yield from ((f"[] {how}", [wrong, *value[1:]]) for how, wrong in spoiled(value[0]))


def inside_more(given: Json, contract: Json) -> Json:
    """The same arguments, with those that the contract does not show in `more`."""
    shown = contract["inputSchema"]["properties"]
    more = {name: value for name, value in given.items() if name not in shown}
    return {name: value for name, value in given.items() if name in shown} | ({"more": more} if more else {})


async def sent(tool: Tool, given: Json, kustomer: Any, recorder: Recorder) -> bool:
    function, model = function_and_model(tool)
    recorder.clear()
    try:
        await function(kustomer, **runtime("validation").keyword_arguments(model, given))
    except runtime("errors").InvalidArguments:
        assert recorder.arrived == [], (tool.name, given)
        return False
    return True


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", KEYS)
async def test_what_is_wrong_anywhere_sends_nothing_or_what_the_document_allows(
    key: str, everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    published = operations()[key][0]
    rows = {one["name"]: one for one, _ in contracts(everything)}
    for tool in tools_of(everything, key):
        given, scope = given_for(tool, published, "full")
        refused = 0
        for how, wrong in spoiled(given):
            what = f"{tool.name}: {how}"
            if not isinstance(wrong, dict) or what == NO_BRANCH or how in (f"has no {scope}", "where [] has no set"):
                continue  # the path without that argument is another operation; a condition of a field alone is whole
            if not await sent(tool, inside_more(wrong, rows[tool.name]), kustomer, recorder):
                refused += 1
            else:
                _holds(published, tool, recorder, wrong, scope)
        assert refused, tool.name


@pytest.mark.asyncio(loop_scope="module")
async def test_what_excludes_one_another_sends_nothing(everything: Path, recorder: Recorder, kustomer: Any) -> None:
    seen = 0
    for key in KEYS:
        for tool in tools_of(everything, key):
            if tool.keys[0] != key or not scopes(tool):
                continue
            given, _ = given_for(tool, operations()[key][0], "minimal")
            whole, _ = given_for(tool, operations()[key][0], "full")
            for one, other in combinations(scopes(tool), 2):
                assert not await sent(tool, {**given, one: "x", other: "y"}, kustomer, recorder), tool.name
                seen += 1
            for scope, scoped in zip(scopes(tool), tool.keys[1:], strict=True):
                known = {words(name) for name in operations()[scoped][0].parameters("query")} | {"page_size"}
                for name in whole.keys() - given.keys() - known:
                    wrong = {**given, scope: "x", name: whole[name]}
                    assert not await sent(tool, wrong, kustomer, recorder), (tool.name, scope, name)
                    seen += 1
    assert seen == 3


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cursor_is_sent_as_it_is_in_place_of_what_it_says_itself(
    everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    seen = 0
    for key in KEYS:
        published = operations()[key][0]
        for tool in tools_of(everything, key):
            _, model = function_and_model(tool)
            if "cursor" not in model.model_fields:
                continue
            given, scope = given_for(tool, published, "full")
            made = expected(published, given, scope)
            told(tool, published, made)
            assert await sent(tool, {**given, "cursor": "page=2&pageSize=3&a%5Bb%5D=%2B%C3%BC+&e="}, kustomer, recorder)
            own = [pair for pair in made.query if pair[0] != "pageSize"]
            wanted = [*own, ("page", "2"), ("pageSize", "3"), ("a[b]", "+\u00fc "), ("e", "")]
            assert sorted(parse_qsl(recorder.only.query, keep_blank_values=True)) == sorted(wanted), tool.name
            seen += 1
    assert seen > 80
