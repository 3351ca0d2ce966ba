"""Owns the servers that the tests of a module share. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator_kit import roomy

from generator.sandbox import Sandbox


@pytest.fixture(scope="session")
def emulator() -> Iterator[Sandbox]:
    """The Kustomer emulator; tests look at what is new in its journal."""
    with roomy() as one:
        yield one
