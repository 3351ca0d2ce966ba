"""Owns what the hostile tests share a run: no cache, and the canary. No expectation."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hostile_kit as kit
import pytest

from generator import cache


@pytest.fixture(scope="module", autouse=True)
def _cache_off() -> Iterator[None]:
    """Nothing that a test makes of a hostile document comes from, or stays in, a cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(cache.VARIABLE, "off")
        yield


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """The file that a planted string makes if it ever runs; it must not be there at the end."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists(), "a string of a document ran"
    assert kit.ROOT.joinpath("canary").exists() is False
