"""Every tool of a tenant that selects everything, called over HTTP; what arrives is held against the documents."""

from __future__ import annotations

import importlib
import json
import re
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import pytest
import pytest_asyncio
from package_documents import COMMAS, SPECS, Published, operations, words
from package_recorder import Recorder
from package_values import Amount, arguments

MODULE = "kustomer_mcp_everything"
# Lists that take page and pageSize although the documents don't say so (Kustomer's pagination guide).
PAGED_UNPUBLISHED = frozenset(
    {
        "GET /v1/companies",
        "GET /v1/companies/{id}/klasses/{name}",
        "GET /v1/customers",
        "GET /v1/customers/{id}/conversations",
        "GET /v1/customers/{id}/klasses/{name}",
        "GET /v1/klasses/{name}",
        "GET /v1/notes",
        "POST /v1/customers/archive/search",
        "POST /v1/customers/search",
    }
)
# What the operation is told without being asked: the channel of a draft, and that a PUT replaces.
CHANNELS = ("chat", "email", "facebook", "instagram", "note", "sms", "twitter-dm", "twitter-tweet", "whatsapp")
# The one tool that reads before it writes: what it reads, it sends along where the caller does not give it.
READ_BEFORE = {"PATCH /v1/customers/{id}": "company"}
SEARCH = "POST /v1/customers/search"
# Conditions that every search takes.
CONDITIONS: dict[str, Any] = {
    "any_text": "ü",
    "where": [{"field": "updated_at", "set": False}, {"field": "created_at", "gte": "2026-01-01", "any": True}],
    "sort": ["-updated_at", "created_at"],
}
# A condition's operators, each a criterion of its own, and the fields that are not spelt as their record and name.
OPERATORS = ("equals", "contains", "gte", "lte", "in", "set")
RENAMED = {
    "customer_external_id": "customer_externalId",
    "conversation_last_done_at": "conversation_last_done_created_at",
}
# What Kustomer compares whole, as ids and words from a list.
COMPARED_WHOLE = frozenset(
    {
        "assigned_teams", "assigned_users", "channel", "channels", "created_by", "customer_id", "default_lang",
        "external_id", "progressive_status", "queue", "status", "tags",
    }
)  # fmt: skip
KLASSES = ("order", "shipment", "subscription", "warranty-claim")
# What RFC 3986 lets stand in a path and a query.
WELL_FORMED = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
# Operations without a tool of their own: the same method and path stand in another document, or another tool does it.
WITHOUT_TOOL = frozenset({"POST /v1/customers/{id}/klasses/{name}"})


@dataclass
class Expected:
    """A request as the document asks for it."""

    path: dict[str, Any] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    body: Any = None
    has_body: bool = False


@dataclass(frozen=True)
class Tool:
    name: str
    toolset: str
    keys: tuple[str, ...]
    kind: str


@cache
def attributes(klass: str) -> dict[str, Any]:
    """The attributes that the tenant gave a Klass, as they are pinned."""
    (pinned,) = (SPECS / "tenants/acme").glob(f"*/{klass}.json")
    return json.loads(pinned.read_text(encoding="utf-8"))["attributes"]


