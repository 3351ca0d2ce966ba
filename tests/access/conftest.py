"""Owns the package and the emulator of these tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from access_careful import careful_package
from hypothesis import settings as hypothesis_settings

from generator.sandbox import Sandbox, fresh, running

# How long an example takes says something about the machine only.
hypothesis_settings.register_profile("access", deadline=None, max_examples=25)
hypothesis_settings.load_profile("access")


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Sandbox]:
    with running(fresh()) as one:
        yield one


@pytest.fixture
def emulator(_emulator: Sandbox) -> Sandbox:
    """The Kustomer emulator with fresh seeds, nothing journaled."""
    _emulator.start_over(fresh())
    return _emulator


@pytest.fixture(scope="session")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any, str], Any]:
    """Makes a server, with an access over stdio, of a package whose deletions are to be confirmed and whose writes can be tried."""
    folder = tmp_path_factory.mktemp("careful")
    module = careful_package(folder)
    sys.path.insert(0, str(folder))

    def serve(exposure: str, base_url: str) -> Any:
        access, settings = import_module(f"{module}.runtime.access"), import_module(f"{module}.runtime.settings")
        build = import_module(f"{module}.runtime.server").build_server
        local = access.Access("", None, exposure)
        return build(
            import_module(f"{module}.server").INFO, settings.Settings(base_url=base_url, api_key="sandbox-acme"), local
        )

    return serve
