"""The published form of the documents, with every defect that was measured in it, becomes tools that work.

What each defect becomes stands in cases/published-defects/expected; here is what a tree can't show: the models take what
Kustomer takes, and requests come out as Kustomer wants them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import generator_kit as kit
import pytest
import yaml

from generator.documents import read_document
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot

FOLDER = kit.CASES / "published-defects"
ID = "5a5e0b1f0b6a2c0011223344"


def published() -> Any:
    return json.loads((FOLDER / "documents" / "core-resources.json").read_text(encoding="utf-8"))


def snapshot(document: Any) -> Snapshot:
    files = {
        f"{path.parent.name}/{path.name}": json.loads(path.read_text(encoding="utf-8"))
        for kind in ("klasses", "standard")
        for path in sorted((FOLDER / kind).glob("*.json"))
    }
    return Snapshot({"core-resources": document}, {"acme": files})


@pytest.fixture(scope="module")
def package() -> Package:
    return build(snapshot(published()), kit.tenant())


@pytest.fixture(scope="module")
def module(package: Package, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = kit.write_tree(tmp_path_factory.mktemp("published"), render(package))
    with kit.importable(folder, package.module) as found:
        yield found


def test_the_case_holds_every_defect_that_it_is_there_for() -> None:
    document = published()
    text = json.dumps(document)
    operations = [item[method] for item in document["paths"].values() for method in item]
    assert document["components"]["schemas"] == {}
    assert "$ref" not in text and "discriminator" not in text
    assert '{"type": "object", "maxProperties": 100, "additionalProperties": false}' in text
    formats = [
        "object-id",
        "email-relaxed",
        "phone-number",
        "date-time-math",
        "whatsapp-number",
        "url",
        "domain-name",
        "send-at",
    ]
    assert [name for name in formats if f'"format": "{name}"' not in text] == []
    assert '"nullable": true' in text and '"deprecated": true' in text and "|Legacy Role|" in text
    assert not any("required" in operation.get("requestBody", {}) for operation in operations)
    named = [[p["name"] for p in operation.get("parameters", ())] for operation in operations]
    assert sum(len(names) != len(set(names)) for names in named) == 6
    assert {"/v1/klasses/{id}", "/v1/klasses/{name}", "/v1/messages/externalid=:externalId"} <= set(document["paths"])
    assert "application/json-patch+json" in text and "text/plain" in text
    assert "GetArticles(Public)" in text and "CreateDraftByCustomer" in text


@pytest.mark.parametrize(
    "ids", [lambda name: name, lambda name: name.replace("CreateD", "CreateaD").replace("By", "by"), lambda _: "x(y)"]
)
def test_tool_names_do_not_hang_on_the_spelling_of_operation_ids(package: Package, ids: Callable[[str], str]) -> None:
    document = published()
    for item in document["paths"].values():
        for operation in item.values():
            operation["operationId"] = ids(operation["operationId"])
    other = build(snapshot(document), kit.tenant())
    assert [(tool.name, tool.arguments) for tool in other.tools] == [
        (tool.name, tool.arguments) for tool in package.tools
    ]


async def test_a_right_whatsapp_draft_is_accepted_and_sent_with_its_channel(module: ModuleType) -> None:
    sent = await kit.call(
        module,
        "drafts",
        "create_a_kustomer_customer_whatsapp_text_draft",
        {"customer_id": ID, "to": "+4915112345678", "app": "whatsapp", "body": "Your parcel is on its way"},
    )
    assert (sent.method, sent.path) == ("POST", f"/v1/customers/{ID}/drafts")
    assert sent.body == {
        "channel": "whatsapp",
        "to": "+4915112345678",
        "app": "whatsapp",
        "body": "Your parcel is on its way",
    }


async def test_a_whatsapp_template_draft_is_accepted_with_its_components(module: ModuleType) -> None:
    meta = {"template": ID, "components": {"header": ["A"], "body": ["B", "C"]}}
    arguments = {"customer_id": ID, "to": "+4915112345678", "meta": meta}
    sent = await kit.call(module, "drafts", "create_a_kustomer_customer_whatsapp_template_draft", arguments)
    assert sent.body == {"channel": "whatsapp", "app": "whatsapp", "to": "+4915112345678", "meta": meta}


@pytest.mark.parametrize(
    ("toolset", "tool", "arguments", "custom"),
    [
        ("customers", "create_a_kustomer_customer", {}, {"loyaltyTierStr": "gold", "visitsNum": 3}),
        ("customers", "update_a_kustomer_customer_by_id", {"id": ID}, {"loyaltyTierStr": None, "visitsNum": 2.5}),
        ("conversations", "update_a_kustomer_conversation_by_id", {"id": ID}, {"refundBool": False}),
        (
            "custom_objects",
            "create_a_kustomer_order_custom_object",
            {"title": "A"},
            {"totalNum": 9, "placedAt": "2016-11-06T13:54:29-05:00"},
        ),
        ("tracking", "kustomer_tracking_identities_record", {"external_id": "A"}, {"loyaltyTierStr": "silver"}),
    ],
)
async def test_custom_attributes_can_be_sent_although_custom_is_published_closed_and_empty(
    module: ModuleType, toolset: str, tool: str, arguments: Any, custom: Any
) -> None:
    sent = await kit.call(module, toolset, tool, {**arguments, "custom": custom})
    assert sent.body["custom"] == custom


@pytest.mark.parametrize(
    ("arguments", "company"),
    [({}, f"company of /v1/customers/{ID}"), ({"company": None}, None), ({"company": "c1"}, "c1")],
)
async def test_the_company_that_a_customers_update_would_clear_is_sent_again(
    module: ModuleType, arguments: Any, company: Any
) -> None:
    sent = await kit.call(
        module, "customers", "update_a_kustomer_customer_by_id", {"id": ID, "name": "Ann", **arguments}
    )
    assert (sent.method, sent.path) == ("PATCH", f"/v1/customers/{ID}")
    assert sent.body == {"name": "Ann", "company": company}


@pytest.mark.parametrize(
    ("arguments", "sent_too"), [({}, {}), ({"send_at": "2030-01-01T00:00:00Z"}, {"scheduled": True})]
)
async def test_a_time_to_send_at_schedules_by_itself(module: ModuleType, arguments: Any, sent_too: Any) -> None:
    given = {"customer_id": ID, "to": "+4915112345678", "app": "whatsapp", "body": "On its way"}
    sent = await kit.call(module, "drafts", "create_a_kustomer_customer_whatsapp_text_draft", {**given, **arguments})
    assert {key: value for key, value in sent.body.items() if key == "scheduled"} == sent_too
    assert sent.body.get("sendAt") == arguments.get("send_at")


def test_only_tools_that_can_schedule_speak_of_it_and_no_argument_is_said_to_be_where_it_is_not(
    package: Package, real: Snapshot
) -> None:
    for made in (package, build(real, kit.tenant())):
        drafts = [tool for tool in made.tools if tool.toolset == "drafts" and tool.effect == "write"]
        names = {tool.name: {argument.name for argument in tool.arguments} for tool in drafts}
        assert [name for name in names if "scheduled" in names[name]] == []
        speaking = {tool.name for tool in drafts if "send_at" in tool.description}
        assert speaking and {name for name in speaking if "send_at" not in names[name]} == set()
        for tool in (tool for tool in made.tools if tool.elsewhere):
            siblings = [one for one in made.tools if set(one.operations) & set(tool.operations)]
            offered = {argument.name for one in siblings for argument in one.arguments}
            own = {argument.name for argument in tool.arguments}
            assert set(dict(tool.elsewhere)) <= offered - own, tool.name


@pytest.mark.parametrize(
    ("tool", "custom"),
    [
        ("create_a_kustomer_customer", {"loyaltyTierStr": "bronze"}),
        ("create_a_kustomer_customer", {"nosuchStr": "x"}),
        ("create_a_kustomer_customer", {"visitsNum": "many"}),
    ],
)
async def test_custom_attributes_that_the_klass_does_not_have_are_refused_before_anything_is_sent(
    module: ModuleType, tool: str, custom: Any
) -> None:
    with pytest.raises(module.InvalidArguments, match=next(iter(custom))):
        await kit.call(module, "customers", tool, {"custom": custom})


@pytest.mark.parametrize(
    ("toolset", "tool", "arguments", "path"),
    [
        ("messages", "kustomer_messages_using_external_id", {"external_id": "a/b"}, "/v1/messages/externalid=a%2Fb"),
        ("customers", "kustomer_customers_using_email", {"email": "a@b.example"}, "/v1/customers/email=a%40b.example"),
        ("klasses", "get_single_kustomer_klass_by_id", {"id": ID}, f"/v1/klasses/{ID}"),
        ("custom_objects", "list_all_kustomer_custom_objects", {"klass_name": "order"}, "/v1/klasses/order"),
        ("attachments", "get_single_kustomer_attachment_by_id", {"id": ID}, f"/v1/attachments/{ID}"),
        (
            "custom_objects",
            "update_a_kustomer_order_custom_object_by_id",
            {"id": ID, "title": None},
            f"/v1/klasses/order/{ID}",
        ),
    ],
)
async def test_odd_paths_are_filled_as_published(
    module: ModuleType, toolset: str, tool: str, arguments: Any, path: str
) -> None:
    assert (await kit.call(module, toolset, tool, arguments)).path == path


async def test_an_operation_with_a_text_plain_body_sends_none(module: ModuleType) -> None:
    name = "create_a_kustomer_customer_unmasking_window"
    assert (await kit.call(module, "unmasking", name, {"customer_id": ID})).body is None


def test_lists_without_published_paging_have_a_cursor(package: Package) -> None:
    lists = {tool.name: {a.name for a in tool.arguments} for tool in package.tools if tool.kind == "list"}
    assert {name for name, arguments in lists.items() if {"cursor", "page_size"} <= arguments} == {
        "list_all_kustomer_custom_objects",
        "list_all_kustomer_customers",
        "list_all_kustomer_public_kb_articles",
    }


def test_role_tables_of_the_descriptions_reach_no_tool(package: Package) -> None:
    assert [tool.name for tool in package.tools if "|" in tool.description or "org." in tool.description] == []


def _as_31(value: Any) -> Any:
    """The same document in OpenAPI 3.1: `nullable` as a list of types, single enumerations as `const`."""
    if isinstance(value, list):
        return [_as_31(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    value = {key: _as_31(inner) for key, inner in value.items()}
    if value.pop("nullable", None) is True:
        value["type"] = [value["type"], "null"]
    if isinstance(value.get("enum"), list) and len(value["enum"]) == 1:
        value["const"] = value.pop("enum")[0]
    return value


def test_a_document_says_the_same_in_openapi_3_0_and_3_1_in_json_and_yaml() -> None:
    first = render(build(snapshot(published()), kit.tenant()))
    newer = {**_as_31(copy.deepcopy(published())), "openapi": "3.1.0"}
    for raw in (json.dumps(newer), yaml.safe_dump(published()), yaml.safe_dump(newer), "\ufeff" + json.dumps(newer)):
        again = render(build(snapshot(read_document("core-resources", raw.encode())), kit.tenant()))
        assert [path for path in first if first[path] != again[path] and path != "manifest.json"] == []
        assert sorted(first) == sorted(again)


def test_the_expected_tree_of_this_case_is_there() -> None:
    assert (Path(FOLDER) / "expected" / "tools" / "drafts.py.txt").is_file()
