"""Owns the issuer and the grants of the OAuth tests. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from oauth_kit import IssuerProcess, issuer_process


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
