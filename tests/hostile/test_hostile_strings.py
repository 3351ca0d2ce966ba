"""Every hostile string in every place: refused in words, or data in what comes out, which imports and runs nothing of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import generator_kit
import hostile_checks as checks
import hostile_kit as kit
import hostile_places as places
import pytest
from hostile_checks import MODULE
from hostile_kit import CORPUS, Row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# More of them: HOSTILE_EXAMPLES=1000 python -m pytest tests/hostile
EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", "20"))
pieces = st.lists(
    st.one_of(st.sampled_from(CORPUS).map(lambda row: row.value[:300]), st.text(st.characters(codec=None, categories=None), max_size=8)),
    min_size=1,
    max_size=4,
).map("".join)  # fmt: skip
mixed = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)  # fmt: skip


def _ran(folder: Path, files: dict[str, str] | None) -> None:
    """What came out is harmless as text, and stays so when it is imported."""
    if files is not None:
        checks.assert_harmless(files)
        with kit.imported(folder, files):
            pass


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row.id)
def test_a_string_wherever_free_text_stands_is_text_of_a_package_that_works(
    row: Row, tmp_path: Path, canary: Path
) -> None:
    value = kit.planted(row.value, canary=str(canary))
    files = kit.files_of(kit.package(*places.text_places(value)))
    if files is None:
        assert _no_utf8(value), "free text may not be refused"
        return
    _ran(tmp_path, files)


def _no_utf8(value: str) -> bool:
    return any(0xD800 <= ord(char) < 0xE000 for char in value)


@settings(mixed, max_examples=EXAMPLES)
@given(value=pieces)
def test_any_mixture_wherever_free_text_stands_is_refused_or_data(value: str, tmp_path: Path, canary: Path) -> None:
    value = kit.planted(value, canary=str(canary))
    _ran(tmp_path, kit.files_of(kit.package(*places.text_places(value))))


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row.id)
def test_a_title_of_the_tenant_is_data_everywhere(row: Row, tmp_path: Path, canary: Path) -> None:
    value = kit.planted(row.value, canary=str(canary))
    files = kit.files_of(kit.package(places.things(), {}, title=value))
    assert files is not None
    _ran(tmp_path, files)


@pytest.mark.parametrize("place", places.MANY)
def test_every_string_in_place_of_a_name_is_refused_or_data(place: str, tmp_path: Path, canary: Path) -> None:
    values = [kit.planted(row.value, canary=str(canary)) for row in CORPUS]
    accepted = [value for value in values if kit.package(*places.MANY[place]((value,))) is not None]
    assert len(accepted) > len(values) // 2
    for number, package in enumerate(places.side_by_side(places.MANY[place], accepted)):
        _ran(tmp_path / str(number), kit.files_of(package))


@pytest.mark.parametrize("place", places.ONE)
def test_every_string_where_one_name_stands_is_refused_or_data(place: str, tmp_path: Path, canary: Path) -> None:
    seen = []
    for row in CORPUS:
        made = kit.package(*places.ONE[place](kit.planted(row.value, canary=str(canary))))
        alike = made and replace(made, inputs={}, notes=())
        if alike not in seen:  # a string that leaves no trace is looked at once
            seen.append(alike)
            _ran(tmp_path / row.id, kit.files_of(made))
    assert place in ("$ref", "type") or [one for one in seen if one is not None]


@pytest.mark.parametrize("place", [*places.MANY, *places.ONE])
@settings(mixed, max_examples=EXAMPLES // 4)
@given(value=pieces)
def test_any_mixture_in_place_of_a_name_is_refused_or_data(
    place: str, value: str, tmp_path: Path, canary: Path
) -> None:
    value = kit.planted(value, canary=str(canary))
    made = places.MANY[place]((value,)) if place in places.MANY else places.ONE[place](value)
    _ran(tmp_path, kit.files_of(kit.package(*made)))


# ------------------------------------------------------------------------- data means: the same string comes out


def _schemas(files: dict[str, str]) -> Iterator[Any]:
    for path, source in files.items():
        if path.startswith(f"{MODULE}/contract/") and path.endswith(".json"):
            for contract in json.loads(source):
                yield contract["inputSchema"]


@pytest.mark.parametrize("row", CORPUS, ids=lambda row: row.id)
async def test_a_choice_and_a_property_reach_the_wire_as_they_are(row: Row, tmp_path: Path, canary: Path) -> None:
    value = kit.planted(row.value, canary=str(canary))
    kinds = {"type": "object", "properties": {"kind": {"type": "string", "enum": [value, "other"]}}}
    names = {"type": "object", "properties": {value: {"type": "string"}}}
    properties = {"chosen": kinds, "named": names}
    files = kit.files_of(
        kit.package(places.things(requestBody=generator_kit.body({"type": "object", "properties": properties})), {})
    )
    if files is None:
        return
    (offered,) = [one["properties"]["chosen"] for one in _schemas(files) if "chosen" in one["properties"]]
    assert value in offered["properties"]["kind"]["enum"] if "properties" in offered else len(value) > 300
    given = {"chosen": {"kind": value}, "named": {value: "there"}}
    with kit.imported(tmp_path, files) as module:
        sent = await generator_kit.call(module, "things", "create_a_kustomer_thing", given)
        assert sent.body == given
