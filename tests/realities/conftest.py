"""Owns the packages and the emulator of these tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from realities_kit import Connect

from generator.config import Tenant
from generator.package import build
from generator.render import render
from generator.sandbox import Sandbox
from generator.snapshot import Snapshot, load

ROOT = Path(__file__).parents[2]
TAGS = ("conversations", "custom_objects", "customers", "drafts", "messages", "notes", "unmasking")
VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "reader": {"methods": ("read",)},
    "masked": {"unmasking": False},
    "tidy": {"close_windows": True},
    "careful": {
        "methods": ("read", "write", "custom"),
        "dry_run": True,
        "confirm": ("delete_*", "*_bulk_delete", "*_merge"),
    },
    "smsonly": {"draft_channels": ("sms",)},
    "accounts": {"draft_accounts": True},
    "everything": {"tags": ()},
}
ACCOUNTS = {
    "accounts": [
        {"account": "help@acme.example", "channel": "email", "name": "postmark"},
        {"account": "+12025550143", "channel": "sms", "name": "twilio"},
    ]
}


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    return load(ROOT, ["acme"])


@pytest.fixture(scope="session")
def packages(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Makes the package of a variant once, and gives its module's name."""
    made: dict[str, str] = {}

    def make(variant: str) -> str:
        if variant not in made:
            given = {"methods": ("read", "write"), "tags": TAGS, **VARIANTS[variant]}
            tenant = Tenant(f"real-{variant}", "tenant.toml", "https://acme.api.kustomerapp.com", **given)
            files = {**snapshot.klasses["acme"], "accounts.json": ACCOUNTS}
            package = build(Snapshot(snapshot.documents, {tenant.name: files}), tenant)
            folder = tmp_path_factory.mktemp(variant)
            for path, text in render(package).items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
            sys.path.insert(0, str(folder))
            made[variant] = package.module
        return made[variant]

    return make


@pytest.fixture
def sandbox(_server: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    _server.start_over()
    monkeypatch.setenv("KUSTOMER_BASE_URL", _server.url)
    monkeypatch.setenv("KUSTOMER_API_KEY", "sandbox-acme")
    return _server


@pytest.fixture
def connect(packages: Callable[[str], str], sandbox: Sandbox) -> Connect:
    """An MCP client of a variant's server, in this process; the emulator is another server, over HTTP."""

    @asynccontextmanager
    async def connected(variant: str = "plain", **options: Any) -> AsyncIterator[Client]:
        module = packages(variant)
        server = import_module(f"{module}.runtime.server").build_server(import_module(f"{module}.server").INFO)
        async with Client(server, **options) as client:
            yield client

    return connected


@pytest.fixture
def alex(sandbox: Sandbox) -> str:
    found = sandbox.world.org("acme").external("customer", "USR-100")
    assert found is not None
    return str(found.id)


@pytest.fixture
def masked_customer(sandbox: Sandbox) -> str:
    found = sandbox.world.org("acme").external("customer", "USR-555")
    assert found is not None
    return str(found.id)
