"""Every contract keeps to the profile of schema that all known MCP clients accept, and the lists stay within their sizes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import generator_kit as kit
import pytest

from generator.config import read_tenant
from generator.contract import tokens
from generator.ir import Package
from generator.package import build
from generator.snapshot import Snapshot

NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
KEY = re.compile(r"[A-Za-z0-9_]{1,64}")
TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}
KEYWORDS = {
    "type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description", "format",
    "minimum", "maximum", "maxLength", "minItems", "maxItems", "maxProperties", "pattern",
}  # fmt: skip
HINTS = {"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"}


@pytest.fixture(scope="module", params=["acme-full", "acme-lean", "globex-full", "globex-lean", "nobody-lean"])
def package(real: Snapshot, request: pytest.FixtureRequest) -> Package:
    """Everything that a tenant can have."""
    name, detail = request.param.split("-")
    return build(real, kit.tenant(name, detail=detail))


def _schemas(schema: Any, where: str) -> Iterator[tuple[str, Any]]:
    yield where, schema
    if isinstance(schema, dict):
        for name, inner in schema.get("properties", {}).items():
            yield from _schemas(inner, f"{where}.{name}")
        for i, inner in enumerate(schema.get("anyOf", ())):
            yield from _schemas(inner, f"{where}|{i}")
        if "items" in schema:
            yield from _schemas(schema["items"], f"{where}[]")


def every_schema(package: Package) -> list[tuple[str, Any]]:
    return [row for tool in package.tools for row in _schemas(tool.contract["inputSchema"], tool.name)]


def test_no_text_sends_to_a_list_that_became_an_argument(package: Package) -> None:
    folded = (
        "List customer conversations",
        "List customer KObjects",
        "List company KObjects",
        "List deliveries of one",
    )
    assert [tool.name for tool in package.tools if any(title in str(tool.contract) for title in folded)] == []
    [conversations] = [tool for tool in package.tools if tool.name == "list_all_kustomer_conversations"]
    assert "for one customer's use customer_id." in conversations.description


def test_names_are_short_and_plain(package: Package) -> None:
    assert [tool.name for tool in package.tools if not NAME.fullmatch(tool.contract["name"])] == []


def test_a_contract_has_exactly_these_parts_in_this_order(package: Package) -> None:
    parts = ["name", "title", "description", "inputSchema", "annotations"]
    assert [tool.name for tool in package.tools if list(tool.contract) != parts] == []


def test_every_tool_is_titled_and_described_within_1000_characters(package: Package) -> None:
    texts = {tool.name: (tool.contract["title"], tool.contract["description"]) for tool in package.tools}
    assert [name for name, (title, text) in texts.items() if not title or not text] == []
    assert [name for name, (title, text) in texts.items() if len(title) > 80 or len(text) > 1000 or "\n" in text] == []


def test_all_four_hints_are_explicit_and_agree_with_the_effect(package: Package) -> None:
    for tool in package.tools:
        hints = tool.contract["annotations"]
        assert set(hints) == HINTS and all(isinstance(value, bool) for value in hints.values()), tool.name
        assert hints["readOnlyHint"] == (tool.effect == "read"), tool.name
        assert not (hints["readOnlyHint"] and hints["destructiveHint"]), tool.name
        assert hints["openWorldHint"], tool.name


@pytest.mark.parametrize(
    ("kind", "destructive"), [("list", False), ("get", False), ("create", False), ("update", True), ("delete", True)]
)
def test_what_overwrites_or_deletes_says_that_it_destroys(package: Package, kind: str, destructive: bool) -> None:
    hints = {tool.name: tool.contract["annotations"]["destructiveHint"] for tool in package.tools if tool.kind == kind}
    assert hints and {name for name, value in hints.items() if value != destructive} == set()


def test_the_root_is_a_closed_object_with_properties_and_no_union(package: Package) -> None:
    for tool in package.tools:
        root = tool.contract["inputSchema"]
        assert root["type"] == "object" and root["additionalProperties"] is False, tool.name
        assert isinstance(root["properties"], dict), tool.name
        assert set(root) <= {"type", "properties", "required", "additionalProperties"}, tool.name
        assert set(root.get("required", ())) <= set(root["properties"]), tool.name


def test_every_property_has_a_plain_key(package: Package) -> None:
    keys = {f"{where}.{key}": key for where, s in every_schema(package) for key in s.get("properties", ())}
    assert [where for where, key in keys.items() if not KEY.fullmatch(key)] == []


def test_every_argument_is_described(package: Package) -> None:
    bare = [
        f"{tool.name}.{name}"
        for tool in package.tools
        for name, schema in tool.contract["inputSchema"]["properties"].items()
        if not schema.get("description", "").strip()
    ]
    assert bare == []


def test_no_schema_is_empty_boolean_a_list_of_types_or_a_reference(package: Package) -> None:
    rows = every_schema(package)
    assert [where for where, s in rows if not isinstance(s, dict) or not s] == []
    assert [where for where, s in rows if "anyOf" not in s and s.get("type") not in TYPES] == []
    assert [(where, sorted(set(s) - KEYWORDS)) for where, s in rows if set(s) - KEYWORDS] == []
    assert [where for where, s in rows if s.get("additionalProperties", False) is not False] == []


def test_arrays_have_items_and_enumerations_are_of_one_type(package: Package) -> None:
    python = {"string": str, "integer": int, "boolean": bool}
    for where, s in every_schema(package):
        assert s.get("type") != "array" or "items" in s, where
        if "enum" in s:
            assert s["enum"] and len(s["enum"]) == len(set(s["enum"])), where
            assert {type(value) for value in s["enum"]} == {python[s["type"]]}, where


def test_unions_have_several_different_branches_and_are_never_nested(package: Package) -> None:
    for where, s in every_schema(package):
        if "anyOf" in s:
            spelled = [json.dumps(option, sort_keys=True) for option in s["anyOf"]]
            assert len(set(spelled)) == len(spelled) > 1, where
            assert all("anyOf" not in option for option in s["anyOf"]), where


def test_null_is_offered_only_where_it_clears_something(package: Package) -> None:
    kinds = {tool.name: tool for tool in package.tools}
    nullable = {where.split(".")[0].split("|")[0] for where, s in every_schema(package) if s.get("type") == "null"}
    assert {call.method for name in nullable for call in kinds[name].calls} <= {"PUT", "PATCH"}
    assert [name for name in nullable if kinds[name].kind in ("create", "get", "list", "delete")] == []
    assert nullable


def test_contracts_are_json_that_reads_back(package: Package) -> None:
    contracts = [tool.contract for tool in package.tools]
    assert json.loads(json.dumps(contracts, ensure_ascii=False)) == contracts


def test_every_argument_of_a_tool_is_in_its_contract_or_named_under_more(package: Package) -> None:
    for tool in package.tools:
        properties, names = tool.contract["inputSchema"]["properties"], {argument.name for argument in tool.arguments}
        own = {name for name, schema in properties.items() if name not in names and kit.OWN.get(name) == schema}
        named = kit.moved(properties["more"]) if "more" in properties and "more" not in names else set()
        assert named <= names and not named & set(properties), tool.name
        assert set(properties) - ({"more"} if named else set()) - own | named == names, tool.name


def _offering(package: Package, name: str) -> set[str]:
    """The tools that offer one of the server's own arguments."""
    return {
        tool.name
        for tool in package.tools
        if tool.contract["inputSchema"]["properties"].get(name) == kit.OWN[name]
        and name not in {argument.name for argument in tool.arguments}
    }


