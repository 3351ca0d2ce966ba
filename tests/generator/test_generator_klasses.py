"""What Klass metadata becomes; the whole of it stands in cases/klass-attributes, here is what a tree can't show."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import generator_kit as kit
import pytest

from generator import quirks
from generator.errors import ConfigError, SpecError
from generator.klasses import read_klass, read_klasses, told_apart
from generator.render import render

ATTRIBUTES: dict[str, Any] = json.loads(
    (kit.CASES / "klass-attributes" / "klasses" / "every-kind.json").read_text(encoding="utf-8")
)["attributes"]
SMALL: Any = json.loads((kit.HERE / "shared" / "small.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    package = kit.package_of(SMALL["paths"], {"klasses/k.json": kit.klass("every-kind", ATTRIBUTES)})
    folder = kit.write_tree(tmp_path_factory.mktemp("klasses"), render(package))
    with kit.importable(folder, package.module) as found:
        yield found


async def sent(module: ModuleType, custom: Any) -> Any:
    recorder = await kit.call(
        module, "custom_objects", "create_a_kustomer_every_kind_custom_object", {"custom": custom}
    )
    assert recorder.path == "/v1/klasses/every-kind"
    return recorder.body["custom"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nameStr", "x" * 1024),
        ("notesTxt", "x" * 5000),
        ("countNum", 3),
        ("countNum", 2.5),
        ("dueAt", "2016-11-06T13:54:29-05:00"),
        ("paidBool", False),
        ("siteUrl", "HTTP://Example.com/ä?q=[1]"),
        ("ownerId", "5a5e0b1f0b6a2c0011223344"),
        ("ordersId", ["a", "b"]),
        ("reasonTree", "2"),
        ("sizeStr", "m"),
        ("colorsStr", ["red", "blue"]),
        ("numbersNum", [1, 2.5]),
        ("legacy", "x"),
        ("anything", "x"),
        ("anything", 1.5),
        ("anything", True),
        ("weird", "1,2"),
        ("class", "x"),
        ("from", "x"),
        ("AvgSatScoreNum", 1),
    ],
)
async def test_a_right_value_is_sent_as_it_is(module: ModuleType, name: str, value: Any) -> None:
    assert await sent(module, {name: value}) == {name: value}
    assert type((await sent(module, {name: value}))[name]) is type(value)


def test_a_tree_without_a_bottom_is_left_out_and_said_so() -> None:
    def tree(levels: int) -> dict[str, Any]:
        node: dict[str, Any] = {"id": "leaf"}
        for number in range(levels):
            node = {"id": str(number), "children": [node]}
        return node

    klass = read_klass(kit.klass("order", {"fewTree": {"tree": tree(40)}, "manyTree": {"tree": tree(5000)}}))
    assert [attribute.name for attribute in klass.attributes] == ["fewTree"]
    assert klass.notes == ("manyTree: its tree has more than 40 levels; left out",)


@pytest.mark.parametrize("name", sorted(set(ATTRIBUTES) - {"goneStr", "offStr", "pausedStr", "brokenStr"}))
async def test_null_clears_every_attribute(module: ModuleType, name: str) -> None:
    assert await sent(module, {name: None}) == {name: None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nameStr", "x" * 1025),
        ("nameStr", 3),
        ("countNum", "many"),
        ("dueAt", 1466000000),
        ("paidBool", "perhaps"),
        ("ownerId", ""),
        ("ordersId", "a"),
        ("sizeStr", "xl"),
        ("colorsStr", ["green"]),
        ("colorsStr", "red"),
        ("goneStr", "x"),
        ("offStr", "x"),
        ("pausedStr", "x"),
        ("unheardStr", "x"),
    ],
)
async def test_a_wrong_value_or_an_attribute_that_is_gone_is_refused_by_name(
    module: ModuleType, name: str, value: Any
) -> None:
    with pytest.raises(module.InvalidArguments, match=name):
        await sent(module, {name: value})


def test_a_klass_without_attributes_takes_any_custom() -> None:
    package = kit.package_of(SMALL["paths"], {"klasses/bare.json": kit.klass("bare", {})})
    tool = next(tool for tool in package.tools if tool.name == "create_a_kustomer_bare_custom_object")
    assert {a.name: a.annotation for a in tool.arguments}["custom"] == "dict[str, Any]"


def test_every_attribute_that_is_left_out_or_guessed_is_noted_once() -> None:
    klass = read_klass(kit.klass("every-kind", ATTRIBUTES))
    noted = [note.partition(":")[0] for note in klass.notes]
    assert len(noted) == len(set(noted))
    assert {"goneStr", "offStr", "pausedStr", "brokenStr", "legacy", "anything", "weird"} <= set(noted)
    assert {"goneStr", "offStr", "pausedStr", "brokenStr"} & {a.name for a in klass.attributes} == set()
    assert {a.name for a in klass.attributes} | {"goneStr", "offStr", "pausedStr", "brokenStr"} == set(ATTRIBUTES)


@pytest.mark.parametrize("metadata", [{}, {"nameStr": None}, {"nameStr": []}, {"nameStr": 3}, {"": {}}, None])
def test_metadata_of_any_form_is_read_without_a_traceback(metadata: Any) -> None:
    assert len(read_klass(kit.klass("order", metadata)).attributes) == (1 if metadata == {"": {}} else 0)


@pytest.mark.parametrize(
    "odd",
    [
        {"enumeration": "abc"},
        {"enumeration": {"a": 1}},
        {"enumeration": 3},
        {"tree": {"children": "abc"}},
        {"tree": {"children": 3}},
        {"tree": []},
        {"tree": {"children": [None, 3, {"displayName": None}]}},
        {"target": 3},
        {"sensitive": "yes"},
        {"displayName": {"en": "x"}},
        {"type": ["string"]},
    ],
)
def test_one_odd_part_of_an_attribute_costs_that_part_and_not_the_klass(odd: Any) -> None:
    attribute = {"type": "string", "displayName": "Name", **odd}
    klass = read_klass(kit.klass("order", {"nameStr": attribute, "otherNum": {"type": "number"}}))
    assert [a.name for a in klass.attributes] == ["nameStr", "otherNum"]
    assert klass.attributes[0].schema["type"] == "string"


def test_the_longest_suffix_and_nothing_but_the_end_of_a_name_decides() -> None:
    names = ["Str", "strNum", "NumStr", "whatnum", "bat", "hatAt", "Kid", "orderId", "urlTree"]
    kinds = {a.name: a.kind for a in read_klass(kit.klass("k", {name: {} for name in names})).attributes}
    assert kinds == {
        "Str": "text",
        "strNum": "number",
        "NumStr": "text",
        "whatnum": "any scalar",
        "bat": "any scalar",
        "hatAt": "date-time",
        "Kid": "any scalar",
        "orderId": "relation",
        "urlTree": "tree",
    }
    assert all(not a.endswith(b) for a in quirks.SUFFIXES for b in quirks.SUFFIXES if a != b)


def test_a_sensitive_attribute_says_so_and_stays_writable() -> None:
    klass = read_klass(kit.klass("k", {"ssnStr": {"sensitive": {"enabled": True}, "displayName": "SSN"}}))
    assert klass.attributes[0].sensitive and klass.attributes[0].description == "SSN (sensitive)"


def test_a_klass_name_with_a_hyphen_keeps_it_on_the_wire_and_loses_it_in_python() -> None:
    package = kit.package_of(SMALL["paths"], {"klasses/e.json": kit.klass("ecomm-order", {"aStr": {}})})
    tool = next(t for t in package.tools if t.name == "create_a_kustomer_ecomm_order_custom_object")
    assert tool.calls[0].path_entries[0].expression == "'ecomm-order'"


@pytest.mark.parametrize("names", [("e-comm", "e_comm"), ("Order", "order"), ("--", "order"), ("orderA", "order-a")])
def test_klasses_that_would_have_the_same_tools_are_an_error_that_names_them(names: tuple[str, str]) -> None:
    files = {f"klasses/{name}.json": kit.klass(name, {}) for name in names}
    with pytest.raises(SpecError, match=r"exclude (one of them|it) under \[klasses\]") as caught:
        told_apart(read_klasses(files))
    assert names[0] in str(caught.value)


def test_a_klass_that_is_excluded_can_not_stand_in_the_way_of_another() -> None:
    files = {f"klasses/{name}.json": kit.klass(name, {}) for name in ("e-comm", "e_comm")}
    package = kit.package_of(SMALL["paths"], files, klasses_exclude=("e_comm",))
    assert [klass.name for klass in package.custom_klasses] == ["e-comm"]


def test_klasses_that_are_not_included_have_no_tools_and_are_no_choice() -> None:
    files = {f"klasses/{name}.json": kit.klass(name, {"aStr": {}}) for name in ("order", "pet")}
    package = kit.package_of(SMALL["paths"], files, klasses_include=("ord*",))
    assert "pet" not in json.dumps([tool.contract for tool in package.tools])
    with pytest.raises(ConfigError, match="the custom Klasses are order, pet"):
        kit.package_of(SMALL["paths"], files, klasses_include=("ordr",))


def test_a_tenant_without_custom_klasses_has_no_tool_of_theirs_and_a_reason() -> None:
    package = kit.package_of(SMALL["paths"])
    assert [tool.name for tool in package.tools if "custom_object" in tool.name] == []
    assert {row.operation: row.reason for row in package.left_out} == {
        "GET /v1/klasses/{name}": "this tenant has no custom Klass",
        "POST /v1/klasses/{name}": "this tenant has no custom Klass",
    }


def test_importing_a_generated_package_warns_of_nothing(module: ModuleType, recwarn: pytest.WarningsRecorder) -> None:
    importlib.reload(importlib.import_module(f"{module.__name__}.models.custom_objects"))
    assert [str(warning.message) for warning in recwarn] == []
