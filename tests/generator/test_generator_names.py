"""Exact names, and tables that can't rot: every row of the curated tables matches something in the nine documents."""

from __future__ import annotations

import copy
import json
from collections import Counter
from typing import Any

import generator_kit as kit
import pytest

from generator import quirks
from generator.ir import Catalog, Operation, Package
from generator.naming import rule
from generator.openapi import count_operations, parse
from generator.package import build, document_catalog
from generator.snapshot import Snapshot
from generator.tool_names import BRANCH_TOOLS, RESOURCES, SINGULARS, TOOLS
from generator.toolsets import LEADING_TAGS, TOOLSET_OVERRIDES, TOOLSETS

# Name -> the arguments that must be among the tool's; what is behind `?` must be optional, the others required.
MUST_EXIST = {
    "kustomer_customers_using_email": "email",
    "kustomer_customers_using_external_id": "external_id",
    "kustomer_customers_using_phone": "phone",
    "list_all_kustomer_customers": "",
    "get_single_kustomer_customer_by_id": "id",
    "create_a_kustomer_customer": "custom?",
    "update_a_kustomer_customer_by_id": "id custom?",
    "list_all_kustomer_conversations": "customer_id? cursor? page_size?",
    "get_single_kustomer_conversation_by_id": "id",
    "create_a_kustomer_conversation": "custom?",
    "update_a_kustomer_conversation_by_id": "id custom?",
    "create_a_kustomer_message": "conversation_id",
    "create_a_kustomer_conversation_note": "conversation_id",
    "get_single_kustomer_sla_by_id": "id",
    "list_all_kustomer_custom_objects": "klass_name customer_id? company_id? cursor? page_size?",
    "kustomer_custom_objects_using_external_id": "klass_name external_id",
    "create_a_kustomer_customer_unmasking_window": "customer_id",
    "delete_a_kustomer_customer_unmasking_window": "customer_id",
    "create_a_kustomer_email_draft": "customer_id to? body?",
    "create_a_kustomer_customer_sms_draft": "customer_id to? body?",
    "create_a_kustomer_customer_chat_draft": "customer_id body?",
    "create_a_kustomer_customer_facebook_draft": "customer_id body?",
    "create_a_kustomer_customer_instagram_draft": "customer_id body?",
    "create_a_kustomer_customer_note_draft": "customer_id body?",
    "create_a_kustomer_customer_twitter_dm_draft": "customer_id body?",
    "create_a_kustomer_customer_twitter_tweet_draft": "customer_id body?",
    "create_a_kustomer_customer_whatsapp_text_draft": "customer_id app body",
    "create_a_kustomer_customer_whatsapp_interactive_draft": "customer_id meta",
    "create_a_kustomer_customer_whatsapp_template_draft": "customer_id meta",
    "create_a_kustomer_order_custom_object": "custom?",
    "update_a_kustomer_order_custom_object_by_id": "id custom?",
    "create_a_kustomer_warranty_claim_custom_object": "custom?",
}


@pytest.fixture(scope="module")
def parsed(real: Snapshot) -> Catalog:
    return parse(dict(real.documents), dict(real.base_paths))


@pytest.fixture(scope="module")
def keys(parsed: Catalog) -> set[str]:
    return {operation.key for operation in parsed.operations}


@pytest.mark.parametrize("name", MUST_EXIST)
def test_a_tool_of_this_exact_name_takes_these_arguments(everything: Package, name: str) -> None:
    found = {
        argument.name: argument.required
        for tool in everything.tools
        if tool.name == name
        for argument in tool.arguments
    }
    wanted = {word.rstrip("?"): not word.endswith("?") for word in MUST_EXIST[name].split()}
    assert [tool.name for tool in everything.tools].count(name) == 1
    assert {argument: found.get(argument) for argument in wanted} == wanted


def test_a_folded_list_leads_to_the_path_of_the_argument_that_is_given(everything: Package) -> None:
    paths = {tool.name: [call.path for call in tool.calls] for tool in everything.tools if len(tool.calls) > 1}
    assert paths == {
        "list_all_kustomer_conversations": ["/v1/customers/{id}/conversations", "/v1/conversations"],
        "list_all_kustomer_custom_objects": [
            "/v1/customers/{id}/klasses/{name}",
            "/v1/companies/{id}/klasses/{name}",
            "/v1/klasses/{name}",
        ],
        "list_all_kustomer_webhook_transactions": [
            "/v1/outbound-webhooks/{webhookId}/transactions",
            "/v1/outbound-webhooks/transactions",
        ],
    }


