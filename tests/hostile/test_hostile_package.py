"""What is hostile all at once, as users have it: a package on disk that type-checks, in processes of its own, called by a client."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import generator_kit
import hostile_kit as kit
import hostile_places as places
import pytest
from hostile_checks import MODULE
from mcp import Client, StdioServerParameters
from package_build import mypy, run
from package_recorder import Recorder
from package_servers import environment

from generator.text import identifier, is_clean

pytestmark = pytest.mark.slow
TOOL, KLASS_TOOL = "create_a_kustomer_thing", "create_a_kustomer_order_custom_object"


def _values(canary: Path) -> list[str]:
    """The corpus, but for what no JSON in UTF-8 can hold and what is too long to be told of in a contract."""
    planted = [kit.planted(row.value, canary=str(canary)) for row in kit.CORPUS]
    return sorted({value for value in planted if value.strip() and len(value) < 200 and _is_utf8(value)})


def _is_utf8(value: str) -> bool:
    return not any(0xD800 <= ord(char) < 0xE000 for char in value)


def _apart(values: list[str]) -> list[str]:
    """Those of them that are arguments of their own: two that would be spelled alike are refused."""
    return list({identifier(value): value for value in values}.values())


def _inputs(values: list[str]) -> tuple[Any, Any]:
    """One document and one Klass in which every value stands at once: as a name, as a choice, as a default and as text."""
    text = " ".join(values)
    named = {value: {"type": "string", "description": value, "default": value} for value in values}
    chosen = {"type": "array", "items": {"type": "string", "enum": values}, "description": text}
    properties = {
        "named": {"type": "object", "title": text, "description": text, "properties": named, "required": values[:3]},
        "chosen": chosen,
        **{value: {"type": "string"} for value in _apart(values)},
    }
    schemas = {value: {"type": "object", "properties": {"x": {"type": "string"}}} for value in values}
    document = places.things(
        requestBody=generator_kit.body({"type": "object", "properties": properties}),
        parameters=[
            {"in": "query", "name": value, "description": value, "schema": {"type": "string"}}
            for value in _apart(values)
        ],
        description=text,
        summary=text,
    )
    document = {**document, "info": {"title": text, "version": text}, "components": {"schemas": schemas}}
    document["paths"] |= places.small["paths"]
    attributes = {f"{value}Str": {"displayName": value, "enumeration": values} for value in values}
    return document, {"klasses/order.json": generator_kit.klass("order", attributes)}


@pytest.fixture
def made(tmp_path: Path, canary: Path) -> Path:
    files = kit.files_of(kit.package(*_inputs(_values(canary))))
    assert files is not None
    return generator_kit.write_tree(tmp_path / "package", files)


async def test_a_package_of_all_that_is_hostile_type_checks_imports_and_sends_it_as_data(
    made: Path, canary: Path, recorder: Recorder, shared_folder: Path
) -> None:
    assert mypy(shared_folder, "-p", MODULE, MYPYPATH=str(made)) == ([], 0)
    toolsets = sorted(path.stem for path in (made / MODULE / "tools").glob("[a-z]*.py"))
    script = f"import {MODULE}.server, " + ", ".join(f"{MODULE}.tools.{name}" for name in toolsets)
    done = run(sys.executable, "-W", "error", "-c", script, PYTHONPATH=str(made))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    values = _values(canary)
    body = {"named": dict.fromkeys(values, "there"), "chosen": values}
    variables = environment(KUSTOMER_BASE_URL=recorder.url, KUSTOMER_API_KEY="k", PYTHONPATH=str(made))
    parameters = StdioServerParameters(command=sys.executable, args=["-m", MODULE, "serve"], env=variables)
    async with Client(parameters) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert {TOOL, KLASS_TOOL} <= listed
        result = await client.call_tool(TOOL, body)
        assert not result.is_error, result
        custom = {f"{value}Str": values[0] for value in values if is_clean(value)}  # no attribute is called otherwise
        assert len(custom) > len(values) // 2
        result = await client.call_tool(KLASS_TOOL, {"title": "x", "custom": custom})
        assert not result.is_error, result
    assert recorder.arrived[0].body == body
    assert recorder.arrived[1].body["custom"] == custom
