"""Owns the packages of these tests. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from discovery_kit import Package, everything


@pytest.fixture(scope="session")
def made() -> Callable[[str], Package]:
    """The package of every operation, in full or lean; made once a run."""
    return cache(everything)
