"""Laws: foreign text stays data, whatever it holds; names are names; filters give back what they were given."""

from __future__ import annotations

import ast
import copy
import json
import keyword
import re
import tomllib
from functools import cache
from typing import Any

import generator_kit as kit
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from generator import render as rendering
from generator import text
from generator.config import Tenant
from generator.documents import read_document
from generator.errors import KustomerMcpError
from generator.klasses import KLASS_NAME
from generator.models import literal
from generator.naming import rule
from generator.package import build
from generator.ratelimit import seconds_until_reset
from generator.render import docstring, markdown, render, toml
from generator.snapshot import Snapshot

NASTY = [
    '"""', "'''", '\\"""', 'ends in "', "ends in \\", "\\", '"""\nimport os\n"""', "{{ 7*7 }}", "{% raw %}", "{#", "\x00",
    "\r\n", "\u2028x\u2029", "\x0c", "\x85", "\ud800", "\udcff tail", "\u202eevil", "</script>", "# noqa", "%s%(x)s{0}", "$ref",
    "`rm`", "| a | b |", "[x](javascript:1)", "x" * 3000, "\N{NO-BREAK SPACE}", "\ufeff", "class", "", " ", "\n", "'", '"',
    "é\u0301", "𝒳", "١", "\x1b[31m", "\x7f", "\\N{DIGIT ONE}", "\\x41\\u0041\\101", "f'{x}'", "-> None:\n    evil()",
]  # fmt: skip
# Any text, lone surrogates included; hypothesis alone seldom tries what hurts.
foreign = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(codec=None, categories=None), max_size=40),
    st.builds(lambda a, b: a + b, st.sampled_from(NASTY), st.text(max_size=10)),
)
quick = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
often = settings(quick, max_examples=150)

# Where a foreign string may stand. Each gives the paths and Klasses of a small tenant that holds it there.


def _things(**rest: Any) -> Any:
    paths = kit.things()
    paths["/v1/things"]["post"].update(rest)
    return paths


def _property(schema: Any) -> Any:
    return _things(requestBody=kit.body({"type": "object", "properties": {"name": {"type": "string"}, **schema}}))


def _klass(content: Any) -> Any:
    paths = json.loads((kit.HERE / "shared" / "small.json").read_text(encoding="utf-8"))["paths"]
    return paths, {"klasses/order.json": content}


