"""Owns the package and the emulator of the doctor's tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from doctor_kit import MODULE, TOOLS, package, write

from generator.sandbox import Sandbox

Examine = Callable[..., Awaitable[list[Any]]]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the package is, importable."""
    made = write(package("checked", include=TOOLS), tmp_path_factory.mktemp("checked"))
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))


@pytest.fixture
def examine(folder: Path, sandbox: Sandbox) -> Examine:
    """Examines the package with a key, against the emulator or another address."""
    doctor = import_module(f"{MODULE}.runtime.doctor")
    settings = import_module(f"{MODULE}.runtime.settings")

    async def made(key: str = "sandbox-acme", base_url: str = "", **rest: Any) -> list[Any]:
        given = settings.Settings(base_url=base_url or sandbox.url, api_key=key, timeout=5)
        checks: list[Any] = await doctor.examine(doctor.Subject(MODULE, given, **rest))
        return checks

    return made
