"""Every mutation that callers can notice is found, by the right rule, with the right severity and tools; no other is."""

from __future__ import annotations

import os
from collections import Counter
from functools import lru_cache
from pathlib import Path

import drift_cases
import drift_locality
import pytest
from drift_kit import ROOT, Case, expected, found, seen
from drift_table import right, table

DOC = ROOT / "docs" / "drift-mutations.md"
UPDATES = os.environ.get("UPDATE_EXPECTED") == "1"
_PARTS = 8


@lru_cache
def parts() -> tuple[tuple[Case, ...], ...]:
    """The single mutations in parts of about the same size, each with all of its kinds."""
    kinds: dict[str, list[Case]] = {}
    for case in drift_cases.singles():
        kinds.setdefault(case.kind, []).append(case)
    made: list[list[Case]] = [[] for _ in range(_PARTS)]
    for cases in sorted(kinds.values(), key=len, reverse=True):
        min(made, key=len).extend(cases)
    return tuple(map(tuple, made))


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed package that every mutation starts from."""
    return drift_locality.base_tree(tmp_path_factory.mktemp("base") / "acme")


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_mutation_yields_exactly_what_it_must_in_a_small_diff(part: int, base: Path) -> None:
    made = [(case, drift_locality.made(case, base)) for case in parts()[part]]
    results = [(case, seen(one.findings)) for case, one in made]
    sizes: dict[str, list[drift_locality.Size]] = {}
    for case, one in made:
        sizes.setdefault(case.kind, []).append(one.size)
    rows = {kind: drift_locality.row(kind, several) for kind, several in sizes.items()}
    print(table(results, rows))
    wrong = [(case.kind, case.name, case.expected, got) for case, got in results if not right((case, got))]
    assert wrong == []
    large = [(c.kind, c.name, o.size, o.paths) for c, o in made if not drift_locality.is_within(c.kind, o.size)]
    assert large == []
    loud = [
        (c.kind, c.name, o.paths) for c, o in made if not c.expected and (o.is_released or o.paths - {"manifest.json"})
    ]
    assert loud == [], "what nobody notices changes no version, and no file but the manifest"
    if UPDATES:
        DOC.write_text(drift_locality.with_rows(DOC.read_text(encoding="utf-8"), rows), encoding="utf-8", newline="\n")
    told = drift_locality.published(DOC.read_text(encoding="utf-8"))
    assert {kind: told.get(kind) for kind in rows} == rows, "UPDATE_EXPECTED=1 writes them anew"


def test_every_pair_yields_what_both_must() -> None:
    results = [(case, seen(found(case))) for case in drift_cases.pairs()]
    wrong = [(case.kind, case.name, case.expected, got) for case, got in results if not right((case, got))]
    assert wrong == []


def test_the_published_tables_are_those_of_these_mutations() -> None:
    """What was found is what was expected, or a test above fails, and so do the rows of sizes; so the rest follows from the
    cases."""
    told = drift_locality.published(DOC.read_text(encoding="utf-8"))
    kinds = sorted({case.kind for case in drift_cases.singles()})
    assert set(kinds) <= set(told), "UPDATE_EXPECTED=1 python -m pytest tests/drift writes them anew"
    cases = (*drift_cases.singles(), *drift_cases.pairs())
    text = table(((case, list(case.expected)) for case in cases), {kind: told[kind] for kind in kinds})
    print(text)
    if UPDATES:
        DOC.write_text(text, encoding="utf-8", newline="\n")
        pytest.skip("written anew: docs/drift-mutations.md")
    assert DOC.read_text(encoding="utf-8") == text, "UPDATE_EXPECTED=1 writes it anew"


def test_the_suite_is_as_large_and_as_wide_as_it_says() -> None:
    singles = drift_cases.singles()
    assert len(singles) >= 300
    assert len({(case.kind, case.name) for case in singles}) == len(singles), "every mutation is another one"
    assert sum(not case.expected for case in singles) >= 40, "silence is tested as well"
    kinds = Counter(case.kind for case in singles)
    assert len(kinds) >= 60


def test_a_wrong_finding_would_be_seen() -> None:
    case = drift_cases.singles()[0]
    assert right((case, list(case.expected)))
    assert not right((case, []))
    assert not right((case, [*case.expected, expected("tool-added", "info", "x")]))
    assert not right((case, [expected(one.rule, "info", one.tools) for one in case.expected]))
    assert not right((case, [expected(one.rule, one.severity, "another") for one in case.expected]))