PLACES: dict[str, Any] = {
    "summary": lambda s: (_things(summary=s), {}),
    "description": lambda s: (_things(description=s), {}),
    "tag": lambda s: (_things(tags=[s]), {}),
    "operationId": lambda s: (_things(operationId=s), {}),
    "enum": lambda s: (_property({"kind": {"type": "string", "enum": [s, "other"]}}), {}),
    "only enum": lambda s: (_property({"kind": {"type": "array", "items": {"type": "string", "enum": [s]}}}), {}),
    "pattern": lambda s: (_property({"kind": {"type": "string", "pattern": s}}), {}),
    "format": lambda s: (_property({"kind": {"type": "string", "format": s}}), {}),
    "property description": lambda s: (_property({"kind": {"type": "string", "description": s}}), {}),
    "property name": lambda s: (_property({s: {"type": "string"}}), {}),
    "nested property name": lambda s: (_property({"in": {"type": "object", "properties": {s: {"type": "string"}}}}), {}),
    "branch": lambda s: (
        _things(
            requestBody=kit.body(
                {
                    "oneOf": [
                        {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": [each], "type": "string"}}}
                        for each in (s, "other")
                    ]
                }
            )
        ),
        {},
    ),
    "query name": lambda s: (_things(parameters=[{"in": "query", "name": s, "schema": {"type": "string"}}]), {}),
    "path": lambda s: ({"/v1/things": kit.things()["/v1/things"], f"/v1/{s}": {"get": kit.operation()}}, {}),
    "path parameter": lambda s: ({f"/v1/things/{{{s}}}": {"get": kit.operation()}}, {}),
    "component": lambda s: (_property({"kind": {"$ref": f"#/components/schemas/{s}"}}), {}),
    "Klass display name": lambda s: _klass({**kit.klass("order", {"aStr": {}}), "displayName": s}),
    "attribute label": lambda s: _klass(kit.klass("order", {"aStr": {"displayName": s}})),
    "attribute name": lambda s: _klass(kit.klass("order", {s: {"type": "string"}})),
    "attribute choice": lambda s: _klass(kit.klass("order", {"aStr": {"enumeration": [s, "b"]}})),
    "tree label": lambda s: _klass(kit.klass("order", {"aTree": {"tree": {"children": [{"displayName": s, "id": s}]}}})),
    "target": lambda s: _klass(kit.klass("order", {"aId": {"target": s}})),
}  # fmt: skip


def shape(source: str) -> list[str]:
    """The statements of a module by kind and name: a string that became code would be one more."""
    tree = ast.parse(source)
    return [type(node).__name__ for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def generated(place: str, value: str) -> dict[str, str] | None:
    """The package with this string in this place, or None where it was refused by an error of the tool's own."""
    paths, klasses = PLACES[place](value)
    components = {"schemas": {value: {"type": "object", "properties": {"x": {"type": "string"}}}}}
    document = kit.document(paths, **({"components": components} if place == "component" else {}))
    try:
        return render(build(Snapshot({"core": document}, {"acme": klasses}), kit.tenant()))
    except KustomerMcpError as error:
        str(error).encode("utf-8")  # and what it says can be shown
        return None


@cache
def ordinary(place: str) -> dict[str, str]:
    """The same package with an ordinary word in that place."""
    files = generated(place, "ordinary")
    assert files is not None
    return files


@pytest.mark.parametrize("place", PLACES)
@quick
@given(value=foreign)
@example(value='"""\nimport os\n"""')
@example(value="\ud800")
@example(value="{{ 7*7 }}{% raw %}")
@example(value='\\"""')
def test_a_foreign_string_is_refused_or_stays_data(place: str, value: str) -> None:
    files = generated(place, value)
    if files is None:
        return
    plain = ordinary(place)
    for path, source in files.items():
        source.encode("utf-8")
        assert not any(c in source for c in ("\x00", "\r", "\u2028", "\x0c", "\x1b", "\u202e")), path
        if path.endswith(".py"):
            there = shape(source)
            assert set(there) <= _KNOWN, path
            twin = path if path in plain else None
            if twin and place not in _CHANGES_STATEMENTS:
                assert there == shape(plain[twin]), path
        elif path.endswith(".json"):
            assert json.loads(source) is not None
    tomllib.loads(files["pyproject.toml"])


# What generated modules are made of; anything else would be somebody's code.
_KNOWN = {
    "Expr",
    "ImportFrom",
    "Import",
    "ClassDef",
    "AnnAssign",
    "Assign",
    "AsyncFunctionDef",
    "FunctionDef",
    "Return",
    "If",
    "Raise",
    "Try",
    "TryStar",
    "For",
    "While",
    "With",
    "AsyncWith",
    "AsyncFor",
    "Pass",
    "Delete",
    "Continue",
    "Break",
    "Global",
    "Nonlocal",
    "Assert",
    "AugAssign",
}
# A name that has another spelling in Python brings an alias or a description with it, or a class of its own.
_CHANGES_STATEMENTS = {"property description", "attribute label", "tag", "path", "path parameter", "branch", "attribute name",
                       "pattern", "property name", "nested property name", "component"}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NASTY if not re.search("[\ud800-\udfff]", name)])
def test_a_nasty_title_of_the_tenant_stays_data(name: str) -> None:
    tenant = Tenant("acme", "x", kit.BASE_URL, title=name)
    try:
        files = render(build(kit.snapshot(kit.things()), tenant))
    except KustomerMcpError:
        return
    plain = render(build(kit.snapshot(kit.things()), kit.tenant(title="ordinary")))
    assert [path for path in files if path.endswith(".py") and shape(files[path]) != shape(plain[path])] == []
    assert tomllib.loads(files["pyproject.toml"])["project"]["name"] == "kustomer-mcp-acme"
    for source in files.values():
        source.encode("utf-8")


