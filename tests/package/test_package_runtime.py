"""Laws of the runtime's small functions, and the texts of its errors as snapshots."""

from __future__ import annotations

import ast
import json
import math
import sys
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kustomer_mcp_acme.models.customers import Email, UpdateAKustomerCustomerByIdArguments
from kustomer_mcp_acme.models.drafts import CreateAKustomerCustomerChatDraftArguments
from kustomer_mcp_acme.runtime.answer import answer_of
from kustomer_mcp_acme.runtime.errors import InvalidArguments, from_response, no_answer
from kustomer_mcp_acme.runtime.model import Request
from kustomer_mcp_acme.runtime.validation import keyword_arguments
from kustomer_mcp_acme.runtime.wire import (
    build_path,
    build_query,
    comma,
    encode,
    refuse_together,
    with_cursor,
)
from package_servers import ROOT
from pydantic import MISSING

# ---------------------------------------------------------------------------------------------- paths

TEMPLATES = ("/v1/customers/{id}", "/v1/customers/{id}/klasses/{name}", "/v1/klasses/{name}/externalId={id}", "/v1/x")
plain = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)


@given(template=st.sampled_from(TEMPLATES), one=plain, other=plain)
def test_a_path_has_the_templates_segments_and_gives_the_values_back(template: str, one: str, other: str) -> None:
    try:
        path = build_path(template, {"id": one, "name": other})
    except InvalidArguments:
        assert "{" in template
        return
    assert path.isascii() and path.count("/") == template.count("/") and not set(path) & set("?#\\ ")
    filled = template.replace("{id}", one.replace("/", "\0")).replace("{name}", other.replace("/", "\0"))
    if not ({"{id}", "{name}"} & {one, other} or "{" in one + other):
        assert [unquote(part).replace("/", "\0") for part in path.split("/")] == filled.split("/")


@given(
    depth=st.integers(0, 12),
    dots=st.sampled_from([".", ".."]),
    around=st.sampled_from(["{}", "a/{}", "{}\\b", "a%2f{}%5Cb"]),
)
def test_dot_segments_are_refused_however_often_they_are_encoded(depth: int, dots: str, around: str) -> None:
    value = dots
    for _ in range(depth):
        value = quote(value, safe="").replace(".", "%2e")
    with pytest.raises(InvalidArguments):
        build_path("/v1/customers/{id}", {"id": around.format(value)})


@given(values=st.lists(plain.filter(lambda text: set(text) & set("abcxyz0123")), min_size=1, max_size=4))
def test_a_list_in_a_path_is_one_segment_separated_by_commas(values: list[str]) -> None:
    path = build_path("/v1/users/{ids}/teams", {"ids": comma(values)})
    assert [unquote(part) for part in path.split("/")[3].split(",")] == values


def test_an_empty_list_in_a_path_is_refused() -> None:
    with pytest.raises(InvalidArguments, match=r"^`ids` is empty; nothing was sent"):
        build_path("/v1/users/{ids}", {"ids": comma([])})


# -------------------------------------------------------------------------------------------- queries

names = st.text("abcXYZ_[]", min_size=1, max_size=6)
scalars = st.text(max_size=6) | st.integers() | st.booleans()


@given(st.dictionaries(names, scalars | st.just(MISSING) | st.none(), max_size=5))
def test_a_query_holds_what_was_set_once_and_in_order(arguments: dict[str, Any]) -> None:
    made = build_query(arguments)
    assert [name for name, _ in made] == [n for n, v in arguments.items() if v is not MISSING and v is not None]
    for name, text in made:
        value = arguments[name]
        assert text == (str(value).lower() if isinstance(value, bool) else str(value))
    assert parse_qsl(urlencode(made), keep_blank_values=True) == made


