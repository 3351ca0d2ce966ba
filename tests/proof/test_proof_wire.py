"""Every tool, with arguments that Hypothesis draws: what arrives is what the document asks for, and wrong ones send nothing.

The document is read by tests/package/package_documents.py, which shares no code with the generator.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import proof_kit as kit
import pytest
from package_documents import Published, operations, words
from package_recorder import Recorder
from test_package_wire import (
    CONDITIONS,
    KEYS,
    MODULE,
    Tool,
    _holds,
    function_and_model,
    is_search,
    runtime,
    scopes,
    tools_of,
)

Json = Any


def given_from(tool: Tool, published: Published, made: Json) -> tuple[Json, str]:
    """Drawn arguments for one of a tool's paths, and the argument that leads to that path."""
    made = {name: value for name, value in made.items() if name != "cursor"}
    if is_search(tool):
        made |= {name: value for name, value in CONDITIONS.items() if name in made}
    every = scopes(tool)
    made = {name: value for name, value in made.items() if name not in every}
    if published.key == tool.keys[0]:
        return made, ""
    scope = every[tool.keys.index(published.key) - 1]
    known = {words(name) for name in published.parameters("query")} | {"klass_name", "page_size"}
    return {name: value for name, value in made.items() if name in known} | {scope: "scope id"}, scope


@cache
def contracts(folder: Path) -> dict[str, Json]:
    files = (folder / MODULE / "contract").glob("*.json")
    return {one["name"]: one for file in files for one in json.loads(file.read_text(encoding="utf-8"))}


# The engine of the models keeps no bounds on what stands in a list, so these are not checked before they are sent.
UNBOUNDED_ITEMS = {"POST /v1/conversations/{id}/tags": ("tags", "vip")}


def draws(tool: Tool) -> Iterator[Json]:
    """What the tool's model takes: some with everything that may be, one with what must be; then more, if asked for."""
    _, model = function_and_model(tool)
    schema = model.model_json_schema()
    yield from kit.drawn(kit.arguments(schema))
    yield from kit.drawn(kit.arguments(schema, optional=False), 1)
    yield from kit.drawn(kit.arguments(schema), 40)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", KEYS)
async def test_what_is_drawn_arrives_as_the_document_asks_for_it(
    key: str, everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    published = operations()[key][0]
    validation, errors = runtime("validation"), runtime("errors")
    for tool in tools_of(everything, key):
        function, model = function_and_model(tool)
        sent = 0
        for number, made in enumerate(draws(tool)):
            if number > kit.EXAMPLES and sent:
                break  # what is drawn after that is for tools of which most draws are refused (`.` as an id ...)
            given, scope = given_from(tool, published, made)
            if key in UNBOUNDED_ITEMS:
                name, item = UNBOUNDED_ITEMS[key]
                given |= {name: [item] * len(given.get(name, ()))}
            recorder.clear()
            try:
                await function(kustomer, **validation.keyword_arguments(model, given))
            except errors.InvalidArguments as refusal:
                assert recorder.arrived == [], (tool.name, given)
                assert str(refusal), given
                continue
            sent += 1
            _holds(published, tool, recorder, given, scope)
        assert sent, tool.name


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", KEYS)
async def test_wrong_arguments_send_nothing(key: str, everything: Path, recorder: Recorder, kustomer: Any) -> None:
    validation, errors = runtime("validation"), runtime("errors")
    seen = 0
    for tool in tools_of(everything, key):
        function, model = function_and_model(tool)
        schema = contracts(everything)[tool.name]["inputSchema"]
        (given,) = kit.drawn(kit.arguments(model.model_json_schema(), optional=False), 1)[:1]
        for how, wrong in kit.spoiled(given, schema):
            with pytest.raises(errors.InvalidArguments):
                await function(kustomer, **validation.keyword_arguments(model, wrong))
            assert recorder.arrived == [], (tool.name, how)
            seen += 1
    assert seen