def test_the_statements_of_what_is_generated_are_known() -> None:
    assert {
        kind for path, source in kit.rendered(kit.things()).items() if path.endswith(".py") for kind in shape(source)
    } <= _KNOWN


# ------------------------------------------------------------------------------------------------ filters


@often
@given(st.one_of(foreign, st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()))
def test_a_literal_is_ascii_and_reads_back_as_what_it_was(value: Any) -> None:
    assert literal(value).isascii() and "\n" not in literal(value)
    assert ast.literal_eval(literal(value)) == value


@often
@given(foreign.map(text.one_line))
@example("\\")
@example('\\"')
@example('a"')
@example('"""')
@example('\\\\"')
@example('""""')
def test_a_docstring_reads_back_as_the_clean_line_that_it_was(value: str) -> None:
    assert ast.literal_eval(f'"""{docstring(value)}"""') == value


@often
@given(foreign.map(text.one_line))
@example("\N{GRINNING FACE}")
def test_a_toml_string_reads_back_as_the_clean_line_that_it_was(value: str) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


@often
@given(foreign)
def test_markdown_has_no_active_character_left(value: str) -> None:
    assert not re.search(r"(?<!\\)(\\\\)*[`*{}\[\]<>|#!]", markdown(value))
    assert "\n" not in markdown(value)


@quick
@given(foreign)
def test_a_tool_docstring_ends_where_the_function_begins(value: str) -> None:
    paths = _property({"kind": {"type": "string", "description": value.encode("utf-8", "replace").decode("utf-8")}})
    for tool in kit.package_of(paths).tools:
        source = f"def f():\n{rendering.tool_docstring(tool)}\n    return 1\n"
        (function,) = ast.parse(source).body
        assert [type(node).__name__ for node in function.body] == ["Expr", "Return"]  # type: ignore[attr-defined]


# --------------------------------------------------------------------------------------------------- text


@often
@given(foreign, st.integers(1, 200))
def test_one_line_is_one_clean_line_within_its_limit_and_cleaning_it_again_changes_nothing(
    value: str, limit: int
) -> None:
    line = text.one_line(value, limit)
    assert len(line) <= limit and line == line.strip()
    assert len(line.splitlines()) <= 1 and line.encode("utf-8").decode("utf-8") == line
    assert text.cut(line, limit) == line
    assert not [char for char in line if text.unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@often
@given(st.one_of(st.none(), st.integers(), st.lists(st.text()), st.dictionaries(st.text(), st.text())))
def test_one_line_of_what_is_no_text_is_empty(value: Any) -> None:
    assert text.one_line(value) == ""


@often
@given(foreign)
def test_snake_is_ascii_lower_case_and_stays_itself(value: str) -> None:
    name = text.snake(value)
    assert re.fullmatch(r"([a-z0-9]+(_[a-z0-9]+)*)?", name)
    assert text.snake(name) == name


@often
@given(foreign)
def test_an_identifier_is_one_and_its_python_name_is_no_keyword(value: str) -> None:
    name = text.identifier(value)
    assert name.isidentifier() and name.isascii() and name == name.lower()
    python = text.python_name(name)
    assert python.isidentifier() and not keyword.iskeyword(python)
    assert python.rstrip("_") == name.rstrip("_")


@often
@given(foreign)
def test_camel_is_the_name_of_a_class_or_empty(value: str) -> None:
    assert re.fullmatch(r"[A-Z0-9]*[A-Za-z0-9]*", text.camel(value))


@often
@given(foreign.map(text.one_line), st.integers(5, 200))
def test_shortening_keeps_the_limit_and_never_makes_something_of_nothing(value: str, limit: int) -> None:
    for short in (text.cut(value, limit), text.clause(value, limit), text.shortened(value, limit)):
        assert len(short) <= limit
        assert bool(short) or not value
    if len(value) <= limit:
        assert text.cut(value, limit) == text.clause(value, limit) == text.shortened(value, limit) == value


_segment = st.one_of(
    st.sampled_from(["customers", "kb", "v1", "p", "klasses", "sub-statuses", "bulk", "externalId={externalId}"]),
    st.from_regex(r"[a-z][a-zA-Z-]{0,12}", fullmatch=True),
    st.from_regex(r"\{[a-z]{1,8}\}", fullmatch=True),
)


@often
@given(st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]), st.lists(_segment, min_size=1, max_size=5))
def test_the_rule_names_any_path(method: str, segments: list[str]) -> None:
    name = rule(method, "/v1/" + "/".join(segments))
    assert re.fullmatch(r"[a-z0-9_]+", name) and "kustomer" in name


