"""What people say who want a tool: every operation has a row, every row an operation, and all of it is for the index alone."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from discovery_kit import ROOT, Package

from generator.ir import Klass
from generator.package import document_catalog
from generator.phrases import PHRASES, TABLES, phrases, split
from generator.phrases.klasses import SEARCH_ROW, klass_phrases, nouns
from generator.snapshot import load

FEWEST = 4
REQUESTS = tomllib.loads((Path(__file__).parent / "requests.toml").read_text(encoding="utf-8"))["request"]


@pytest.fixture(scope="module")
def operations() -> set[str]:
    """Every operation of the documents, by method and path as published."""
    return {operation.key for operation in document_catalog(load(ROOT, ["acme"])).operations}


def test_every_operation_has_a_row_of_phrases(operations: set[str], made: Callable[[str], Package]) -> None:
    without = {tool.name for tool in made("full").described if not tool.asked}
    assert without == set()
    branched = {name for name in PHRASES if " " not in name}
    assert branched <= made("full").names
    assert len(operations - set(PHRASES)) <= len(branched)


def test_every_row_is_one_of_an_operation_or_a_tool(operations: set[str], made: Callable[[str], Package]) -> None:
    assert sorted(set(PHRASES) - operations - made("full").names - {SEARCH_ROW}) == []


def test_no_row_stands_in_two_tables_and_none_is_thin() -> None:
    assert sum(map(len, TABLES)) == len(PHRASES)
    assert [key for key, row in PHRASES.items() if len(split(row)) < FEWEST] == []
    assert [key for key, row in PHRASES.items() if len(set(split(row))) < len(split(row))] == []


def test_no_phrase_is_a_request_that_the_ranking_is_measured_by() -> None:
    asked = {row["text"].lower().rstrip("?. ") for row in REQUESTS}
    assert [said for row in PHRASES.values() for said in split(row) if said.lower().rstrip("?. ") in asked] == []


def test_phrases_are_seen_by_no_client(made: Callable[[str], Package]) -> None:
    contracts = json.dumps(made("full").contracts)
    assert [
        said for tool in made("full").described for said in tool.asked if len(said) > 40 and said in contracts
    ] == []


def test_a_tool_is_found_by_every_phrase_of_its_own(made: Callable[[str], Package]) -> None:
    """Among the first ten; a phrase that fits other tools better is of no use. A few are said of twins, such as PUT and PATCH."""
    package = made("full")
    said = [(tool.name, phrase) for tool in package.described for phrase in tool.asked]
    lost = [
        row for row in said if row[0] not in [tool.name for tool in package.ranking.best(row[1], package.names, 10)]
    ]
    assert len(lost) <= len(said) / 50, lost


def test_any_known_word_finds_something(made: Callable[[str], Package]) -> None:
    package = made("full")
    words = (
        "lunch",
        "parcel",
        "gist",
        "monday",
        "new",
        "show",
        "kick",
        "flurbs please show",
        "remove the gnarl",
        "dhl",
    )
    assert [word for word in words if not package.ranking.best(word, package.names, 5)] == []


def test_a_klass_is_asked_for_by_what_people_call_its_records(made: Callable[[str], Package]) -> None:
    package = made("full")
    for request, tool in (
        ("where is the parcel", "kustomer_shipment_custom_objects_search"),
        ("cancel her monthly plan", "update_a_kustomer_subscription_custom_object_by_id"),
        ("log a broken product under guarantee", "create_a_kustomer_warranty_claim_custom_object"),
    ):
        assert tool in [found.name for found in package.ranking.best(request, package.names, 5)], request


def test_phrases_of_a_klass_are_made_of_its_names() -> None:
    klass = Klass("parcel-delivery", "Delivery", False, ())
    said = klass_phrases(["where is the {one}", "all {many}"], klass)
    assert said[:2] == ("where is the delivery", "all parcel deliveries")
    assert {"parcel", "package"} <= set(nouns(klass))


def test_what_can_be_chosen_in_a_klass_leads_to_its_own_tools(made: Callable[[str], Package]) -> None:
    asked = {tool.name: tool.asked for tool in made("full").described}
    assert "carrier: dhl, fedex, ups, usps" in asked["kustomer_shipment_custom_objects_search"]
    assert "carrier: dhl, fedex, ups, usps" not in asked["kustomer_order_custom_objects_search"]


def test_a_tool_of_which_nothing_is_known_has_no_phrases() -> None:
    from generator.config import Tenant
    from generator.package import build

    made = build(load(ROOT, ["acme"]), Tenant("acme", "tenant.toml", "https://acme.example"))
    first = made.toolsets[0]
    strange = replace(first.tools[0], name="strange", operations=("GET /v9/strange",))
    assert phrases(replace(made, toolsets=(replace(first, tools=(strange,)),))) == {"strange": ()}
