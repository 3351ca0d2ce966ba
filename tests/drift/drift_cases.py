"""Owns the whole suite of mutations, in one fixed order: seeded, so that every run and every process has the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import drift_documents
import drift_klass_cases
import drift_selection
from drift_kit import Case, World

_SEED = 20261122


# Read backwards, a mutation of one kind is one of another: its rule -> the rule of the way back, with its severity.
_BACK = {
    "field added, required": ("argument-removed", "breaking"),
    "field removed": ("argument-added", "info"),
    "choices closed": ("argument-type-widened", "info"),
    "bounds tightened": ("argument-bounds-loosened", "info"),
    "field became any value": ("argument-type-narrowed", "breaking"),
    "field became required": ("argument-became-optional", "info"),
    "attribute removed": ("attribute-added", "info"),
    "attribute deleted": ("attribute-restored", "info"),
    "attribute disabled": ("attribute-restored", "info"),
    "attribute's choices closed": ("attribute-choices-opened", "info"),
    "attribute's choices opened": ("attribute-choices-closed", "breaking"),
    "attribute became sensitive": ("attribute-sensitive-removed", "info"),
    "tool excluded": ("tool-added", "info"),
    "confirmation asked": ("confirmation-removed", "info"),
    "operation removed, not selected": ("operation-available", "info"),
}
_EACH_BACK = 4


@lru_cache
def singles() -> tuple[Case, ...]:
    """Every single mutation, forwards, and some of them backwards."""
    kinds = (*drift_documents.KINDS, *drift_klass_cases.KINDS, *drift_selection.KINDS)
    made = tuple(case for number, kind in enumerate(kinds) for case in kind(random.Random(_SEED + number)))
    return (*made, *(back for kind in _BACK for back in _backwards([case for case in made if case.kind == kind])))


def _backwards(cases: list[Case]) -> Iterator[Case]:
    for case in random.Random(_SEED).sample(cases, min(_EACH_BACK, len(cases))):
        rule, severity = _BACK[case.kind]
        [one] = case.expected
        yield replace(
            case, kind=f"{case.kind}, backwards", backwards=True, expected=(replace(one, rule=rule, severity=severity),)
        )


@lru_cache
def pairs() -> tuple[Case, ...]:
    """Two mutations that have nothing to do with one another: one of a document, one of a Klass."""
    dice = random.Random(_SEED)
    documents = [c for number, kind in enumerate(drift_documents.KINDS[:6]) for c in kind(random.Random(_SEED + number)) if "klasses" not in c.name]  # fmt: skip
    attributes = [c for c in drift_klass_cases.attributes(random.Random(_SEED)) if c.name.partition(".")[0] in ("order", "shipment")]  # fmt: skip
    return tuple(_both(dice.choice(documents), dice.choice(attributes)) for _ in range(40))


def _both(one: Case, other: Case) -> Case:
    def mutate(world: World) -> None:
        one.mutate(world)
        other.mutate(world)

    return Case(
        "pair", f"{one.kind}: {one.name} + {other.kind}: {other.name}", mutate, (*one.expected, *other.expected)
    )