@cache
def manifest(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def tools_of(folder: Path, key: str) -> Iterator[Tool]:
    for name, row in manifest(folder)["tools"].items():
        if key in row["operations"]:
            yield Tool(name, row["toolset"], tuple(row["operations"]), row["kind"])


def runtime(name: str) -> Any:
    return importlib.import_module(f"{MODULE}.runtime.{name}")


def function_and_model(tool: Tool) -> Any:
    return importlib.import_module(f"{MODULE}.tools.{tool.toolset}").TOOLS[tool.name]


def scalar(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)


def spelled(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from spelled(f"{name}[{key}]", inner)
    elif isinstance(value, list) and name in COMMAS:
        yield name, ",".join(scalar(one) for one in value)
    elif isinstance(value, list):
        for one in value:
            yield from spelled(name, one)
    elif value is not None:
        yield name, scalar(value)


def singular(word: str) -> str:
    """`queries` -> `query`, `companies` -> `company`, `brands` -> `brand`."""
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-2] if word.endswith(("sses", "ches")) else word.removesuffix("s")


def path_names(published: Published, given: Iterable[str]) -> dict[str, str]:
    """What the caller calls each placeholder -> the placeholder: a parent's `{id}` goes before an `id` of its own."""
    found: dict[str, str] = {}
    for before, name in re.findall(r"([^{}]*)\{(\w+)\}", published.path):
        fixed = [part for part in before.split("/") if part and "=" not in part]
        parents = f"{singular(words(fixed[-1]))}_{words(name)}" if fixed else ""
        found[parents if parents in given else words(name)] = name
    return found


def rev_in_body(published: Published, given: Iterable[str]) -> bool:
    """Where query and body both take `rev`, it travels in the body, unless this branch of the body has none."""
    body = published.resolved(published.body or {})
    branches = [set(map(words, published.fields(branch))) for branch in body.get("anyOf", body.get("oneOf", [body]))]
    mine = set(given) & set().union(*branches) - {"rev"}
    return any("rev" in branch and mine <= branch for branch in branches)


def expected(published: Published, given: Mapping[str, Any], scope: str) -> Expected:
    """Put each argument where the document has it; one that has no place is an error."""
    made = Expected()
    query = {words(name): name for name in published.parameters("query")}
    body = published.body
    fields = {words(name): name for name in published.fields(body)} if body else {}
    places = path_names(published, given)
    if published.key in PAGED_UNPUBLISHED or {"page", "pageSize"} & set(published.parameters("query")):
        query["page_size"] = "pageSize"
    if published.key == SEARCH:
        fields |= {"any_text": "any_text", "where": "where"}
    in_body: dict[str, Any] = {}
    for name, value in given.items():
        if name == scope:
            made.path[next(p for p in places.values() if p != "name")] = value
        elif name in places and not (name in fields and published.method == "GET"):
            made.path[places[name]] = value
        elif name in query and not (name == "rev" and rev_in_body(published, given)):
            made.query += spelled(query[name], value)
        elif name.removeprefix("body_") in fields:
            in_body[fields[name.removeprefix("body_")]] = value
        elif name.removeprefix("query_") in query:
            made.query += spelled(query[name.removeprefix("query_")], value)
        elif body and not fields:
            made.body, made.has_body = value, True
        else:
            raise AssertionError(f"{published.key} has no place for {name}")
    if fields:
        made.body, made.has_body = in_body, True
    return made


def is_search(tool: Tool) -> bool:
    """Whether its conditions are typed; the raw search takes the body as the reference has it."""
    return tool.keys == (SEARCH,) and not tool.name.endswith("_raw")


def whole(klass: str, field: str) -> bool:
    """Whether Kustomer compares a field's value whole: `contains` is `equals` then."""
    if not field.startswith("custom."):
        return field in COMPARED_WHOLE
    name = field.removeprefix("custom.")
    return name.endswith(("Id", "Tree")) or "enumeration" in attributes(klass)[name]


def criteria(of: str, klass: str, row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A condition in the words of the reference: one criterion an operator."""
    for op, value in ({op: row[op] for op in OPERATORS if op in row} or {"set": True}).items():
        if op == "set":
            op, value = "set" if value else "not_set", True
        elif op == "contains" and whole(klass, row["field"]):
            op = "equals"
        yield {searched_as(of, klass, row["field"]): {op: value}}


def searched_as(of: str, klass: str, field: str) -> str:
    """The field's name with its record before it, an attribute's with the Klass of a custom object as well."""
    name = field.replace("custom.", f"custom_{klass}_" if of == "kobject" else "custom_")
    return RENAMED.get(f"{of}_{name}", f"{of}_{name}")


def searched(tool: Tool, made: dict[str, Any]) -> None:
    """What a search is told in the words of its reference: `and` and `or` over fields that begin with their record."""
    is_object = tool.name.endswith("_custom_objects_search")
    named = tool.name.removeprefix("kustomer_").removesuffix("_search").removesuffix("_custom_objects")
    klass = named.replace("_", "-") if is_object else singular(named)
    of = "kobject" if is_object else klass
    rows = [{"field": "any_text", "contains": made.pop("any_text")}] if "any_text" in made else []
    for row in [*rows, *made.pop("where", ())]:
        made.setdefault("or" if row.get("any") else "and", []).extend(criteria(of, klass, row))
    if "sort" in made:
        made["sort"] = [
            {searched_as(of, klass, name.removeprefix("-")): "desc" if name.startswith("-") else "asc"}
            for name in made["sort"]
        ]
    made["queryContext"] = f"kobject_{klass}" if is_object else of


def told(tool: Tool, published: Published, made: Expected) -> None:
    """Add what a tool fills in of itself, read off its name."""
    if "draft" in tool.name and published.key in ("POST /v1/customers/{id}/drafts", "PUT /v1/drafts/{id}"):
        middle = tool.name.partition("_a_kustomer_")[2]
        made.body["channel"] = next(c for c in CHANNELS if c.replace("-", "_") in middle)
        if tool.name.endswith(("whatsapp_interactive_draft", "whatsapp_template_draft")):
            made.body["app"] = "whatsapp"  # only a plain text can go by another app
        if made.body.get("sendAt") and "scheduled" in published.fields(published.body):
            made.body["scheduled"] = True  # what has a time is scheduled
    if is_search(tool):
        searched(tool, made.body)
    for klass in KLASSES:
        if tool.name.endswith(
            (f"_{klass.replace('-', '_')}_custom_object", f"{klass.replace('-', '_')}_custom_object_by_id")
        ):
            made.path["name"] = klass
    if (
        "replace" in published.parameters("query")
        and f"PATCH {published.path}" in operations()
        and published.method == "PUT"
    ):
        made.query.append(("replace", "true"))


def target(published: Published, path: Mapping[str, Any]) -> str:
    def filled(found: re.Match[str]) -> str:
        value = path[found[1]]
        return ",".join(quote(str(one), safe="") for one in (value if isinstance(value, list) else [value]))

    return re.sub(r"\{(\w+)\}", filled, published.path)


def exact(raw: bytes) -> Any:
    """JSON in which 3 and 3.0 differ."""
    return json.loads(raw, parse_float=lambda text: f"float {text}" if text.endswith(".0") else float(text))


def scopes(tool: Tool) -> tuple[str, ...]:
    """`GET /v1/customers/{id}/klasses/{name}` beside another path: the argument customer_id leads there."""
    names = []
    for key in tool.keys[1:]:
        before = re.split(r"/\{\w+\}", key)[0]
        names.append(f"{singular(words(before.rpartition('/')[2]))}_id".replace("outbound_webhook_id", "webhook_id"))
    return tuple(names)


def given_for(tool: Tool, published: Published, amount: Amount) -> tuple[dict[str, Any], str]:
    """Valid arguments for one of a tool's paths, and the argument that leads to that path."""
    _, model = function_and_model(tool)
    made = arguments(model, amount)
    made.pop("cursor", None)
    if is_search(tool):
        made |= {name: value for name, value in CONDITIONS.items() if name in made}
    every = scopes(tool)
    for name in every:
        made.pop(name, None)
    if published.key == tool.keys[0]:
        return made, ""
    scope = every[tool.keys.index(published.key) - 1]
    known = {words(name) for name in published.parameters("query")} | {"klass_name", "page_size"}
    return {name: value for name, value in made.items() if name in known} | {scope: "scope id"}, scope


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def kustomer(everything: Path, _recorder: Recorder) -> AsyncIterator[Any]:
    """One client for all: making one costs more than a request."""
    made = runtime("settings").Settings(base_url=_recorder.url, api_key="k")
    async with runtime("client").Kustomer(made) as one:
        yield one


KEYS = [key for key in operations() if key not in WITHOUT_TOOL]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("key", KEYS)
async def test_what_arrives_is_what_the_document_asks_for(
    key: str, everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    published = operations()[key][0]
    found = list(tools_of(everything, key))
    assert found
    for tool in found:
        for amount in ("minimal", "full", "null"):
            recorder.clear()
            given, scope = given_for(tool, published, amount)
            function, model = function_and_model(tool)
            await function(kustomer, **runtime("validation").keyword_arguments(model, given))
            _holds(published, tool, recorder, given, scope)


def _holds(published: Published, tool: Tool, recorder: Recorder, given: dict[str, Any], scope: str) -> None:
    made = expected(published, given, scope)
    told(tool, published, made)
    if published.key in READ_BEFORE and READ_BEFORE[published.key] not in given:
        read = recorder.arrived.pop(0)
        assert (read.method, read.target, read.raw) == ("GET", target(published, made.path), b"")
    arrived = recorder.only
    assert arrived.method == published.method
    assert arrived.path == target(published, made.path)
    assert WELL_FORMED.fullmatch(arrived.target), arrived.target
    assert sorted(parse_qsl(arrived.query, keep_blank_values=True)) == sorted(made.query)
    if not made.has_body:
        assert arrived.raw == b"" and "content-type" not in arrived.headers
        return
    assert arrived.headers["content-type"] == "application/json"
    assert exact(arrived.raw) == json.loads(
        json.dumps(made.body), parse_float=lambda t: float(t) if not t.endswith(".0") else int(float(t))
    )
    assert published.problems(arrived.body) == []


@pytest.mark.parametrize("key", KEYS)
def test_every_parameter_and_field_of_the_document_is_an_argument(key: str, everything: Path) -> None:
    published = operations()[key][0]
    sent: set[str] = set()
    for tool in tools_of(everything, key):
        given, scope = given_for(tool, published, "full")
        made = expected(published, given, scope)
        told(tool, published, made)
        sent |= {f"path {name}" for name in made.path} | {f"query {name.partition('[')[0]}" for name, _ in made.query}
        sent |= {f"body {name}" for name in made.body} if isinstance(made.body, dict) else set()
    wanted = {f"path {name}" for name in re.findall(r"\{(\w+)\}", published.path)}
    wanted |= {f"query {name.partition('[')[0]}" for name in published.parameters("query") if name != "page"}
    fields = published.fields(published.body) if published.body else {}
    if key == "PUT /v1/conversations/{id}":
        fields.pop("customer")  # moving a conversation is a branch that PATCH has as well; its tool is that one's
    wanted |= {f"body {name}" for name in fields if name and name not in said_by_the_path(published)}
    wanted -= {"query rev"} if "rev" in fields else set()
    assert wanted - sent == set()


def said_by_the_path(published: Published) -> set[str]:
    """A conversation's note has a `conversation` that its path has already."""
    parents = re.findall(r"/(\w+)/\{id\}/", published.path)
    return {singular(words(parent)) for parent in parents}


def test_every_operation_of_the_documents_is_a_tool_or_left_out_with_a_reason(everything: Path) -> None:
    rows = manifest(everything)
    named = {key for tool in rows["tools"].values() for key in tool["operations"]}
    left_out = {row["operation"]: row["reason"] for row in rows["left_out"]}
    assert set(operations()) - named == set(WITHOUT_TOOL)
    assert all(left_out[key] for key in WITHOUT_TOOL)


def test_a_contract_shows_or_names_in_more_exactly_what_its_model_takes(everything: Path) -> None:
    seen = 0
    for contract, model in contracts(everything):
        shown = dict(contract["inputSchema"]["properties"])
        more = shown.pop("more", {"description": ""})["description"].removeprefix("Also: ")
        names = set(shown) | set(filter(None, re.sub(r" \[*\{[^}]*\}\]*", "", more).split(", ")))
        taken = set(model.model_json_schema()["properties"])
        own = {"fields"} - taken if "cursor" in taken else set()  # a list shows only the fields that are asked for
        assert names == taken | own, contract["name"]
        assert set(contract["inputSchema"].get("required", ())) == set(model.model_json_schema().get("required", ()))
        seen += 1
    assert seen == len(manifest(everything)["tools"])


def test_a_field_inside_more_is_the_same_as_beside_it(everything: Path) -> None:
    checked = runtime("validation").keyword_arguments
    seen = 0
    for contract, model in contracts(everything):
        if "more" in contract["inputSchema"]["properties"]:
            flat = arguments(model, "full")
            beside = {name: flat.pop(name) for name in list(flat) if name in contract["inputSchema"]["properties"]}
            assert flat, contract["name"]
            assert checked(model, {**beside, "more": flat}) == checked(model, {**beside, **flat}), contract["name"]
            seen += 1
    assert seen > 20


def contracts(folder: Path) -> Iterator[tuple[dict[str, Any], Any]]:
    for file in sorted((folder / MODULE / "contract").glob("*.json")):
        table = importlib.import_module(f"{MODULE}.tools.{file.stem}").TOOLS
        for contract in json.loads(file.read_text(encoding="utf-8")):
            yield contract, table[contract["name"]][1]


@pytest.mark.parametrize("klass", KLASSES)
def test_the_custom_of_a_klass_has_exactly_its_live_attributes(klass: str, everything: Path) -> None:
    tool = Tool(f"create_a_kustomer_{klass.replace('-', '_')}_custom_object", "custom_objects", (), "create")
    _, model = function_and_model(tool)
    assert set(arguments(model, "full")["custom"]) == {
        n for n, row in attributes(klass).items() if not row.get("deletedAt")
    }


def test_the_package_needs_nothing_of_the_generator(everything: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in everything.rglob("*.py")]
    assert texts and not any(re.search(r"^\s*(from|import) generator", text, re.MULTILINE) for text in texts)
    assert str(everything) in sys.path