@given(st.lists(scalars, max_size=5))
def test_a_list_repeats_and_a_comma_list_is_one_value(values: list[Any]) -> None:
    repeated = build_query({"a": values})
    assert [name for name, _ in repeated] == ["a"] * len(values)
    assert build_query({"a": comma(values)}) == [("a", ",".join(text for _, text in repeated))]


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (3.0, [("q", "3")]),
        (0.5, [("q", "0.5")]),
        (True, [("q", "true")]),
        (False, [("q", "false")]),
        ("", [("q", "")]),
        ([], []),
        (MISSING, []),
        (None, []),
        (comma(MISSING), []),
        ({"createdAt": {"gt": "2026", "lt": None}}, [("q[createdAt][gt]", "2026")]),
        ({"a": [1, 2.0]}, [("q[a]", "1"), ("q[a]", "2")]),
        ({"a": {"b": {"c": True}}}, [("q[a][b][c]", "true")]),
    ],
)
def test_a_query_value_is_spelled_as_kustomer_takes_it(value: Any, pairs: list[tuple[str, str]]) -> None:
    assert build_query({"q": value}) == pairs


@pytest.mark.parametrize("value", ["\ud800", ["\udfff"], {"a": "\ud800"}])
def test_half_a_character_in_a_query_is_refused_by_name(value: Any) -> None:
    with pytest.raises(InvalidArguments, match=r"^`q(\[a\])?` holds half a character"):
        build_query({"q": value})


# --------------------------------------------------------------------------------------------- bodies

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_encoding_changes_no_value_and_is_done_once(value: Any) -> None:
    made = encode(value)
    assert made == value and encode(made) == made
    assert json.loads(json.dumps(made, allow_nan=False)) == made


@given(json_values)
def test_no_whole_number_goes_out_with_a_fraction(value: Any) -> None:
    def numbers(inner: Any) -> list[float]:
        if isinstance(inner, dict | list):
            return [n for one in (inner.values() if isinstance(inner, dict) else inner) for n in numbers(one)]
        return [inner] if isinstance(inner, float) else []

    assert not any(number.is_integer() for number in numbers(encode(value)))


@given(st.dictionaries(st.text(max_size=4), json_values | st.just(MISSING), max_size=5))
def test_what_is_not_set_is_left_out_and_null_stays(fields: dict[str, Any]) -> None:
    assert set(encode(fields)) == {name for name, value in fields.items() if value is not MISSING}
    assert encode({"body": {**fields, "cleared": None}})["body"]["cleared"] is None


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_a_number_that_json_does_not_have_is_refused(number: float) -> None:
    with pytest.raises(InvalidArguments, match=r"^JSON has no number"):
        encode({"custom": [number]})


def test_a_model_goes_out_under_its_wire_names_with_what_was_set() -> None:
    made = CreateAKustomerCustomerChatDraftArguments(customer_id="x", from_="shop", send_at="2030-01-01T00:00:00Z")
    assert encode(made) == {"customer_id": "x", "from": "shop", "send_at": "2030-01-01T00:00:00Z"}
    assert encode([Email(email="a@b.c")]) == [{"email": "a@b.c"}]


# -------------------------------------------------------------------------------------------- cursors

pairs = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=4)


@given(before=pairs, cursor=pairs.filter(lambda rows: any(value for _, value in rows)))
def test_a_cursor_replaces_its_own_names_and_keeps_the_others(before: Any, cursor: Any) -> None:
    made = with_cursor(before, urlencode(cursor))
    assert made[len(made) - len(cursor) :] == cursor
    assert made[: len(made) - len(cursor)] == [row for row in before if row[0] not in {name for name, _ in cursor}]


@given(before=pairs)
def test_no_cursor_changes_nothing(before: Any) -> None:
    assert with_cursor(before, MISSING) == before


@pytest.mark.parametrize("cursor", ["", "&", "2", "garbage", None, 5, "a=1\nb", "a=\x00", "a=\ud800", ["a=1"]])
def test_what_is_no_cursor_is_refused(cursor: Any) -> None:
    with pytest.raises(InvalidArguments) as refused:
        with_cursor([], cursor)
    assert str(refused.value) == "`cursor` must be a next_cursor, exactly as received; nothing was sent."


@given(query=pairs.filter(bool).map(urlencode).filter(bool))
def test_next_cursor_is_the_query_of_links_next_whatever_stands_before_it(query: str) -> None:
    for before in ("/v1/customers", "https://other.example/v9/x", ""):
        body = {"data": [], "links": {"next": f"{before}?{query}"}}
        assert answer_of(200, body).next_cursor == query


