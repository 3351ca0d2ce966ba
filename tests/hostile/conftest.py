"""Owns what the hostile tests share a run: the generator tests' kit on the path, a cache of their own, the canary. No expectation."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "generator"))

import hostile_kit as kit


@pytest.fixture(scope="session", autouse=True)
def _cache_off() -> Iterator[None]:
    """Nothing that a test makes of a hostile document comes from, or stays in, a cache."""
    before = os.environ.get("KUSTOMER_MCP_CACHE")
    os.environ["KUSTOMER_MCP_CACHE"] = "off"
    yield
    os.environ.pop("KUSTOMER_MCP_CACHE")
    if before is not None:
        os.environ["KUSTOMER_MCP_CACHE"] = before


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """The file that a planted string makes if it ever runs; it must not be there at the end."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "a string of a document ran"
    assert kit.ROOT.joinpath("canary").exists() is False
