"""Documents that are wrong as a whole: numbers out of range, keys twice, nests, bombs, cycles. Refused in words, or bounded."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import generator_kit
import hostile_checks as checks
import hostile_kit as kit
import hostile_places as places
import pytest

from generator.documents import read_document
from generator.errors import KustomerMcpError

HEAD = '{"openapi": "3.0.3", "info": {"title": "x", "version": "1"}, "paths": {"/v1/things": {"post": '
TAIL = "}}}"


def _body(schema: Any, **rest: Any) -> Any:
    document = places.things(requestBody=generator_kit.body({"type": "object", "properties": {"x": schema}}))
    return {**document, **rest}


def _nest(inner: Any, depth: int, wrap: Any) -> Any:
    for _ in range(depth):
        inner = wrap(inner)
    return inner


NUMBERS = [
    1e308,
    -1e308,
    5e-324,
    10**400,
    -(10**400),
    2**63,
    -(2**63) - 1,
    0,
    -1,
    0.1,
    True,
    False,
    None,
    "5",
    [],
    {},
    "NaN",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: f"{type(n).__name__}-{str(n)[:12]}")
@pytest.mark.parametrize("kind", ["string", "integer", "number", "array"])
def test_bounds_out_of_range_are_refused_or_leave_a_package_that_imports(
    kind: str, number: Any, tmp_path: Path, canary: Path
) -> None:
    bounds = (
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "uniqueItems",
        "multipleOf",
        "exclusiveMinimum",
    )
    schema = {
        "type": kind,
        "items": {"type": "string"},
        **dict.fromkeys(bounds, number),
        "default": number,
        "enum": [number, 1],
    }
    for each in (schema, {key: value for key, value in schema.items() if key != "enum"}):
        files = kit.files_of(kit.package(_body(each), {}))
        if files is not None:
            checks.assert_harmless(files)
            with kit.imported(tmp_path, files) as module:
                assert [name for _, name, _ in kit.tools_of(module, files)]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity", "-Infinity", "9" * 5000])
def test_a_number_that_json_has_not_is_refused_when_it_is_read(number: str) -> None:
    raw = HEAD + f'{{"x-number": {number}}}' + TAIL
    with pytest.raises(KustomerMcpError) as caught:
        made = read_document("core", raw.encode())
        kit.build(kit.Snapshot({"core": made}, {"acme": {}}), kit.Tenant("acme", "x", kit.BASE_URL))
    checks.assert_readable(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        HEAD + '{"tags": ["a"], "tags": ["b"]}' + TAIL,
        '{"openapi": "3.0.3", "paths": {"/v1/a": {"get": {}}}, "paths": {"/v1/b": {"get": {}}}}',
        "openapi: 3.0.3\npaths:\n  /v1/a:\n    get: {}\n  /v1/a:\n    post: {}\n",
    ],
    ids=["operation", "paths", "yaml"],
)
def test_a_key_twice_is_refused_for_readers_differ_on_which_one_holds(raw: str) -> None:
    with pytest.raises(KustomerMcpError, match="twice"):
        read_document("core", raw.encode())


DEEP: dict[str, Any] = {
    "properties": lambda s: {"type": "object", "properties": {"a": s}},
    "items": lambda s: {"type": "array", "items": s},
    "allOf": lambda s: {"allOf": [s]},
    "anyOf": lambda s: {"anyOf": [s, {"type": "null"}]},
    "unknown": lambda s: {"x-a": s, "type": "string"},
}


@pytest.mark.parametrize("depth", [30, 60, 5000])
@pytest.mark.parametrize("wrap", DEEP)
def test_a_deep_nest_is_refused_or_bounded(wrap: str, depth: int, canary: Path, tmp_path: Path) -> None:
    files = kit.files_of(kit.package(_body(_nest({"type": "string"}, depth, DEEP[wrap])), {}))
    if files is not None:
        checks.assert_harmless(files)
        assert max(len(line) - len(line.lstrip()) for text in files.values() for line in text.splitlines()) < 200


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"a:\n" + b"- " * 20_000,
        b"{" * 50_000,
        b'{"openapi": "3.0", "x": ' + b"[" * 99_000,
    ],
)
def test_a_nest_that_no_parser_survives_is_refused(raw: bytes) -> None:
    with pytest.raises(KustomerMcpError):
        read_document("core", raw)


def _laughs() -> str:
    lines = ["openapi: 3.0.3", "a0: &a0 [lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]
    return "\n".join([*lines, "paths: {/v1/a: {get: {x: *a29}}}"])


@pytest.mark.parametrize(
    "raw",
    [
        _laughs(),
        "openapi: 3.0.3\npaths: &p\n  /v1/a:\n    get: *p\n",
        "openapi: 3.0.3\nx: &x {a: 1}\npaths:\n  /v1/a:\n    get:\n      <<: *x\n",
        "!!python/object/apply:os.system ['true']\n",
        "openapi: 3.0.3\npaths: {/v1/a: {get: !!python/name:os.system }}\n",
        "--- {openapi: 3.0.3}\n--- {openapi: 3.0.3}\n",
        "openapi: !!binary aGk=\npaths: {}\n",
        "? [openapi]\n: 3.0.3\n",
    ],
    ids=["billion-laughs", "cycle", "merge", "object", "name", "two-documents", "binary", "key-no-string"],
)
def test_yaml_that_is_more_than_json_is_refused(raw: str) -> None:
    with pytest.raises(KustomerMcpError) as caught:
        read_document("core", raw.encode())
    checks.assert_readable(caught.value)


def test_references_that_multiply_are_refused_or_bounded(canary: Path, tmp_path: Path) -> None:
    """Ten components, each of which holds the next ten times: 10^10 objects when written out."""
    schemas = {
        f"A{i}": {
            "type": "object",
            "properties": {f"p{j}": {"$ref": f"#/components/schemas/A{i + 1}"} for j in range(10)},
        }
        for i in range(10)
    }
    schemas["A10"] = {"type": "object", "properties": {"x": {"type": "string"}}}
    made = kit.package(_body({"$ref": "#/components/schemas/A0"}, components={"schemas": schemas}), {})
    assert made is None


CYCLES: dict[str, Any] = {
    "itself": {"A": {"$ref": "#/components/schemas/A"}},
    "two": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}},
    "property": {
        "A": {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/A"}, "b": {"type": "string"}}}
    },
    "items": {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
    "allOf": {
        "A": {
            "allOf": [{"$ref": "#/components/schemas/A"}, {"type": "object", "properties": {"x": {"type": "string"}}}]
        }
    },
    "anyOf": {"A": {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "string"}]}},
    "no-string": {"A": {"$ref": 5}},
    "into-itself": {"A": {"$ref": "#/components/schemas/A/properties/a"}},
}


@pytest.mark.parametrize("schemas", CYCLES.values(), ids=CYCLES)
def test_a_cycle_of_references_is_cut_or_refused(schemas: Any, tmp_path: Path, canary: Path) -> None:
    files = kit.files_of(kit.package(_body({"$ref": "#/components/schemas/A"}, components={"schemas": schemas}), {}))
    if files is not None:
        checks.assert_harmless(files)
        with kit.imported(tmp_path, files):
            pass


def test_a_document_that_is_read_says_the_same_as_its_json(tmp_path: Path) -> None:
    raw = json.dumps(places.things()).encode()
    assert read_document("core", raw) == places.things()


@pytest.mark.parametrize(
    "servers",
    [
        {},
        [],
        [[]],
        {"url": "x"},
        "x",
        5,
        [{"url": "https://api.]com"}],
        [{"url": "http://[::1"}],
        [{"url": 5}],
        [None, {"url": "/v2"}],
    ],
    ids=repr,
)
def test_servers_of_any_form_are_a_base_path_or_refused(servers: Any) -> None:
    """What fuzzing found: an address that Python's own reader can't read."""
    document = {**places.things(), "servers": servers}
    files = kit.files_of(kit.package(document, {}))
    assert (files is None) == ("]com" in repr(servers) or "[::1" in repr(servers))


@pytest.mark.parametrize("count", [501, 19_000])
def test_more_alternatives_than_python_can_join_are_refused(count: int) -> None:
    branches = [{"type": "string", "enum": [f"v{number}"]} for number in range(count)]
    with pytest.raises(KustomerMcpError, match="more than 500 alternatives"):
        _built({"core": _body({"anyOf": branches})}, {})


@pytest.mark.parametrize("pattern", ["a{99999999999}", "a{99999999999999999999}", "(" * 249 + "a" + ")" * 249, "(?"])
def test_a_pattern_that_no_engine_takes_is_left_out(pattern: str, tmp_path: Path, canary: Path) -> None:
    files = kit.files_of(kit.package(_body({"type": "string", "pattern": pattern}), {}))
    assert files is not None
    checks.assert_harmless(files)
    with kit.imported(tmp_path, files):
        pass


@pytest.mark.parametrize("pattern", ["[[a]", "[a--b]", "[a||b]", "[a&&b]", "[a~~b]"])
def test_a_pattern_that_python_warns_of_is_read_without_a_word(pattern: str) -> None:
    with warnings.catch_warnings(action="error"):
        assert kit.package(_body({"type": "string", "pattern": pattern}), {}) is not None


KLASS_FILES: dict[str, Any] = {
    "a list": ("klasses/order.json", [1]),
    "attributes that are a list": ("klasses/order.json", {"name": "order", "attributes": [1]}),
    "a name that is none": ("klasses/order.json", {"name": "../x", "attributes": {}}),
    "hidden Klasses that are a list": ("hidden.json", [1]),
    "hidden Klasses without names": ("hidden.json", {"klasses": [1]}),
}  # fmt: skip


@pytest.mark.parametrize("what", KLASS_FILES)
def test_a_pinned_klass_of_any_form_is_refused_in_words(what: str) -> None:
    path, content = KLASS_FILES[what]
    with pytest.raises(KustomerMcpError) as caught:
        _built({"core": places.small}, {path: content})
    checks.assert_readable(caught.value)


def _built(documents: Any, klasses: Any) -> Any:
    return kit.build(kit.Snapshot(documents, {"acme": klasses}), kit.Tenant("acme", "x", kit.BASE_URL))


async def test_names_that_python_takes_for_one_another_stay_two_fields(tmp_path: Path) -> None:
    """Python normalises identifiers (NFKC): of two fields one would be lost."""
    twins = {"\ufb01le": {"type": "string"}, "file": {"type": "string"}, "\uff46ile": {"type": "string"}}
    document = _body({"type": "object", "properties": twins})
    files = kit.files_of(kit.package(document, {}))
    assert files is not None
    given = {"x": {"\ufb01le": "ligature", "file": "plain", "\uff46ile": "wide"}}
    with kit.imported(tmp_path, files) as module:
        sent = await generator_kit.call(module, "things", "create_a_kustomer_thing", given)
        assert sent.body == given
