"""Every tool, with arguments that Hypothesis draws: what arrives is what the document asks for.

The document is read by tests/package/package_documents.py, which shares no code with the generator.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import package_documents
import package_recorder
import package_values
import proof_edges as edges
import proof_kit as kit
import pytest
import test_package_wire
from package_documents import Published, operations, words
from package_recorder import Recorder
from test_package_wire import (
    CONDITIONS,
    KEYS,
    Tool,
    _holds,
    function_and_model,
    is_search,
    manifest,
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


async def refusal(tool: Tool, given: Json, kustomer: Any, recorder: Recorder) -> str:
    """What the tool says where it refuses the arguments, and then nothing has arrived; nothing where it sent them."""
    function, model = function_and_model(tool)
    recorder.clear()
    try:
        await function(kustomer, **runtime("validation").keyword_arguments(model, given))
    except runtime("errors").InvalidArguments as refused:
        assert recorder.arrived == [] and str(refused), (tool.name, given)
        return str(refused)
    return ""


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
    for tool in tools_of(everything, key):
        sent = 0
        for number, made in enumerate(draws(tool)):
            if number > kit.EXAMPLES and sent:
                break  # what is drawn after that is for tools of which most draws are refused (`.` as an id ...)
            given, scope = given_from(tool, published, made)
            if not await refusal(tool, given, kustomer, recorder):
                sent += 1
                _holds(published, tool, recorder, given, scope)
        assert sent, tool.name


# Tools that have to refuse an edge, which JSON Schema can't say: no id, `..` in one, a thousand of them in an address.
REFUSED = {
    "kustomer_conversation_times_using_ids": {"least", "null"},
    "kustomer_custom_objects_bulk_delete": {"most"},
    "kustomer_custom_objects_using_external_id": {"most"},
    "kustomer_queues_metrics": {"least", "null"},
    "kustomer_users_using_ids": {"least", "null"},
}
# What a request carries, and nothing else: no cookie, nothing of the caller's.
HEADERS = {"host", "accept", "accept-encoding", "authorization", "connection", "user-agent"}


def at_the_edge(edge: str, tool: Tool, published: Published) -> tuple[Json, str]:
    _, model = function_and_model(tool)
    made = edges.at_the(edge, model.model_json_schema())
    return given_from(tool, published, made)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", KEYS)
async def test_what_stands_at_the_edges_arrives_unchanged_or_not_at_all(
    key: str, everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    published = operations()[key][0]
    for tool in tools_of(everything, key):
        refused = set()
        for edge in edges.EDGES:
            given, scope = at_the_edge(edge, tool, published)
            if await refusal(tool, given, kustomer, recorder):
                refused.add(edge)
                continue
            _holds(published, tool, recorder, given, scope)
            said = recorder.only.headers
            assert set(said) - {"content-length"} == HEADERS | ({"content-type"} if recorder.only.raw else set())
            assert (said["authorization"], said["accept"]) == ("Bearer k", "application/json")
        assert refused == REFUSED.get(tool.name, set()), tool.name


def test_every_tool_of_the_package_is_proven(everything: Path) -> None:
    proven = {tool.name for key in KEYS for tool in tools_of(everything, key)}
    assert proven == set(manifest(everything)["tools"])
    assert any(name.endswith("_warranty_claim_custom_object") for name in proven)


def test_the_reader_of_the_documents_shares_nothing_with_the_generator() -> None:
    for module in (package_documents, package_values, package_recorder, test_package_wire, kit, edges):
        source = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
        imported = [node.module or "" for node in ast.walk(source) if isinstance(node, ast.ImportFrom)]
        imported += [name.name for node in ast.walk(source) if isinstance(node, ast.Import) for name in node.names]
        assert imported
        assert [
            name for name in imported if name.partition(".")[0] in ("generator", "bench", "kustomer_mcp_everything")
        ] == []