@pytest.mark.parametrize(("detail", "offered"), [("full", True), ("lean", False)])
def test_fields_is_offered_by_the_tools_that_page_where_the_detail_is_full(
    real: Snapshot, detail: str, offered: bool
) -> None:
    package = build(real, kit.tenant(detail=detail))
    pages = {tool.name for tool in package.tools if tool.calls[-1].paged and tool.effect == "read"}
    taken = {tool.name for tool in package.tools if "fields" in {argument.name for argument in tool.arguments}}
    assert len(pages) > 50
    assert _offering(package, "fields") == (pages - taken if offered else set())


@pytest.mark.parametrize("detail", ["full", "lean"])
def test_dry_run_is_offered_by_every_tool_that_writes_where_the_tenant_asks_for_it(real: Snapshot, detail: str) -> None:
    with_it, without = (build(real, kit.tenant(detail=detail, dry_run=asked)) for asked in (True, False))
    assert _offering(with_it, "dry_run") == {tool.name for tool in with_it.tools if tool.effect == "write"} != set()
    assert _offering(without, "dry_run") == set()


def test_confirm_is_offered_by_the_tools_that_a_glob_names_and_that_write(real: Snapshot) -> None:
    package = build(real, kit.tenant(confirm=("delete_*", "*kustomer_teams*")))
    wanted = {tool.name for tool in package.tools if tool.name.startswith("delete_")}
    offering = _offering(package, "confirm")
    assert wanted < offering and "list_all_kustomer_teams" not in offering
    assert {tool.effect for tool in package.tools if tool.name in offering} == {"write"}
    assert _offering(build(real, kit.tenant()), "confirm") == set()