def test_a_single_record_never_has_a_cursor() -> None:
    assert answer_of(200, {"data": {}, "links": {"next": "/v1/x?page=2"}}).next_cursor is None


def test_arguments_that_exclude_each_other_are_named_as_the_caller_knows_them() -> None:
    refuse_together("customer_id", company_id=MISSING, from_=MISSING)
    with pytest.raises(InvalidArguments) as refused:
        refuse_together("customer_id", company_id="x", from_="y", to=MISSING)
    assert str(refused.value) == (
        "`company_id`, `from` can't be combined with `customer_id`; leave one of them out. Nothing was sent."
    )


# --------------------------------------------------------------------------------------------- errors

LIST = (
    b'{"errors": [{"status": %s, "code": "c", "title": "Told", "source": {"pointer": "/data/attributes/externalId"}}]}'
)
TOP = b'{"status": %s, "code": "c", "message": "Told"}'
NESTED = b'{"error": {"status": %s, "code": "c", "message": "Told"}}'
ADVICE = {
    400: "Nothing was changed. Correct the argument and call again.",
    401: "Nothing was changed. The API key is missing, wrong or expired, or lacks a role: "
    "ask the operator of this server.",
    403: "Nothing was changed. The API key lacks a role for this: ask the operator of this server.",
    404: "Nothing was changed. No such record, or the API key may not see it: check the id.",
    409: "Nothing was changed. The record changed meanwhile, or something stands in the way: read it again and send its new rev.",
    413: "Nothing was changed. The request is too large, Kustomer takes at most 100 kB: send less in one call.",
    418: "Nothing was changed.",
    422: "Nothing was changed.",
    429: "Nothing was changed. The rate limit is used up, 0 left. Try again in a minute.",
    500: "The change may have been made: read the record before trying again. Kustomer failed: try again later.",
    503: "The change may have been made: read the record before trying again. Kustomer failed: try again later.",
}


@pytest.mark.parametrize("status", ADVICE)
@pytest.mark.parametrize("spelled", [b"%d", b'"%d"'], ids=["integer", "string"])
@pytest.mark.parametrize(
    ("envelope", "said"),
    [(LIST, "Told (argument `external_id`)"), (TOP, "Told"), (NESTED, "Told")],
    ids=["list", "top", "nested"],
)
def test_an_error_says_what_happened_what_changed_and_what_to_do(
    status: int, spelled: bytes, envelope: bytes, said: str
) -> None:
    body = envelope % (spelled % status)
    written = from_response("POST", status, body)
    read = from_response("GET", status, body)
    assert str(written) == f"HTTP {status} from Kustomer: {said}. {ADVICE[status]}"
    unchanged = (
        ADVICE[status]
        .removeprefix("Nothing was changed.")
        .removeprefix("The change may have been made: read the record before trying again.")
    )
    assert str(read) == f"HTTP {status} from Kustomer: {said}.{' ' + unchanged.strip() if unchanged else ''}"
    assert (written.status, written.code, written.said) == (status, "c", said)


BODIES = {
    b"": "HTTP 400 from Kustomer. Nothing was changed. Correct the argument and call again.",
    b"<html>": "HTTP 400 from Kustomer. Nothing was changed. Correct the argument and call again.",
    b"[]": "HTTP 400 from Kustomer. Nothing was changed. Correct the argument and call again.",
    b"[" * 50_000: "HTTP 400 from Kustomer. Nothing was changed. Correct the argument and call again.",
    b'{"errors": [5, null]}': "HTTP 400 from Kustomer. Nothing was changed. Correct the argument and call again.",
    b'{"errors": [{"title": "A", "detail": "b\\n c"}]}': (
        "HTTP 400 from Kustomer: A b c. Nothing was changed. Correct the argument and call again."
    ),
    b'{"errors": [{"title": "A", "detail": "/v1/customers/x"}]}': (
        "HTTP 400 from Kustomer: A. Nothing was changed. Correct the argument and call again."
    ),
    b'{"errors": [{"code": "only_code"}]}': (
        "HTTP 400 from Kustomer: only_code. Nothing was changed. Correct the argument and call again."
    ),
    b'{"errors": [{"title": "A"}, {"title": "B"}, {"title": "C"}, {"title": "D"}]}': (
        "HTTP 400 from Kustomer: A; B; C. Nothing was changed. Correct the argument and call again."
    ),
    b'{"errors": [{"title": "A", "source": {"parameter": "pageSize"}}]}': (
        "HTTP 400 from Kustomer: A (argument `page_size`). Nothing was changed. Correct the argument and call again."
    ),
    b'{"errors": [{"title": "half \\ud83d"}]}': (
        "HTTP 400 from Kustomer: half ?. Nothing was changed. Correct the argument and call again."
    ),
}


