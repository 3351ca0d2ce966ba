"""A small change upstream is a small diff: few files, few lines, and no other version than the findings ask for."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import drift_cases
import pytest
from drift_kit import Case, World, found

from generator import release
from generator.states import package_of
from generator.tree import apply

_SAMPLED = 3
# Kind of mutation -> the most files and lines that it may change, the changelog aside.
LIMITS = {
    "attribute added": (6, 60),
    "attribute removed": (6, 60),
    "attribute deleted": (6, 60),
    "attribute labelled anew": (6, 60),
    "attribute's choice added": (6, 60),
    "attribute's choice removed": (6, 60),
    "attribute became sensitive": (6, 60),
    "operation described anew": (4, 12),
    "operation titled anew": (4, 12),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed package of the base, with the texts that git would have."""
    folder = tmp_path_factory.mktemp("tree") / "acme"
    apply(folder, release.plan(folder, package_of(*World().built())).changes)
    return folder


@lru_cache
def sampled() -> tuple[Case, ...]:
    dice = random.Random(5)
    kinds = {kind: [case for case in drift_cases.singles() if case.kind == kind] for kind in LIMITS}
    return tuple(case for cases in kinds.values() for case in dice.sample(cases, min(_SAMPLED, len(cases))))


def lines(plan: release.Plan) -> Iterator[tuple[str, int]]:
    """Every changed file with its changed lines, as `git diff --numstat` counts them: added and removed."""
    for change in plan.changes:
        if change.path != "CHANGELOG.md":
            sides = ((text or "").splitlines() for text in (change.old, change.new))
            rows = difflib.unified_diff(*sides, n=0, lineterm="")
            yield change.path, sum(row[:1] in "+-" and row[:3] not in ("+++", "---") for row in rows)


@pytest.mark.parametrize("kind", LIMITS)
def test_a_change_is_shown_in_few_files_and_lines(kind: str, tree: Path) -> None:
    files, most = LIMITS[kind]
    for case in (case for case in sampled() if case.kind == kind):
        world = World()
        case.mutate(world)
        changed = dict(lines(release.plan(tree, package_of(*world.built()))))
        print(kind, case.name, sum(changed.values()), changed)
        assert len(changed) <= files, (case.name, changed)
        assert sum(changed.values()) <= most, (case.name, changed)


def test_what_nobody_notices_changes_no_file_but_hashes(tree: Path) -> None:
    silent = {case.kind: case for case in drift_cases.singles() if not case.expected}
    for case in silent.values():
        world = World()
        case.mutate(world)
        plan = release.plan(tree, package_of(*world.built()))
        assert plan.package.version == plan.before, case.kind
        assert {path for path, _ in lines(plan)} <= {"manifest.json"}, case.kind
        assert found(case) == ()
