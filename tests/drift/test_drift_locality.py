"""A small change upstream is a small diff: how that is counted and held. The count itself is in test_drift_mutations.py."""

from __future__ import annotations

from pathlib import Path

import drift_cases
from drift_locality import Size, aim, counted, is_within, published, row, section, with_rows

from generator.tree import FileChange


def test_lines_are_counted_as_git_does(tmp_path: Path) -> None:
    changes = [
        FileChange("~", "a/b.py", "one\ntwo\nthree\n", "one\n2\nthree\nfour\n"),
        FileChange("+", "new.md", None, "one\ntwo\n"),
        FileChange("-", "old.md", "one\n", None),
    ]
    assert counted(changes, tmp_path) == Size(3, 3 + 2 + 1)
    assert counted([], tmp_path / "none") == Size(0, 0)


def test_every_attribute_and_every_text_has_an_aim() -> None:
    held = [case for case in drift_cases.singles() if aim(case.kind)]
    assert sum(case.kind.startswith("attribute") for case in held) >= 140
    assert sum(case.kind.startswith("operation") for case in held) >= 20
    told = {one.rule for case in drift_cases.singles() if not aim(case.kind) for one in case.expected}
    assert not {rule for rule in told if rule.startswith("attribute-") or rule == "tool-description-changed"}


def test_a_diff_that_is_too_large_would_be_seen() -> None:
    assert is_within("attribute added", Size(6, 60))
    assert not is_within("attribute added", Size(7, 1))
    assert not is_within("attribute removed, backwards", Size(1, 61))
    assert not is_within("operation titled anew", Size(4, 13))
    assert is_within("Klass added", Size(100, 10_000)), "no aim is set for it, but its row is published"


def test_the_published_table_takes_new_rows_and_keeps_the_others() -> None:
    old = row("one", [Size(1, 1), Size(2, 4)])
    assert old == "| one | 2 | 1.5 | 2 | 2.5 | 4 |"
    text = "# Title\n\n| one | 9 | of another table |\n\n" + section({"one": old, "two": row("two", [Size(0, 0)])})
    changed = with_rows(text, {"one": row("one", [Size(3, 3)])})
    assert published(changed) == {"one": "| one | 1 | 3 | 3 | 3 | 3 |", "two": "| two | 1 | 0 | 0 | 0 | 0 |"}
    assert changed.startswith("# Title\n\n| one | 9 | of another table |\n\n")
    assert with_rows(changed, {}) == changed