@pytest.mark.parametrize(("body", "text"), BODIES.items(), ids=[repr(body[:40]) for body in BODIES])
def test_a_body_of_any_form_gives_one_line(body: bytes, text: str) -> None:
    assert str(from_response("PATCH", 400, body)) == text


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()), st.integers(300, 599))
def test_no_body_breaks_the_error(body: bytes, status: int) -> None:
    for method in ("GET", "POST"):
        text = str(from_response(method, status, body))
        assert text.startswith(f"HTTP {status} from Kustomer") and "\n" not in text and len(text) < 600
        text.encode()
        assert ("may have been made" in text) == (method != "GET" and status >= 500)


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("GET", "Gone. Try again."),
        *(
            (m, "Gone. The change may have been made: read the record before trying again.")
            for m in ("POST", "PUT", "PATCH", "DELETE")
        ),
    ],
)
def test_no_answer_says_what_may_have_happened(method: str, text: str) -> None:
    assert str(no_answer(method, "Gone")) == text


# ----------------------------------------------------------------------------------------- validation


def test_arguments_come_back_by_their_python_names_and_only_those_given() -> None:
    given_ = {"customer_id": "x", "from": "shop", "more": {"source": "bulk"}}
    taken = keyword_arguments(CreateAKustomerCustomerChatDraftArguments, given_)
    assert taken == {"customer_id": "x", "from_": "shop", "source": "bulk"}


def test_a_field_named_like_a_type_of_python_is_named_in_full() -> None:
    class Inner(Request):
        number: int

    class Outer(Request):
        str: Inner | list[int]

    with pytest.raises(InvalidArguments) as refused:
        keyword_arguments(Outer, {"str": {"number": "x"}})
    assert "`str.number`: input should be an integer, not text" in str(refused.value)
    assert "Inner" not in str(refused.value)


def test_validation_leaves_the_callers_arguments_alone() -> None:
    arguments = {"id": "x", "more": {"locale": "de"}}
    keyword_arguments(UpdateAKustomerCustomerByIdArguments, arguments)
    assert arguments == {"id": "x", "more": {"locale": "de"}}


# ----------------------------------------------------------------------------------------- the modules


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_the_runtime_of_a_package_is_the_one_in_templates(tenant: str) -> None:
    def texts(folder: Path) -> dict[str, str]:
        files = [path for path in folder.rglob("*.*") if path.suffix in (".py", ".html", ".css", ".js")]
        return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}

    made = texts(ROOT / f"generated/{tenant}/kustomer_mcp_{tenant}/runtime")
    assert made and made == texts(ROOT / "templates/runtime")


def test_the_runtime_imports_only_what_a_package_depends_on() -> None:
    project = tomllib.loads((ROOT / "generated/acme/pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*project["dependencies"], *(need for extra in project["optional-dependencies"].values() for need in extra)]
    known = {need.partition(">")[0].partition("[")[0].partition("-")[0] for need in needs} | {"jwt", "pydantic_core"}
    modules = list((ROOT / "templates/runtime").rglob("*.py"))
    assert {path.parent.name for path in modules} == {"runtime", "admin", "edge", "grants", "oauth"}
    for path in modules:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                tops = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                tops = {(node.module or "").partition(".")[0]}
            else:
                continue
            assert tops <= known | set(sys.stdlib_module_names), path.name
