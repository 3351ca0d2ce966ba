"""Owns what the generator's tests build once: the package of everything. Must not hold an expectation."""

from __future__ import annotations

import generator_kit as kit
import pytest

from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot


@pytest.fixture(scope="session")
def real() -> Snapshot:
    return kit.real()


@pytest.fixture(scope="session")
def everything(real: Snapshot) -> Package:
    """Every operation of the nine documents with acme's Klasses, in `lean`."""
    return build(real, kit.tenant("acme", detail="lean"))


@pytest.fixture(scope="session")
def everything_files(everything: Package) -> dict[str, str]:
    return render(everything)
