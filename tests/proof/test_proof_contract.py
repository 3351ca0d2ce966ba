"""A call that a contract allows arrives as the document asks for it: arguments are drawn from what a client sees of a tool,
in both details, and requests are held against the documents by a reader that shares no code with the generator.

A contract without bounds (lean has none) is read as a sensible caller would: see `sensible`. What a contract names in words
only (fields in `more`, those of folded objects) is drawn from the model. What JSON Schema can't say, or only in a form that
some hosts refuse, is told in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import proof_kit as kit
import pytest
from package_build import EVERYTHING, ROOT
from package_documents import Published, operations
from package_recorder import Recorder
from test_package_wire import Tool, _holds, function_and_model, manifest, runtime, scopes

from bench.peers.values import Maker
from generator.config import Tenant
from generator.ir import Package
from generator.package import build
from generator.snapshot import load

Json = Any
NOT_WITH = "; not with "
# Arguments that are not drawn -> why a contract can't say more of them.
NOT_DRAWN = {
    "more": "its fields are those that the size of a contract leaves no room for: see `in_words`",
    "cursor": "it is taken from an answer; nothing can be known of it before",
}

# What a contract refuses and the model takes -> why.
NAMES_NO_TYPE = "the document names no type, which a contract must: any value is sent as it is"
TAKEN_ALL_THE_SAME = {
    "create_a_kustomer_auth_token: body is of another type": NAMES_NO_TYPE,
    "create_a_kustomer_queue_rule: body is of another type": NAMES_NO_TYPE,
    "update_a_kustomer_kb_route_by_id: body is of another type": NAMES_NO_TYPE,
    "update_a_kustomer_kview_by_id: layout [] is of another type": NAMES_NO_TYPE,
    "update_a_kustomer_queue_rule_by_id: body is of another type": NAMES_NO_TYPE,
}
# A bound -> a value that is just beyond it, of the bound and a valid value.
BEYOND: dict[str, Callable[[Json, Json], Json]] = {
    "minLength": lambda bound, _: "x" * (bound - 1),
    "maxLength": lambda bound, _: "x" * (bound + 1),
    "minItems": lambda bound, value: value[: bound - 1],
    "maxItems": lambda bound, value: [*value, *value[:1] * (bound + 1 - len(value))],
    "minimum": lambda bound, _: bound - 1,
    "maximum": lambda bound, _: bound + 1,
    "pattern": lambda *_: "\u2603 ",
}

# Nothing but this argument says which branch of the body is meant, and so where `rev` goes.
BRANCH_OF = {"kustomer_conversations_change_customer": "customer"}

# Draws of a search, whose contract says of each field what it takes.
SEARCHED = max(40, kit.EXAMPLES)


@cache
def package(detail: str) -> Package:
    snapshot = load(ROOT, ["acme"])
    snapshot = replace(snapshot, klasses={EVERYTHING: snapshot.klasses["acme"]})
    return build(snapshot, Tenant(EVERYTHING, "tenant.toml", "https://everything.api.kustomerapp.com", detail=detail))


def sensible(schema: Json) -> Json:
    """The schema with the bounds that go without saying: texts are not empty, numbers are small, lists hold something,
    and an object has no fields but those that are shown."""
    if "anyOf" in schema:
        return {**schema, "anyOf": [sensible(option) for option in schema["anyOf"]]}  # what stands beside it stays
    if schema.get("type") == "object":
        fields = {name: sensible(inner) for name, inner in schema.get("properties", {}).items()}
        return {**schema, "properties": fields} if fields else {"const": {}}
    if schema.get("type") == "array":
        return {"minItems": 1, **schema, "items": sensible(schema["items"])}
    if schema.get("type") == "string" and not {"enum", "pattern", "format"} & set(schema):
        return {"minLength": 1, "maxLength": 12, **schema}
    if schema.get("type") in ("integer", "number"):
        return {"minimum": 1, "maximum": 5, **schema}
    return schema


def offered(schema: Json, model: Any) -> Json:
    """The input schema without what is the server's own."""
    takes = {info.alias or name.rstrip("_") for name, info in model.model_fields.items()}
    kept = {n: one for n, one in schema["properties"].items() if n in takes and n not in NOT_DRAWN}
    return {**schema, "properties": kept}


def obeyed(made: Json, schema: Json) -> Json:
    """The arguments without those that the text of an earlier one excludes: a union at the root, which would say it,
    makes some clients refuse the whole list."""
    kept = dict(made)
    for name in made:
        _, _, excluded = schema["properties"].get(name, {}).get("description", "").partition(NOT_WITH)
        if name in kept and excluded:
            kept = {n: value for n, value in kept.items() if n not in excluded.split(", ")}
    return kept