def test_the_nine_documents_have_410_operations_of_which_406_differ(real: Snapshot, parsed: Catalog) -> None:
    assert len(real.documents) == 9
    assert sum(map(count_operations, real.documents.values())) == 410
    assert (len(parsed.operations), len(parsed.left_out)) == (406, 4)
    methods = Counter(o.method for o in (*parsed.operations, *())) + Counter(
        row.operation.split()[0] for row in parsed.left_out
    )
    assert methods == {"GET": 207, "POST": 82, "PUT": 65, "DELETE": 42, "PATCH": 14}


@pytest.mark.parametrize("who", ["acme", "globex", "nobody"])
def test_every_operation_is_a_tool_or_is_left_out_with_a_reason(real: Snapshot, parsed: Catalog, who: str) -> None:
    package = build(real, kit.tenant(who))
    tools = {key for tool in package.tools for key in tool.operations}
    left_out = {row.operation for row in package.left_out}
    assert {operation.key for operation in parsed.operations} - tools - left_out == set()
    assert [row for row in package.left_out if not row.reason or not row.operation] == []
    assert {name: count for name, count in Counter(tool.name for tool in package.tools).items() if count > 1} == {}


@pytest.mark.parametrize("who", ["acme", "globex"])
def test_a_tenant_that_selects_finds_everything_else_under_left_out(real: Snapshot, parsed: Catalog, who: str) -> None:
    from generator.config import read_tenant

    package = build(real, read_tenant(kit.ROOT, who))
    seen = {key for tool in package.tools for key in tool.operations} | {row.operation for row in package.left_out}
    assert seen == {operation.key for operation in parsed.operations}


# ---------------------------------------------------------------------------------------- no row is idle


def _operations(catalog: Catalog) -> dict[str, Operation]:
    return {operation.key: operation for operation in catalog.operations}


def test_every_curated_name_belongs_to_a_published_operation(keys: set[str]) -> None:
    assert [key for key in TOOLS if key not in keys] == []


def test_every_branch_of_the_branch_table_exists(real: Snapshot) -> None:
    branches = {(o.key, o.branch) for o in document_catalog(real).operations if o.branch}
    idle = [
        (key, branch)
        for key, rows in BRANCH_TOOLS.items()
        for branch in rows
        if branch != "*" and (key, branch) not in branches
    ]
    assert idle == []
    assert [key for key, rows in BRANCH_TOOLS.items() if "*" in rows and not any(k == key for k, _ in branches)] == []


def test_branches_that_nothing_tells_apart_are_one_tool_with_the_fields_of_all() -> None:
    def branch(kind: str, field: str) -> dict[str, Any]:
        properties = {"type": {"type": "string", "enum": [kind]}, field: {"type": "string"}}
        return {"type": "object", "required": ["type", field], "properties": properties}

    operation = kit.operation("CreateWidget", "Widgets")
    schema = {"oneOf": [branch("a", "x"), branch("a", "y"), branch("b", "z")]}
    operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    document = kit.document({"/v1/widgets": {"post": operation}})
    bodies = {o.branch: o.body or {} for o in document_catalog(Snapshot({"core": document})).operations}
    assert {name: sorted(body["properties"]) for name, body in bodies.items()} == {"a_text": ["x", "y"], "b": ["z"]}
    assert {name: body["required"] for name, body in bodies.items()} == {"a_text": [], "b": ["z"]}


def test_every_resource_name_is_a_path_or_the_collection_of_one(keys: set[str]) -> None:
    paths = {key.partition(" ")[2] for key in keys}
    assert [path for path in RESOURCES if not any(p == path or p.startswith(f"{path}/") for p in paths)] == []