# --------------------------------------------------------------------------------- documents and rate limits


@often
@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_an_error_of_the_tools_own(raw: bytes) -> None:
    with pytest.raises(KustomerMcpError):
        read_document("core", raw)


_json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "string", "object", "array", "path", "query", "id"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["type", "properties", "items", "required", "enum", "anyOf", "oneOf", "allOf", "$ref", "nullable", "description", "schema", "name", "in", "content", "parameters", "requestBody", "tags", "summary", "operationId", "additionalProperties", "const", "format", "pattern", "maxLength"]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@often
@given(_json)
def test_an_operation_of_any_form_becomes_a_tool_or_an_error_of_the_tools_own(value: Any) -> None:
    paths = {"/v1/things/{id}": {"get": value, "post": kit.operation(requestBody=value), "parameters": value}}
    try:
        build(kit.snapshot(paths), kit.tenant())
    except KustomerMcpError as error:
        assert error.what


@often
@given(_json)
def test_a_schema_of_any_form_becomes_code_or_an_error_of_the_tools_own(value: Any) -> None:
    paths = _things(requestBody=kit.body(value), parameters=[{"in": "query", "name": "q", "schema": value}])
    before = copy.deepcopy(paths)
    try:
        package = build(kit.snapshot(paths), kit.tenant())
    except KustomerMcpError as error:
        assert error.what
    else:
        for tool in package.tools:
            assert tool.contract["inputSchema"]["additionalProperties"] is False
    assert paths == before


@often
@given(_json)
def test_metadata_of_any_form_become_a_klass_or_an_error_of_the_tools_own(value: Any) -> None:
    paths, klasses = _klass(
        {**kit.klass("order", {"aStr": value, "bId": {"tree": value, "enumeration": value, "target": value}})}
    )
    try:
        build(kit.snapshot(paths, klasses), kit.tenant())
    except KustomerMcpError as error:
        assert error.what


@often
@given(
    st.dictionaries(
        st.sampled_from(["Retry-After", "RateLimit", "x-ratelimit-reset", "RateLimit-Reset"]), st.text(max_size=30)
    )
)
def test_any_rate_limit_header_is_seconds_from_now_or_nothing(headers: dict[str, str]) -> None:
    seconds = seconds_until_reset(headers, 1_800_000_000.0)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7", "x-ratelimit-reset": "99"}, 7),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"retry-after": "soon", "x-ratelimit-reset": "12"}, 12),
        ({"RateLimit": '"default";r=0;t=23'}, 23),
        ({"x-ratelimit-reset": "1800000042"}, 42),
        ({"x-ratelimit-reset": "1800000042500"}, 42.5),
        ({"x-ratelimit-reset": "-5"}, None),
        ({"x-ratelimit-reset": "nan"}, None),
        ({"ratelimit-reset": "3"}, 3),
    ],
)
def test_a_reset_is_read_in_every_known_spelling(headers: dict[str, str], seconds: float | None) -> None:
    assert seconds_until_reset(headers, 1_800_000_000.0) == seconds


@often
@given(st.from_regex(KLASS_NAME, fullmatch=True).filter(lambda name: len(name) < 24 and text.snake(name)))
def test_every_name_that_kustomer_allows_for_a_klass_names_a_tool(name: str) -> None:
    paths, _ = _klass({})
    package = kit.package_of(paths, {"klasses/x.json": kit.klass(name, {"aStr": {}})})
    tool = next(t for t in package.tools if t.name == f"create_a_kustomer_{text.snake(name)}_custom_object")
    assert ast.literal_eval(tool.calls[0].path_entries[0].expression) == name