def folded(schema: Json) -> bool:
    """Whether an object in it has fields that are only named."""
    if "anyOf" in schema:
        return any(map(folded, schema["anyOf"]))
    if schema.get("type") == "array":
        return folded(schema["items"])
    return schema.get("type") == "object" and schema.get("additionalProperties") is not False


def in_words(schema: Json, model: Any, paths: tuple[str, ...]) -> Json:
    """What a contract names in words only, as the model has it: the fields in `more`, and folded objects. What leads to
    another path excludes too much to be given with all others."""
    whole = model.model_json_schema()
    shown = schema["properties"]
    fields = {
        name: one
        for name, one in whole["properties"].items()
        if name not in (*NOT_DRAWN, *paths) and (folded(shown[name]) if name in shown else "more" in shown)
    }
    return {"properties": fields, "$defs": whole.get("$defs", {})}


def draws(schema: Json, words: Json, count: int) -> Iterator[Json]:
    """What bench/peers gives every server, with and without what may be left out; then what Hypothesis draws from what
    is shown, and from that with all that is named in words."""
    for everything in (True, False):
        yield Maker(schema, everything).arguments()
    fields = {name: sensible(one) for name, one in schema["properties"].items()}
    yield from kit.drawn(kit.arguments({**schema, "properties": fields}), count)
    if words["properties"]:
        given = [*schema.get("required", ()), *words["properties"]]
        both = {**schema, **words, "properties": {**fields, **words["properties"]}, "required": given}
        yield from kit.drawn(kit.arguments(both), kit.EXAMPLES)


def given_as(contract: Json, made: Json) -> Json:
    """The arguments as a client gives them: those that the contract does not show in `more`."""
    more = {name: value for name, value in made.items() if name not in contract["properties"]}
    return {name: value for name, value in made.items() if name not in more} | ({"more": more} if more else {})


def meant(tool: Tool, made: Json) -> tuple[Published, str]:
    """The operation that the arguments lead to, and the argument that does."""
    for scope, key in zip(scopes(tool), tool.keys[1:], strict=True):
        if scope in made:
            return operations()[key][0], scope
    return operations()[tool.keys[0]][0], ""


def shown(detail: str) -> dict[str, Json]:
    """The tools' input schemas; in `lean` those that `full`, which is drawn from as well, shows in another way."""
    full, lean = ({t.name: t.contract["inputSchema"] for t in package(one).tools} for one in ("full", "lean"))
    return full if detail == "full" else {name: one for name, one in lean.items() if one != full[name]}


