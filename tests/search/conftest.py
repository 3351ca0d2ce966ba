"""Owns the generated packages and the servers of the search tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import httpx
import pytest
from emulator_kit import roomy
from search_kit import KEY, PASCAL, Ask, Package, built, files_of, klass_files

from generator.render import render
from generator.sandbox import Sandbox


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    """Every search, generated for acme's Klasses and one whose name is in PascalCase."""
    folder = tmp_path_factory.mktemp("searching")
    files_of(folder, render(built(klass_files())))
    sys.path.insert(0, str(folder))
    yield Package("kustomer_mcp_searching", folder)
    sys.path.remove(str(folder))


def _with_pascal(sandbox: Sandbox) -> None:
    """The PascalCase Klass with two records, made as an administrator would."""
    with httpx.Client(base_url=sandbox.url, headers={"authorization": f"Bearer {KEY}"}) as client:
        made = client.post("/v1/klasses", json={"name": PASCAL["name"], "icon": "car", "color": "#123456"})
        assert made.status_code in (200, 201), made.text
        properties = {name: {"displayName": name, **row} for name, row in PASCAL["attributes"].items()}
        client.put(f"/v1/metadata/kobject.{PASCAL['name']}", json={"properties": properties}).raise_for_status()
        for plate, seats in (("AB-1", 4), ("CD-2", 7)):
            body = {"title": f"Car {plate}", "custom": {"PlateStr": plate, "seat_countNum": seats}}
            client.post(f"/v1/klasses/{PASCAL['name']}", json=body).raise_for_status()


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One server for all tests; none of them writes after this."""
    with roomy() as one:
        _with_pascal(one)
        yield one


@pytest.fixture
def ask(package: Package, sandbox: Sandbox) -> Iterator[Ask]:
    """Calls a tool of the package as the server does."""
    sandbox.journal.clear()
    yield Ask(package, sandbox)
