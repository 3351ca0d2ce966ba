"""An answer is shown compact and within its size, and nothing of it is lost on the way."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.sandbox import running
from templates.runtime.answer import answer_of
from templates.runtime.present import Presentation, present, size_of
from templates.runtime.wire import with_cursor

MASK = {"isMasked": True, "maskedPresentation": "********"}
ORG = {"links": {"self": "/v1/orgs/o1"}, "data": {"type": "org", "id": "o1"}}


def record(id_: str = "v1", customer: str = "c1", **attributes: Any) -> dict[str, Any]:
    own = f"/v1/conversations/{id_}"
    relationships = {
        "org": ORG,
        "customer": {"links": {"self": f"/v1/customers/{customer}"}, "data": {"type": "customer", "id": customer}},
        "messages": {"links": {"self": f"{own}/messages"}},
    }
    links = {"self": own}
    return {
        "type": "conversation",
        "id": id_,
        "attributes": attributes,
        "relationships": relationships,
        "links": links,
    }


def a_list(*rows: Any, **more: Any) -> dict[str, Any]:
    return {"data": list(rows), **more}


def shown(content: dict[str, Any], **options: Any) -> dict[str, Any]:
    return present(content, Presentation(**options))


# --- compact


def test_a_record_keeps_its_ids_and_relationships_and_loses_links_and_what_is_empty() -> None:
    content = {
        "data": record(name="Late", tags=[], queue=None, custom={"aStr": None, "bStr": MASK}, sla={"x": []}, n=0)
    }
    assert shown(content)["data"] == {
        "type": "conversation",
        "id": "v1",
        "attributes": {"name": "Late", "custom": {"bStr": MASK}, "n": 0},
        "relationships": {
            "org": {"type": "org", "id": "o1"},
            "customer": {"type": "customer", "id": "c1"},
            "messages": "./messages",
        },
    }


RELATIONSHIPS: dict[str, tuple[Any, Any]] = {
    "to many": ({"data": [{"type": "user", "id": "u1"}], "links": {}}, [{"type": "user", "id": "u1"}]),
    "klass, as Kustomer spells it": (
        {"link": {"self": "/v1/klasses/order"}, "data": {"type": "klass", "id": "order"}},
        {"type": "klass", "id": "order"},
    ),
    "link of another": ({"links": {"self": "/v1/users/u1/teams"}}, "/v1/users/u1/teams"),
    "custom objects": (
        {"links": {"self": "/v1/conversations/v1/klasses/orders"}, "meta": {"kobject": True}},
        "./klasses/orders",
    ),
    "more than a link": (
        {"links": {"related": "/v1/a"}, "meta": {"count": 3}},
        {"link": "/v1/a", "meta": {"count": 3}},
    ),
    "more than data": (
        {"links": {"self": "/v1/a"}, "data": {"type": "a", "id": "1"}, "meta": {"n": 1}},
        {"data": {"type": "a", "id": "1"}, "meta": {"n": 1}},
    ),
    "no link that is a text": (
        {"links": {"self": {"of": "a later form"}}},
        {"links": {"self": {"of": "a later form"}}},
    ),
    "an id with a link of its own": (
        {"data": {"type": "a", "id": "1", "links": {"self": "/v1/a/1"}}},
        {"type": "a", "id": "1", "links": {"self": "/v1/a/1"}},
    ),
    "none": ({"data": None, "links": {"self": "/v1/a"}}, ...),
    "no more of them": ({"data": []}, ...),
}


@pytest.mark.parametrize("name", RELATIONSHIPS)
def test_relationships_become_short_and_stay_so(name: str) -> None:
    given_, expected = RELATIONSHIPS[name]
    content = {"data": record() | {"relationships": {"it": given_}}}
    answer = shown(content)
    assert answer["data"].get("relationships", {}).get("it", ...) == expected
    assert shown(answer) == answer


def test_the_organisation_that_all_records_share_is_said_once() -> None:
    answer = shown(a_list(record("v1"), record("v2")))
    assert answer["org"] == {"type": "org", "id": "o1"}
    assert not any("org" in row["relationships"] for row in answer["data"])
    other = record("v3")
    other["relationships"] = other["relationships"] | {"org": {"data": {"type": "org", "id": "o2"}}}
    assert [row["relationships"]["org"]["id"] for row in shown(a_list(record("v1"), other))["data"]] == ["o1", "o2"]


def test_a_modification_at_the_time_of_the_update_is_said_once() -> None:
    same = {"updatedAt": "2026-06-15", "modifiedAt": "2026-06-15"}
    assert shown({"data": record(**same)})["data"]["attributes"] == {"updatedAt": "2026-06-15"}
    assert shown({"data": record(**same)}, fields=("modifiedAt", "updatedAt"))["data"]["attributes"] == same
    later = {"updatedAt": "2026-06-15", "modifiedAt": "2026-06-14"}
    assert shown({"data": record(**later)})["data"]["attributes"] == later


def test_included_records_are_compact_too_in_a_list_or_by_name() -> None:
    small = {"type": "attachment", "id": "a1", "attributes": {"name": "a.png"}}
    full = {**small, "links": {"self": "/v1/attachments/a1"}}
    assert shown({"data": record(), "included": [full]})["included"] == [small]
    assert shown({"data": record(), "included": {"versions": [full]}})["included"] == {"versions": [small]}
    assert "included" not in shown({"data": record(), "included": []})


def test_keys_come_in_order_and_unknown_ones_are_kept() -> None:
    content = {"next_cursor": "page=2", "later": 1, "included": [record("v9")], "meta": {}, "data": [record(name=MASK)]}
    answer = shown(content | {"links": {"next": "/v1/conversations?page=2"}}, paged=True)
    assert list(answer) == ["data", "meta", "included", "later", "org", "next_cursor", "notices"]


@pytest.mark.parametrize("content", [{"done": True}, {"data": None}, {"data": []}, {"data": [1, "a"]}, {"data": "a"}])
def test_what_is_no_record_stays(content: dict[str, Any]) -> None:
    assert shown(content) == content
    assert shown(content, fields=("name",)) == content


def test_a_next_page_is_never_lost() -> None:
    links = {"self": "/v1/x?page=1", "next": "/v1/x?page=2"}
    assert "links" in shown({"data": [], "links": links})
    content = {"data": [], "links": links, "next_cursor": "page=2"}
    assert shown(content, paged=True) == {"data": [], "next_cursor": "page=2"}
    assert shown(content) == {"data": [], "links": links}, "the tool takes no cursor"


# --- fields


def test_fields_leave_only_what_was_asked_for() -> None:
    row = record(
        name="Late", status="open", custom={"sizeStr": "L", "colorStr": "red"}, emails=[{"email": "a", "v": 1}]
    )
    answer = shown({"data": [row]}, fields=("status", "custom.sizeStr", "attributes.emails[].email"))
    only = {"status": "open", "custom": {"sizeStr": "L"}, "emails": [{"email": "a"}]}
    assert answer["data"][0]["attributes"] == only
    assert answer["data"][0]["relationships"]["customer"]["id"] == "c1"
    assert "notices" not in answer
    whole = shown({"data": [row]}, fields=("custom", "custom.sizeStr"))
    assert whole["data"][0]["attributes"] == {"custom": {"sizeStr": "L", "colorStr": "red"}}


def test_a_field_that_was_asked_for_is_shown_even_if_empty() -> None:
    answer = shown({"data": [record(name=None, tags=[], status=None)]}, fields=("name", "tags"))
    assert answer["data"][0]["attributes"] == {"name": None, "tags": []}
    assert "notices" not in answer


def test_a_field_that_no_record_has_is_told_with_the_nearest() -> None:
    rows = [record(status="open", custom={"sizeStr": "L"}), record("v2", channel="email")]
    answer = shown(a_list(*rows), fields=("staus", "sizeStr", "channel", "zzz"))
    assert answer["notices"] == ["No record here has `staus`, `sizeStr`, `zzz`; nearest: `status`, `custom.sizeStr`."]
    assert shown(answer, fields=("staus", "sizeStr", "channel", "zzz")) == answer


# --- notices


def test_masks_and_windows_are_told_and_masks_stay() -> None:
    window = {"endDate": "2026-06-16T09:00:00.000Z"}
    row = {"type": "customer", "id": "c1", "attributes": {"name": MASK, "unmaskingWindow": window}}
    answer = shown({"data": row}, unmask_tool="create_a_kustomer_customer_unmasking_window", fields=("name",))
    assert answer["data"]["attributes"] == {"name": MASK}
    masked, unmasked = answer["notices"]
    assert "customer_id `c1`" in masked
    assert unmasked.startswith("Unmasked until 2026-06-16")


# --- size


def texts(*lengths: int) -> list[dict[str, Any]]:
    return [record(f"v{n}", preview="x" * length) for n, length in enumerate(lengths)]


def test_a_list_is_cut_after_whole_records_with_a_cursor_for_the_rest() -> None:
    content = a_list(
        *texts(*[1000] * 10), meta={"page": 1, "pageSize": 10, "total": 30}, next_cursor="page=2&pageSize=10"
    )
    answer = shown(content, limit=6000, paged=True, query="status=open&page=1&pageSize=10&tag=a&tag=b")
    assert [row["id"] for row in answer["data"]] == ["v0", "v1", "v2", "v3"]
    assert answer["next_cursor"] == "status=open&tag=a&tag=b&page=2&pageSize=4"
    assert answer["notices"] == [
        "Cut at 6,000 bytes: 4 of these 10 records are shown. "
        "For the rest call again with next_cursor as `cursor`; `fields` would show more at once."
    ]
    assert size_of(answer) <= 6000


def test_a_few_records_less_are_shown_where_the_rest_would_come_one_by_one() -> None:
    content = a_list(*texts(*[1000] * 50), meta={"page": 2, "pageSize": 50})
    answer = shown(content, limit=4800, paged=True, query="page=2&pageSize=50")
    assert (len(answer["data"]), answer["next_cursor"]) == (2, "page=3&pageSize=26")  # 53 is prime


def test_pages_grow_again_to_what_the_caller_wants() -> None:
    content = a_list(*texts(10), meta={"page": 53, "pageSize": 1}, next_cursor="a=b&page=55&pageSize=1")
    assert shown(content, paged=True, page_size=50)["next_cursor"] == "a=b&page=3&pageSize=27"
    assert shown(content, paged=True)["next_cursor"] == "a=b&page=55&pageSize=1"
    assert shown(content | {"next_cursor": "after=x"}, paged=True, page_size=50)["next_cursor"] == "after=x"


NO_CURSOR = {
    "not paged": Presentation(limit=3000),
    "page of unknown size": Presentation(limit=3000, paged=True, query="page=2"),
    "more than a page": Presentation(limit=3000, paged=True, query="pageSize=5"),
}


@pytest.mark.parametrize("name", NO_CURSOR)
def test_a_cut_list_that_has_no_cursor_says_so(name: str) -> None:
    answer = present(a_list(*texts(*[1000] * 10), next_cursor="page=3"), NO_CURSOR[name])
    assert 0 < len(answer["data"]) < 3
    assert "next_cursor" not in answer
    assert "no cursor for the rest: name `fields`" in answer["notices"][0]


def test_a_page_of_more_digits_than_python_reads_is_no_page() -> None:
    content = a_list(*texts(*[1000] * 10), meta={"page": "9" * 5000}, next_cursor=f"page={'9' * 5000}&pageSize=1")
    assert 0 < len(shown(content, limit=3000, paged=True, page_size=50)["data"]) < 3


def test_included_records_come_with_the_records_that_refer_to_them() -> None:
    rows = texts(1000, 1000, 1000)
    for number, row in enumerate(rows):
        row["relationships"]["attachments"] = {"data": [{"type": "attachment", "id": f"a{n}"} for n in (0, number)]}
    included = [{"type": "attachment", "id": f"a{n}", "attributes": {"name": "n" * 500}} for n in (0, 1, 2, 9)]
    answer = shown(a_list(*rows, included=included), limit=4500, paged=True)
    assert (len(answer["data"]), [one["id"] for one in answer["included"]]) == (2, ["a0", "a1", "a9"])


def test_a_record_that_is_too_large_has_its_longest_texts_shortened() -> None:
    row = record(name="Late", preview="é" * 5000, body="x" * 3000, externalId="i" * 256, other="y" * 150)
    answer = shown({"data": row}, limit=3000)
    attributes = answer["data"]["attributes"]
    assert attributes["preview"].endswith("… [shortened, 5000 characters]")
    assert attributes["body"].startswith("x" * 500)
    assert {k: attributes[k] for k in ("name", "externalId", "other")} == {
        k: row["attributes"][k] for k in ("name", "externalId", "other")
    }
    assert answer["notices"] == ["Shortened: `attributes.preview`, `attributes.body`."]
    assert 2900 < size_of(answer) <= 3000


def test_a_record_that_no_shortening_fits_loses_its_largest_values_by_name_and_no_id() -> None:
    lines = [{"sku": str(number)} for number in range(1000)]
    row = record(data={"lines": lines, "orderId": "o" * 300, "note": "n"}, ids=["d" * 24] * 20, name=MASK)
    answer = shown({"data": row}, limit=2000)
    assert answer["data"]["attributes"] == {
        "data": {"orderId": "o" * 300, "note": "n"},
        "ids": ["d" * 24] * 20,
        "name": MASK,
    }
    assert "Left out to stay under 2,000 bytes: `attributes.data.lines`; `fields`" in answer["notices"][1]


def test_ids_types_relationships_and_masks_are_never_left_out() -> None:
    row = record(name="Late", externalId="E-1", secret=MASK)
    data = shown({"data": row}, limit=1)["data"]
    assert data == {**shown({"data": row})["data"], "attributes": {"externalId": "E-1", "secret": MASK}}


def test_a_first_record_that_is_too_large_is_shown_alone_and_shortened() -> None:
    answer = shown(a_list(*texts(9000, 10, 10)), limit=2000, paged=True)
    assert [row["id"] for row in answer["data"]] == ["v0"]
    assert answer["next_cursor"] == "page=2&pageSize=1"
    assert [said.split()[0] for said in answer["notices"]] == ["Cut", "Shortened:"]


def test_no_limit_is_no_cut() -> None:
    assert len(shown(a_list(*texts(*[9000] * 10)), limit=0)["data"]) == 10


def test_nearly_fifty_conversations_fit_and_cursors_reach_all_of_them_whatever_the_limit() -> None:
    with running() as sandbox, httpx.Client(base_url=sandbox.url) as client:

        def get(query: str) -> dict[str, Any]:
            reply = client.get(f"/v1/conversations?{query}", headers={"authorization": "Bearer sandbox-acme"})
            return answer_of(reply.status_code, reply.json()).content

        fifty = shown(get("pageSize=50"), query="pageSize=50", paged=True, unmask_tool="open")
        assert (len(fifty["data"]), fifty["next_cursor"]) == (45, "page=2&pageSize=45")
        seen, query = [], "pageSize=50"
        while query:
            answer = shown(get(query), query=query, paged=True, limit=9000)
            seen += [row["id"] for row in answer["data"]]
            query = answer.get("next_cursor", "")
    assert len(seen) == len(set(seen)) == 64
    assert seen[:45] == [row["id"] for row in fifty["data"]]


def _page(rows: list[dict[str, Any]], query: str, with_meta: bool) -> dict[str, Any]:
    """A page as Kustomer gives it, with the cursor that a call adds."""
    asked = dict(parse_qsl(query))
    page, size = int(asked.get("page", 1)), int(asked["pageSize"])
    following = urlencode({**asked, "page": page + 1})
    content: dict[str, Any] = {"data": rows[(page - 1) * size : page * size]}
    if with_meta:
        content["meta"] = {"page": page, "pageSize": size, "total": len(rows)}
    links = {"next": f"/v1/x?{following}" if page * size < len(rows) else None}
    return answer_of(200, {**content, "links": links}).content


@settings(deadline=None, max_examples=300)
@given(
    sizes=st.lists(st.integers(0, 3000) | st.just(10), max_size=70),
    size=st.integers(1, 60),
    page=st.integers(1, 4),
    limit=st.integers(1600, 9000),
    with_meta=st.booleans(),
    wanted=st.sampled_from([0, 100]),
)
def test_following_the_cursors_gives_every_record_exactly_once(
    sizes: list[int], size: int, page: int, limit: int, with_meta: bool, wanted: int
) -> None:
    rows = [record(f"v{n}", f"c{n}", preview="ö" * length, secret=MASK) for n, length in enumerate(sizes)]
    asked = f"tag=a%26b&page={page}&pageSize={size}"
    query, seen = asked, []
    for _ in range(len(rows) + 2):
        options = Presentation(limit=limit, query=query, paged=True, page_size=min(size, wanted), unmask_tool="open")
        answer = present(_page(rows, query, with_meta), options)
        assert size_of(answer) <= limit
        seen += [row["id"] for row in answer["data"]]
        cursor = answer.get("next_cursor")
        if cursor is None:
            break
        query = urlencode(with_cursor(parse_qsl(asked), cursor))
        assert dict(parse_qsl(query))["tag"] == "a&b"
        assert int(dict(parse_qsl(query))["pageSize"]) <= size
    assert seen == [f"v{n}" for n in range((page - 1) * size, len(rows))]


@pytest.mark.parametrize(
    "beside", [{"results": ["x" * 90] * 99}, {"meta": {"counts": ["x" * 90] * 99}}, {"text": "x" * 9000}]
)
def test_what_stands_beside_the_records_is_held_to_the_limit_too(beside: dict[str, Any]) -> None:
    answer = shown({"data": record(name="Late"), **beside}, limit=3000)
    assert size_of(answer) <= 3000
    assert answer["data"]["attributes"] == {"name": "Late"}
    assert next(iter(beside)) in " ".join(answer["notices"])


SCALARS = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.just(MASK)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abI_d", max_size=3), inner, max_size=3),
)
LINKS = st.fixed_dictionaries({}, optional={"self": st.just("/v1/x/1/y"), "next": st.just("/v1/x?page=2")})
REFERENCE = st.fixed_dictionaries({"type": st.sampled_from(["customer", "org"]), "id": st.sampled_from(["1", "2"])})
RELATIONSHIP = st.fixed_dictionaries(
    {}, optional={"links": LINKS, "data": st.none() | REFERENCE | st.lists(REFERENCE, max_size=2), "meta": VALUES}
)
RECORDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["customer", "message"]), "id": st.sampled_from(["1", "2"])},
    optional={
        "attributes": st.dictionaries(
            st.sampled_from(["name", "custom", "updatedAt", "modifiedAt"]), VALUES, max_size=4
        ),
        "relationships": st.dictionaries(st.sampled_from(["org", "customer", "all"]), RELATIONSHIP, max_size=3),
        "links": st.just({"self": "/v1/x/1"}),
        "later": VALUES,
    },
)
CONTENTS = st.fixed_dictionaries(
    {"data": RECORDS | st.lists(RECORDS, max_size=3) | VALUES},
    optional={"included": st.lists(RECORDS, max_size=2), "meta": VALUES, "links": LINKS, "later": VALUES},
)


@settings(deadline=None, max_examples=300)
@given(
    content=CONTENTS,
    fields=st.lists(st.sampled_from(["name", "custom.a", "nam", "modifiedAt", "custom"]), max_size=3),
)
def test_to_present_twice_is_to_present_once_and_the_input_stays(content: dict[str, Any], fields: list[str]) -> None:
    before = copy.deepcopy(content)
    options = Presentation(fields=tuple(fields), unmask_tool="open")
    answer = present(content, options)
    assert content == before
    assert present(answer, options) == answer


@settings(deadline=None, max_examples=200)
@given(content=CONTENTS, limit=st.integers(1, 2000), paged=st.booleans())
def test_any_limit_can_be_asked_for(content: dict[str, Any], limit: int, paged: bool) -> None:
    before = copy.deepcopy(content)
    answer = present(content, Presentation(limit=limit, paged=paged))
    assert content == before
    assert bool(answer["data"]) == bool(content["data"]) or not isinstance(content["data"], list)
