"""Owns the servers, packages and processes of the package tests. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from emulator_kit import roomy
from hypothesis import settings as hypothesis_settings

from generator.sandbox import Sandbox, fresh

# How long an example takes says something about the machine only.
hypothesis_settings.register_profile("package", deadline=None)
hypothesis_settings.load_profile("package")


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Sandbox]:
    with roomy() as one:
        yield one


@pytest.fixture
def emulator(_emulator: Sandbox) -> Sandbox:
    """The Kustomer emulator with fresh seeds, nothing journaled."""
    _emulator.start_over(fresh(settings=_emulator.world.settings))
    return _emulator
