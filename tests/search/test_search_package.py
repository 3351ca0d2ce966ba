"""What the typed searches are in a package: names, toolsets, tags, contracts, size, and what one attribute changes."""

from __future__ import annotations

import ast
import copy
import difflib
import re
from typing import Any

import pytest
from search_kit import SEARCHES, Package, built, expect, klass_files

from generator import contract
from generator.errors import ConfigError
from generator.render import render

Json = Any
RAW = "kustomer_customers_search_raw"


def test_every_object_and_every_klass_has_a_search() -> None:
    tools = {tool.name: tool for tool in built(klass_files()).tools}
    for toolset, name in SEARCHES.values():
        tool = tools[name]
        assert (tool.toolset, tool.effect, tool.kind) == (toolset, "read", "custom")
        assert tool.tags == (toolset, "search")
        assert tool.operations == ("POST /v1/customers/search",)


def test_the_raw_search_stays_for_those_who_select_it() -> None:
    assert RAW in {tool.name for tool in built(klass_files()).tools}
    assert [tool.name for tool in built(klass_files(), tags=(), include=(RAW,)).tools] == [RAW]


@pytest.mark.parametrize(
    "filters",
    [
        {"tags": ("custom_objects",)},
        {"tags": (), "include": ("kustomer_order_*_search",)},
        {"tags": (), "methods": ("read",)},
        {"tags": ("search",), "exclude": ("kustomer_customers_*",)},
    ],
)
def test_names_and_classes_do_not_depend_on_what_is_selected(filters: Json) -> None:
    tools = {tool.name: tool for tool in built(klass_files()).tools}
    order = next(tool for tool in built(klass_files(), **filters).tools if "order_custom_objects_search" in tool.name)
    assert (order.name, order.contract, order.arguments) == (
        order.name,
        tools[order.name].contract,
        tools[order.name].arguments,
    )
    assert "list[models.OrderCondition]" in {argument.annotation for argument in order.arguments}


def test_a_search_without_its_klass_can_not_be_selected() -> None:
    with pytest.raises(ConfigError):
        built(klass_files(), tags=(), include=("kustomer_boat_custom_objects_search",))


def test_contracts_are_exactly_these(package: Package) -> None:
    shown = {name: package.contract(toolset)[name] for toolset, name in SEARCHES.values()}
    expect("contracts.json", shown)


def test_sizes_in_tokens_are_these(package: Package) -> None:
    """The org's own fields count too, so this is a record, with a ceiling that a change has to argue about: conditions stand
    once, in a branch for each kind of value, so that what a contract allows is what is sent."""
    sizes = {name: contract.tokens(package.contract(toolset)[name]) for toolset, name in SEARCHES.values()}
    assert max(sizes.values()) <= 670, sizes
    assert sum(sizes.values()) / len(sizes) <= 560, sizes


def test_lean_packages_show_the_fields_too() -> None:
    tools = {tool.name: tool.contract for tool in built(klass_files(), detail="lean").tools}
    for _, name in SEARCHES.values():
        properties = tools[name]["inputSchema"]["properties"]
        assert {"any_text", "where", "sort", "cursor", "page_size"} <= set(properties)
        branches = properties["where"]["items"]["anyOf"]
        assert any("updated_at" in branch["properties"]["field"]["enum"] for branch in branches)
        assert "any: true" in properties["where"]["description"]


def test_descriptions_say_what_search_does_not_see(package: Package) -> None:
    for toolset, name in SEARCHES.values():
        text = package.contract(toolset)[name]["description"]
        assert all(word in text for word in ("2 years", "lags writes")), text


def test_one_more_attribute_changes_only_what_shows_it() -> None:
    before = render(built(klass_files()))
    files = copy.deepcopy(klass_files())
    order = next(content for content in files.values() if content.get("name") == "order")
    order["attributes"]["refundedNum"] = {"type": "number", "displayName": "Refunded"}
    after = render(built(files))
    changed = sorted(path for path in after if before.get(path) != after[path])
    module = "kustomer_mcp_searching"
    shows = [
        f"{module}/{part}"
        for part in ("contract/custom_objects.json", "models/custom_objects.py", "tools/custom_objects.py")
    ]
    assert [path for path in changed if path.startswith(module) and "/klasses/" not in path] == shows
    for path in shows:
        lines = difflib.unified_diff(before[path].splitlines(), after[path].splitlines(), n=0, lineterm="")
        lines = [line for line in lines if re.match(r"[+-](?![+-])", line)]
        # A contract shows it in its branch, and in the pattern of what may be sorted by.
        assert [line[0] for line in lines] == (
            ["-", "+"] * 2 if path.startswith(f"{module}/contract/") else ["+"]
        ), lines
        assert all("refundedNum" in line for line in lines if line[0] == "+"), lines


def test_a_table_reads_as_a_person_would_write_it(package: Package) -> None:
    text = (package.folder / package.name / "tools" / "custom_objects.py").read_text(encoding="utf-8")
    table = text[text.index("SHIPMENT_SEARCH = ") : text.index("SUBSCRIPTION_SEARCH = ")]
    expect("shipment_table.json", table.rstrip().split("\n"))


@pytest.mark.parametrize("name", ["3d-print", "Customer", "a_b-C", "class"])
@pytest.mark.parametrize("attribute", ["", "$ref", "class", 'it\'s "quoted" \\ and more', "naïveStr"])
def test_any_klass_and_attribute_gives_python_that_holds_it(name: str, attribute: str) -> None:
    odd = {"name": name, "displayName": name, "standard": False, "attributes": {attribute: {"type": "string"}}}
    files = render(built({"klasses/odd.json": odd}, tags=("custom_objects",)))
    module = compile(files["kustomer_mcp_searching/tools/custom_objects.py"], "tools", "exec", flags=ast.PyCF_ONLY_AST)
    literals = {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
    assert {f"custom.{attribute}", f"kobject_custom_{name}_{attribute}", f"kobject_{name}"} <= literals


def test_an_attribute_with_control_characters_in_its_name_is_in_no_file() -> None:
    odd = {"name": "odd", "displayName": "Odd", "standard": False, "attributes": {"zq\nqz\u2028": {"type": "string"}}}
    files = render(built({"klasses/odd.json": odd}, tags=("custom_objects",)))
    sources = {path: text for path, text in files.items() if path.endswith(".py")}
    module = compile(sources["kustomer_mcp_searching/tools/custom_objects.py"], "tools", "exec", ast.PyCF_ONLY_AST)
    assert "kobject_odd" in {node.value for node in ast.walk(module) if isinstance(node, ast.Constant)}
    for text in sources.values():
        strings = [node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
        assert not any("zq\nqz" in value for value in strings if isinstance(value, str)) and "\u2028" not in text