def test_the_list_of_every_tool_in_lean_takes_at_most_55000_tokens(real: Snapshot) -> None:
    package = build(real, kit.tenant("nobody", detail="lean"))
    assert len(package.tools) > 400
    assert tokens({"tools": [tool.contract for tool in package.tools]}) <= 55_000


def test_the_list_of_acme_takes_at_most_12000_tokens(real: Snapshot) -> None:
    package = build(real, read_tenant(kit.ROOT, "acme"))
    assert len(package.tools) > 30
    assert tokens({"tools": [tool.contract for tool in package.tools]}) <= 12_000


def test_tokens_are_bytes_of_compact_json_divided_by_four_rounded_up() -> None:
    assert [tokens(value) for value in ("", "ab", "abc", "ü", {"a": [1, 2]})] == [1, 1, 2, 1, 3]


def test_drafts_and_unmasking_of_tenant_toml_leave_tools_out_and_say_why(real: Snapshot) -> None:
    package = build(real, kit.tenant(draft_channels=("email", "note"), unmasking=False))
    names = {tool.name for tool in package.tools}
    assert {"create_a_kustomer_email_draft", "create_a_kustomer_customer_note_draft"} <= names
    reasons = [row.reason for row in package.left_out]
    assert "create_a_kustomer_customer_sms_draft: [drafts] channels leaves out sms" in reasons
    assert "update_a_kustomer_sms_draft_by_id: [drafts] channels leaves out sms" in reasons
    assert "create_a_kustomer_customer_sms_draft" not in names
    assert not any(tool.toolset == "unmasking" for tool in package.tools)
    assert any(reason.endswith("[unmasking] allow is false") for reason in reasons)
    assert not package.close_windows


@pytest.mark.parametrize(("given", "closes"), [({}, False), ({"close_windows": True}, True)])
def test_windows_are_closed_at_shutdown_only_where_the_tenant_asks_for_it(
    real: Snapshot, given: dict[str, bool], closes: bool
) -> None:
    assert build(real, kit.tenant(**given)).close_windows is closes


def _argument(package: Package, tool: str, name: str) -> str:
    [found] = [one for one in package.tools if one.name == tool]
    return str(found.contract["inputSchema"]["properties"][name]["description"])


def test_more_tells_first_what_most_callers_set_and_how_it_looks_where_it_is_nested(real: Snapshot) -> None:
    acme = build(real, read_tenant(kit.ROOT, "acme"))
    assert _argument(acme, "create_a_kustomer_customer", "more").startswith(
        "Also: emails [{email, type?, verified?}], phones [{phone, type?, verified?}], external_id, tags, company, rev, "
    )
    update = _argument(acme, "update_a_kustomer_conversation_by_id", "more")
    assert "snooze {status: canceled|elapsed|scheduled, time?}, " in update
    assert update.endswith("suggested_shortcuts, suggested_tags")


@pytest.mark.parametrize("detail", ["full", "lean"])
def test_what_is_cut_of_a_bulk_item_is_what_few_callers_set(real: Snapshot, detail: str) -> None:
    package = build(real, kit.tenant("acme", detail=detail))
    items = _argument(package, "kustomer_customers_bulk_create", "items")
    assert items.startswith(
        "Items: [{name?, emails?: [{email, type?, verified?}], phones?: [{phone, type?, verified?}]"
    )


def test_a_tree_is_shown_by_what_is_sent_and_its_label_where_that_says_more(real: Snapshot) -> None:
    [tool] = [t for t in build(real, kit.tenant("acme")).tools if t.name == "update_a_kustomer_conversation_by_id"]
    custom = tool.contract["inputSchema"]["properties"]["custom"]["properties"]
    assert custom["contactReasonTree"]["description"] == (
        "Contact Reason (one of: delivery, late, lost, damaged, billing, refund, double-charge (Charged twice), …)"
    )


def test_no_text_calls_an_argument_by_its_name_on_the_wire(package: Package) -> None:
    """A tool that has `send_at` does not speak of `sendAt`, which a caller would then send."""
    wrong = [
        (tool.name, word)
        for tool in package.tools
        for text in (tool.description, *(argument.description for argument in tool.arguments))
        for word in re.findall(r"\b[a-z]+[A-Z]\w*", text)
        if word in {argument.wire for argument in tool.arguments}
    ]
    assert wrong == []