def tool_of(folder: Path, name: str) -> Tool:
    row = manifest(folder)["tools"][name]
    return Tool(name, row["toolset"], tuple(row["operations"]), row["kind"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("detail", ["full", "lean"])
async def test_what_a_contract_allows_arrives_as_the_document_asks_for_it(
    detail: str, everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    validation, errors = runtime("validation"), runtime("errors")
    refused: dict[str, str] = {}
    with_more = set()
    for name, contract in shown(detail).items():
        tool = tool_of(everything, name)
        function, model = function_and_model(tool)
        schema = offered(contract, model)
        count = SEARCHED if "where" in schema["properties"] else kit.EXAMPLES
        for made in draws(schema, in_words(contract, model, scopes(tool)), count):
            made = obeyed(made, contract)
            given = given_as(contract, made)
            recorder.clear()
            try:
                await function(kustomer, **validation.keyword_arguments(model, given))
            except errors.InvalidArguments as error:
                refused[name] = f"{made}: {error}"
                continue
            if name in BRANCH_OF and BRANCH_OF[name] not in made:
                continue
            published, scope = meant(tool, made)
            _holds(published, tool, recorder, made, scope)
            with_more |= {name} if "more" in given else set()
    assert refused == {}
    assert with_more == {name for name, contract in shown(detail).items() if "more" in contract["properties"]}


def spoiled_within(schema: Json, value: Json) -> Iterator[tuple[str, Json]]:
    """A valid value, wrong in one place at any depth, and how it is wrong there."""
    for option in schema.get("anyOf", ()):
        yield from spoiled_within(option, value)
    if "enum" in schema:
        yield "is none of the choices", "no such choice"
    for bound in BEYOND.keys() & schema:
        yield f"is beyond {bound}", BEYOND[bound](schema[bound], value)
    if "type" in schema:
        yield "is of another type", {"no": 1} if schema["type"] == "array" else [["no"]]
    if isinstance(value, dict):
        if schema.get("additionalProperties") is False:
            yield "has an unknown field", {**value, "no_such_field": 1}
        for name, inner in value.items():
            for how, wrong in spoiled_within(schema.get("properties", {}).get(name, {}), inner):
                yield f"{name} {how}", {**value, name: wrong}
    if isinstance(value, list):
        for how, wrong in spoiled_within(schema.get("items", {}), value[0]):
            yield f"[] {how}", [wrong, *value[1:]]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_a_contract_refuses_at_any_depth_sends_nothing(
    everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    validation, errors = runtime("validation"), runtime("errors")
    taken = set()
    for name, contract in shown("full").items():
        function, model = function_and_model(tool_of(everything, name))
        schema = offered(contract, model)
        refuses = jsonschema.Draft202012Validator(schema)
        made = obeyed(Maker(schema, everything=True).arguments(), schema)
        rows = [(how, wrong) for how, wrong in spoiled_within(schema, made) if isinstance(wrong, dict)]
        assert rows, name
        for how, wrong in rows:
            recorder.clear()
            try:
                await function(kustomer, **validation.keyword_arguments(model, wrong))
            except errors.InvalidArguments:
                assert recorder.arrived == [], (name, how)
                continue
            taken |= set() if refuses.is_valid(wrong) else {f"{name}: {how}"}
    assert taken == set(TAKEN_ALL_THE_SAME)


def searches() -> dict[str, Json]:
    full = {t.name: t.contract["inputSchema"] for t in package("full").tools}
    return {name: schema for name, schema in full.items() if "where" in schema["properties"]}


def spoiled_conditions(branches: list[Json]) -> Iterator[tuple[str, Json]]:
    """Each operator of one branch on the fields of another, a wrong value for each of its own, and too many of them."""
    values = {"contains": "a", "in": ["a"], "equals": 1, "gte": 1, "lte": 1, "set": True}
    for branch in branches:
        field, takes = branch["properties"]["field"]["enum"][0], branch["properties"]
        yield "an operator of no branch", {"field": field, "like": "a"}
        for op, value in values.items():
            if op not in takes:
                yield f"{op}, which it does not take", {"field": field, op: value}
            else:
                yield f"{op} of an object", {"field": field, op: {"no": 1}}
        if "in" in takes:
            yield "an empty list", {"field": field, "in": []}
        given = {op: value for op, value in values.items() if op in takes}
        if len(given) > 2:
            yield "three operators", {"field": field, **given}
        if takes.get("gte", {}).get("format"):
            yield "a date that is none", {"field": field, "gte": "yesterday"}
    yield "an unknown field", {"field": "no_such_field", "set": True}
    yield "no field", {"set": True}


@pytest.mark.asyncio(loop_scope="module")
async def test_a_condition_that_a_contract_refuses_sends_nothing(
    everything: Path, recorder: Recorder, kustomer: Any
) -> None:
    validation, errors = runtime("validation"), runtime("errors")
    assert len(searches()) == 8
    for name, schema in searches().items():
        function, model = function_and_model(tool_of(everything, name))
        where = schema["properties"]["where"]
        rows = [(how, {"where": [one]}) for how, one in spoiled_conditions(where["items"]["anyOf"])]
        rows += [
            ("too many conditions", {"where": [{"field": "updated_at"}] * (where["maxItems"] + 1)}),
            ("too many fields to sort by", {"sort": ["updated_at"] * 6}),
            ("an unknown field to sort by", {"sort": ["no_such_field"]}),
        ]
        recorder.clear()
        for how, wrong in rows:
            assert not jsonschema.Draft202012Validator(schema).is_valid(wrong) or "date" in how, (name, how)
            with pytest.raises(errors.InvalidArguments):
                await function(kustomer, **validation.keyword_arguments(model, wrong))
            assert recorder.arrived == [], (name, how)


def test_what_excludes_others_names_them() -> None:
    for detail in ("full", "lean"):
        rows = {
            f"{tool.name}.{call.scope}": (tool.contract["inputSchema"]["properties"][call.scope]["description"], call)
            for tool in package(detail).tools
            for call in tool.calls
            if call.refuses
        }
        assert len(rows) > 2
        assert [
            where for where, (text, call) in rows.items() if not text.endswith(NOT_WITH + ", ".join(call.refuses))
        ] == []
