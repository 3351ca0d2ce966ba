"""Resources: every Klass, by a real client in both eras."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError
from prompts_kit import ERAS, connected, expect, package, serving, write

from generator.render import render

Modules = Callable[[str], str]
NAMES = ["company", "conversation", "customer", "message", "order", "shipment", "subscription", "warranty-claim"]


async def read(client: Client, uri: str) -> Any:
    contents: Any = (await client.read_resource(uri)).contents
    assert [(c.uri, c.mime_type) for c in contents] == [(uri, "application/json")]
    return json.loads(contents[0].text)


@pytest.mark.parametrize("era", ERAS)
async def test_every_klass_and_standard_object_is_listed_and_readable(era: str, modules: Modules) -> None:
    async with connected(modules("whole"), era) as client:
        listed = (await client.list_resources()).resources
        assert [resource.uri for resource in listed] == [f"kustomer://klasses/{name}" for name in NAMES]
        for resource in listed:
            content = await read(client, resource.uri)
            assert (content["name"], content["label"]) == (resource.name, resource.title)
            assert resource.mime_type == "application/json" and resource.size and resource.description
        assert (await client.list_resource_templates()).resource_templates == []


@pytest.mark.parametrize("name", ["order", "customer"])
async def test_a_resource_is_as_reviewed(name: str, modules: Modules) -> None:
    async with connected(modules("whole"), "auto") as client:
        content = await read(client, f"kustomer://klasses/{name}")
    expect(f"{name}.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")


async def test_every_address_is_one_that_a_tool_takes(modules: Modules) -> None:
    """custom.<name> is a field of `custom` in the tools named, and klass_name one of their choices."""
    async with connected(modules("whole"), "auto") as client:
        schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        for name in NAMES:
            content = await read(client, f"kustomer://klasses/{name}")
            for tool in content["tools"].get("by_klass_name", ()):
                assert content["address"]["klass_name"] in schemas[tool]["properties"]["klass_name"]["enum"]
            for tool in content["tools"]["own"]:
                custom = json.dumps(schemas[tool])
                assert all(row["name"] in custom for row in content["attributes"])
                assert all(row["address"] == f"custom.{row['name']}" for row in content["attributes"])


UNKNOWN = [
    "kustomer://klasses/invoice",
    "kustomer://klasses/",
    "kustomer://klasses/../doctor",
    "file:///etc/passwd",
    "order",
]


@pytest.mark.parametrize(("era", "code"), [("legacy", -32002), ("auto", -32602)])
@pytest.mark.parametrize("uri", UNKNOWN)
async def test_an_unknown_uri_is_the_error_of_its_era(uri: str, era: str, code: int, modules: Modules) -> None:
    async with connected(modules("whole"), era) as client:
        with pytest.raises(MCPError) as caught:
            await client.read_resource(uri)
    assert (caught.value.code, caught.value.message) == (code, "Resource not found")
    assert caught.value.error.data == {"uri": uri}


@pytest.mark.parametrize("era", ERAS)
async def test_a_package_without_klasses_offers_no_resources(era: str, modules: Modules) -> None:
    async with connected(modules("bare"), era) as client:
        assert client.server_capabilities.resources is None
        with pytest.raises(MCPError) as caught:
            await client.list_resources()
    assert caught.value.code == -32601


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("method", ["list_resources", "list_resource_templates", "list_prompts"])
async def test_a_cursor_that_nobody_gave_is_refused(method: str, era: str, modules: Modules) -> None:
    async with connected(modules("whole"), era) as client:
        with pytest.raises(MCPError) as caught:
            await getattr(client, method)(cursor="2")
    assert caught.value.code == -32602


async def test_what_never_changes_may_be_kept(modules: Modules) -> None:
    async with connected(modules("whole"), "auto") as client:
        for result in (
            await client.list_resources(),
            await client.list_resource_templates(),
            await client.list_prompts(),
            await client.read_resource("kustomer://klasses/order"),
        ):
            assert (result.ttl_ms, result.cache_scope) == (3_600_000, "public")


@pytest.mark.parametrize(("era", "code"), [("legacy", -32002), ("auto", -32602)])
async def test_over_http_too_the_error_is_of_its_era(era: str, code: int, modules: Modules) -> None:
    with serving(modules("whole")) as url:
        async with Client(url, mode=era) as client:
            assert (await read(client, "kustomer://klasses/order"))["name"] == "order"
            assert [prompt.name for prompt in (await client.list_prompts()).prompts] == [
                "profile_check",
                "support_triage",
            ]
            with pytest.raises(MCPError) as caught:
                await client.read_resource("kustomer://klasses/invoice")
    assert caught.value.code == code


# ------------------------------------------------------------------------------------------------ the files


def klass(name: str, standard: bool = False, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "displayName": name.capitalize(), "standard": standard, "attributes": attributes}


def files_of(klasses: list[dict[str, Any]]) -> dict[str, str]:
    named = {f"{'standard' if row['standard'] else 'klasses'}/{row['name']}.json": row for row in klasses}
    made = render(package("files", files=named, include=("list_all_kustomer_custom_objects",)))
    return {
        path.removeprefix("kustomer_mcp_files/klasses/"): text for path, text in made.items() if "/klasses/" in path
    }


def test_an_attribute_changes_the_file_of_its_klass_alone() -> None:
    before = files_of([klass("order", aStr={"type": "string"}), klass("visit", bStr={"type": "string"})])
    after = files_of([klass("order", aStr={"type": "string"}), klass("visit", bStr={"type": "string"}, cNum={})])
    assert {name for name in before if before[name] != after[name]} == {"visit.json"}


def test_what_a_model_should_know_of_an_attribute_is_there() -> None:
    tree = {"children": [{"id": "eu", "displayName": "Europe", "children": [{"id": "de", "displayName": "Germany"}]}]}
    rows: dict[str, Any] = {
        "regionTree": {"type": "string", "displayName": "Region", "tree": tree},
        "ordersId": {"type": "string", "target": "kobject.order", "multi": True},
        "taxStr": {"type": "string", "sensitive": {"enabled": True}, "enumeration": ["b", "a"]},
        "Odd": {"type": "integer"},
        "goneStr": {"type": "string", "deletedAt": "deleted"},
    }
    content = json.loads(files_of([klass("visit", **rows)])["visit.json"])
    found = {row.pop("name"): row for row in content["attributes"]}
    assert list(found) == ["Odd", "ordersId", "regionTree", "taxStr"]
    assert found["regionTree"]["tree"] == [
        {"id": "eu", "label": "Europe", "children": [{"id": "de", "label": "Germany"}]}
    ]
    assert (found["ordersId"]["kind"], found["ordersId"]["list"]) == ("relation list", True)
    assert found["ordersId"]["target"] == "kobject.order"
    assert (found["taxStr"]["sensitive"], found["taxStr"]["enumeration"]) == (True, ["a", "b"])
    assert found["Odd"]["kind"] == "integer"
    assert any("masked" in note for note in content["notes"])


def test_a_klass_called_like_a_standard_object_has_a_resource_of_its_own() -> None:
    files = files_of([klass("customer", standard=True, aStr={}), klass("customer", bStr={})])
    assert set(files) == {"customer.json", "kobject.customer.json"}
    assert json.loads(files["kobject.customer.json"])["address"]["klass_name"] == "customer"


async def test_files_are_served_as_they_stand(modules: Modules, tmp_path: Path) -> None:
    made = write(package("stands", include=("list_all_kustomer_custom_objects",)), tmp_path)
    text = (made / "kustomer_mcp_stands" / "klasses" / "order.json").read_text(encoding="utf-8")
    assert json.loads(text)["tools"] == {"own": [], "by_klass_name": ["list_all_kustomer_custom_objects"]}
