"""Owns the emulator that the tests of faults start. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator_kit import roomy

from generator.sandbox import Sandbox


@pytest.fixture
def emulator() -> Iterator[Sandbox]:
    """A Kustomer emulator whose journal is this test's alone."""
    with roomy() as one:
        yield one