def test_no_resource_name_can_be_taken_away_without_renaming_a_tool(
    everything: Package, keys: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {key: rule(*key.split(" ")) for key in keys}
    idle = []
    for path in list(RESOURCES):
        row = RESOURCES.pop(path)
        if {key: rule(*key.split(" ")) for key in keys} == before:
            idle.append(path)
        RESOURCES[path] = row
    assert idle == []


def test_no_singular_can_be_taken_away_without_renaming_a_tool(keys: set[str]) -> None:
    before = {key: rule(*key.split(" ")) for key in keys}
    idle = []
    for word in list(SINGULARS):
        row = SINGULARS.pop(word)
        if {key: rule(*key.split(" ")) for key in keys} == before:
            idle.append(word)
        SINGULARS[word] = row
    assert idle == []


def test_every_curated_name_differs_from_what_the_rule_gives() -> None:
    assert [key for key, name in TOOLS.items() if rule(*key.split(" ")) == name] == []


def test_every_toolset_row_is_a_published_tag_and_every_published_tag_has_a_row(parsed: Catalog) -> None:
    tags = {tag for operation in parsed.operations for tag in operation.tags}
    assert (sorted(set(TOOLSETS) - tags), sorted(tags - set(TOOLSETS))) == ([], [])
    assert [tag for tag in LEADING_TAGS if tag not in tags] == []


def test_every_toolset_override_changes_where_its_operation_goes(
    parsed: Catalog, keys: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from generator.selection import assign_toolsets

    assert [key for key in TOOLSET_OVERRIDES if key not in keys] == []
    before = {o.key: o.toolset for o in assign_toolsets(parsed).operations}
    rows = dict(TOOLSET_OVERRIDES)
    TOOLSET_OVERRIDES.clear()
    try:
        after = {o.key: o.toolset for o in assign_toolsets(parsed).operations}
    finally:
        TOOLSET_OVERRIDES.update(rows)
    assert {key: before[key] for key in before if before[key] != after[key]} == rows


def test_every_leading_tag_changes_where_an_operation_goes(parsed: Catalog) -> None:
    idle = [
        tag
        for tag in LEADING_TAGS
        if not any(tag in operation.tags and operation.tags[0] != tag for operation in parsed.operations)
    ]
    assert idle == []


@pytest.mark.parametrize(
    "table",
    ["ARRAY_BODY_ARGUMENTS", "PAGED", "PAGE_SIZE_LIMITS", "READ_POSTS", "SCOPES", "KLASS_OPERATIONS", "KLASS_COVERED"],
)
def test_every_row_of_a_table_by_operation_is_a_published_operation(keys: set[str], table: str) -> None:
    assert [key for key in getattr(quirks, table) if key not in keys] == []


def test_every_patch_names_a_published_operation_and_mends_it_in_some_revision(
    real: Snapshot, keys: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [patch.operation for patch in quirks.PATCHES if patch.operation not in keys] == []
    with_all = _operations(parse(dict(real.documents), dict(real.base_paths)))
    monkeypatch.setattr(quirks, "PATCHES", ())
    without = _operations(parse(dict(real.documents), dict(real.base_paths)))
    changed = {key for key in with_all if with_all[key] != without[key]}
    mended = {key for key in without if _has_what_the_patch_brings(without[key])}
    monkeypatch.undo()
    assert {patch.operation for patch in quirks.PATCHES} - changed - mended == set()


def test_a_parameter_that_a_patch_adds_has_the_patchs_own_schema_and_text(
    real: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = {"type": "string", "description": "Shape of the badge"}
    monkeypatch.setattr(
        quirks, "PATCHES", (quirks.Patch("GET /v1/cards", "parameter", "badge", None, schema, "a test"),)
    )
    operation = _operations(parse(dict(real.documents), dict(real.base_paths)))["GET /v1/cards"]
    added = next(parameter for parameter in operation.parameters if parameter.name == "badge")
    assert (added.place, added.schema, added.required) == ("query", {"type": "string"}, True)
    assert added.description == "Shape of the badge"


def _has_what_the_patch_brings(operation: Operation) -> bool:
    """This revision of the document says by itself what the patch would say for an older one."""
    return bool(operation.body) or any(parameter.name == "ids" for parameter in operation.parameters)


def test_every_scope_leads_to_a_published_path_with_that_parameter(parsed: Catalog) -> None:
    operations = _operations(parsed)
    for rows in quirks.SCOPES.values():
        for argument, target, parameter in rows:
            assert parameter in {p.name for p in operations[target].parameters if p.place == "path"}
            assert quirks.SCOPE_DESCRIPTIONS[argument]
    assert set(quirks.SCOPE_DESCRIPTIONS) == {row[0] for rows in quirks.SCOPES.values() for row in rows}


def test_every_owner_of_custom_stands_for_a_body_with_custom_or_keeps_a_longer_path_from_a_shorter_one(
    parsed: Catalog,
) -> None:
    paths = {operation.path for operation in parsed.operations}
    assert [prefix for prefix, _ in quirks.CUSTOM_OWNERS if not any(p.startswith(prefix) for p in paths)] == []
    prefixes = [prefix for prefix, _ in quirks.CUSTOM_OWNERS]
    shadowed = [
        (short, long) for i, short in enumerate(prefixes) for long in prefixes[i + 1 :] if long.startswith(short)
    ]
    assert shadowed == [], "a row that stands behind a shorter one never matches"
    assert {owner for _, owner in quirks.CUSTOM_OWNERS} - {""} == set(quirks.STANDARD_KLASSES)


def test_every_klass_name_path_is_a_published_path(parsed: Catalog) -> None:
    paths = {operation.path for operation in parsed.operations}
    assert [path for path in quirks.KLASS_NAME_PATHS if path not in paths] == []


def test_every_comma_separated_parameter_and_page_parameter_is_published(real: Snapshot) -> None:
    text = json.dumps(dict(real.documents))
    names = quirks.COMMA_SEPARATED | quirks.PAGE_PARAMETERS | {quirks.REPLACE_PARAMETER}
    assert [name for name in sorted(names) if f'"name": "{name}"' not in text] == []


def test_every_rare_or_common_field_is_a_field_of_some_body(parsed: Catalog) -> None:
    fields = {name for o in parsed.operations for name in _properties(o.body)}
    query = {p.name for o in parsed.operations for p in o.parameters if p.place == "query"}
    assert sorted(quirks.RARE_FIELDS - fields - query) == []
    assert sorted(set(quirks.COMMON_FIELDS) - fields - query) == []
    assert quirks.RARE_FIELDS & set(quirks.COMMON_FIELDS) == set()


def _properties(schema: object) -> set[str]:
    if isinstance(schema, dict):
        own = set(schema.get("properties", ()))
        return own.union(*(_properties(inner) for inner in schema.get("anyOf", ())), _properties(schema.get("items")))
    return set()


def test_every_wording_of_a_branch_is_used(everything: Package) -> None:
    from generator.wording import BRANCH_WORDING

    used = {key for tool in everything.tools for key in tool.operations}
    assert [key for key, _ in BRANCH_WORDING if key not in used] == []


# ------------------------------------------------------------------------------------------------ effect


@pytest.fixture(scope="module")
def readers(real: Snapshot) -> Package:
    return build(real, kit.tenant("acme", methods=("read",)))


def test_a_read_only_tenant_has_no_tool_that_writes(readers: Package) -> None:
    assert {tool.effect for tool in readers.tools} == {"read"}
    assert [tool.name for tool in readers.tools if "draft" in tool.name and tool.name.startswith("create")] == []
    assert {call.method for tool in readers.tools for call in tool.calls} == {"GET", "POST"}


def test_a_read_only_tenant_has_look_ups_and_searches(readers: Package) -> None:
    names = {tool.name for tool in readers.tools}
    assert {
        "kustomer_customers_using_email",
        "kustomer_customers_using_external_id",
        "kustomer_customers_search_raw",
        "kustomer_archive_search",
        "kustomer_custom_objects_using_external_id",
        "list_all_kustomer_conversations",
        "kustomer_users_current",
    } <= names


def test_writes_of_single_records_leave_out_bulk_merges_and_redactions(real: Snapshot) -> None:
    package = build(real, kit.tenant("acme", methods=("write",)))
    assert {tool.kind for tool in package.tools} == {"create", "update", "delete"}
    assert [tool.name for tool in package.tools if "bulk" in tool.name or "merge" in tool.name] == [
        name for name in (tool.name for tool in package.tools) if name.startswith("list_all")
    ]


def test_what_is_selected_never_changes_a_tool_that_stays(real: Snapshot, everything: Package) -> None:
    whole = {tool.name: tool for tool in everything.tools}
    for chosen in ({"tags": ("drafts",)}, {"methods": ("write",)}, {"include": ("*_customer*",)}):
        part = build(real, kit.tenant("acme", detail="lean", **chosen))
        assert 0 < len(part.tools) < len(whole)
        assert [tool.name for tool in part.tools if tool != whole[tool.name]] == []


def test_exclude_wins_over_include_and_include_over_tags_and_methods(real: Snapshot) -> None:
    package = build(
        real,
        kit.tenant(
            "acme",
            methods=("list",),
            tags=("notes",),
            include=("create_a_kustomer_*_draft",),
            exclude=("*_whatsapp_*", "list_all_kustomer_notes"),
        ),
    )
    names = {tool.name for tool in package.tools}
    assert "create_a_kustomer_email_draft" in names and "list_all_kustomer_notes" not in names
    assert [name for name in names if "whatsapp" in name] == []


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("GET /v1/widgets", "list_all_kustomer_widgets"),
        ("GET /v1/widgets/{id}", "get_single_kustomer_widget_by_id"),
        ("POST /v1/widgets", "create_a_kustomer_widget"),
        ("PUT /v1/widgets/{id}", "update_a_kustomer_widget_by_id"),
        ("PATCH /v1/widgets/{id}", "update_a_kustomer_widget_by_id"),
        ("DELETE /v1/widgets/{id}", "delete_a_kustomer_widget_by_id"),
        ("GET /v1/widgets/serialNumber={serialNumber}", "kustomer_widgets_using_serial_number"),
        ("GET /v1/customers/{id}/widgets", "list_all_kustomer_customer_widgets"),
        ("PUT /v1/widgets/order", "kustomer_widget_order_update"),
        ("POST /v1/widgets/{id}", "kustomer_widgets_create"),
        ("GET /p/v1/widgets", "list_all_kustomer_public_widgets"),
    ],
)
def test_an_operation_that_no_table_knows_is_named_by_the_rule(key: str, name: str) -> None:
    assert rule(*key.split(" ")) == name


def test_shared_input_is_not_changed_by_building(real: Snapshot) -> None:
    before = copy.deepcopy(dict(real.documents))
    build(real, kit.tenant("acme"))
    assert dict(real.documents) == before
