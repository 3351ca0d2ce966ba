"""Owns the issuer and the grants of the OAuth tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "generated" / "acme") not in sys.path:
    sys.path.insert(0, str(ROOT / "generated" / "acme"))

from oauth_kit import IssuerProcess, issuer_process  # noqa: E402


@pytest.fixture(scope="session")
def _issuer() -> Iterator[IssuerProcess]:
    with issuer_process() as one:
        yield one


@pytest.fixture
def issuer(_issuer: IssuerProcess) -> IssuerProcess:
    """A running issuer that is well."""
    _issuer.mode("well")
    return _issuer


@pytest.fixture(scope="session")
def fixed_issuer() -> Iterator[IssuerProcess]:
    """An issuer whose keys nobody rotates."""
    with issuer_process() as one:
        yield one
