"""Owns the repositories and forges of the regeneration's tests. Must not hold an expectation."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import regeneration_forge as forges
import regeneration_kit as kit
from regeneration_world import KEYS, World

from generator.sandbox import Sandbox, fresh, running


@pytest.fixture
def github() -> Iterator[forges.State]:
    with forges.forge(forges.answer_github) as state:
        yield state


@pytest.fixture
def gitlab() -> Iterator[forges.State]:
    with forges.forge(forges.answer_gitlab) as state:
        yield state


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kit.small(tmp_path_factory.mktemp("small"))


@pytest.fixture
def plain(tmp_path: Path, small: Path) -> kit.Repository:
    """A repository without a forge."""
    return kit.repository(tmp_path, small)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, Path]]:
    """The emulator, and a repository's content that is what it gives."""
    folder = tmp_path_factory.mktemp("start")
    shutil.copytree(kit.ROOT / "specs", folder / "specs")
    shutil.copytree(
        kit.ROOT / "generated", folder / "generated", ignore=shutil.ignore_patterns(".mypy_cache", "__pycache__")
    )
    with running(fresh()) as sandbox:
        made = kit.Repository(folder, folder, {**KEYS, "KUSTOMER_BASE_URL": sandbox.url})
        done = made.tool("regenerate", "--all")
        assert done.code == 0, done
        yield sandbox, folder


@pytest.fixture
def world(start: tuple[Sandbox, Path], tmp_path: Path, request: pytest.FixtureRequest) -> World:
    sandbox, content = start
    sandbox.start_over()
    kind = request.param
    state = request.getfixturevalue(kind)
    made = kit.repository(tmp_path, content)
    return World(sandbox, (kit.with_github if kind == "github" else kit.with_gitlab)(made, state), state)
