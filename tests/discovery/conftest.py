"""Owns the packages of these tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "generated" / "acme"))

from discovery_kit import Package, everything


@pytest.fixture(scope="session")
def made() -> Callable[[str], Package]:
    """The package of every operation, in full or lean; made once a run."""
    return cache(everything)
