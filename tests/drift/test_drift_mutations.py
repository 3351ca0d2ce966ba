"""Every mutation that callers can notice is found, by the right rule, with the right severity and tools; no other is."""

from __future__ import annotations

import os
from collections import Counter

import drift_cases
import pytest
from drift_kit import ROOT, expected, found, seen
from drift_table import right, table

DOC = ROOT / "docs" / "drift-mutations.md"


_PARTS = 8


@pytest.mark.parametrize("part", range(_PARTS))
def test_every_mutation_yields_exactly_what_it_must(part: int) -> None:
    cases = (*drift_cases.singles(), *drift_cases.pairs())[part::_PARTS]
    results = [(case, seen(found(case))) for case in cases]
    print(table(results))
    wrong = [(case.kind, case.name, case.expected, got) for case, got in results if not right((case, got))]
    assert wrong == []


def test_the_published_table_is_that_of_these_mutations() -> None:
    """What was found is what was expected, or the test above fails; so the table follows from the cases."""
    text = table((case, list(case.expected)) for case in (*drift_cases.singles(), *drift_cases.pairs()))
    print(text)
    if os.environ.get("UPDATE_EXPECTED") == "1":
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
