"""Owns the servers and clients of the sandbox tests. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from emulator_kit import roomy

from generator.sandbox import Sandbox, fresh, running

Client = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def seeded() -> Iterator[Sandbox]:
    """One server for all tests that change nothing; its clock stands still and its budget is wide."""
    with roomy() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def _server() -> Iterator[Sandbox]:
    with running(fresh()) as one:
        yield one


@pytest.fixture
def sandbox(_server: Sandbox) -> Sandbox:
    """A fresh world for a test that writes, moves the clock or flips a switch."""
    _server.start_over()
    return _server


def _client(url: str, key: str | None = "sandbox-acme") -> httpx.Client:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=url, headers=headers, timeout=10)


@pytest.fixture
def reader(seeded: Sandbox) -> Iterator[httpx.Client]:
    with _client(seeded.url) as client:
        yield client


@pytest.fixture
def acme(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with _client(sandbox.url) as client:
        yield client


@pytest.fixture
def as_key(sandbox: Sandbox) -> Iterator[Client]:
    """A client with any key of the test's own server."""
    opened: list[httpx.Client] = []

    def make(key: str | None = "sandbox-acme") -> httpx.Client:
        opened.append(_client(sandbox.url, key))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def alex(sandbox: Sandbox) -> str:
    found = sandbox.world.org("acme").external("customer", "USR-100")
    assert found is not None
    return found.id


@pytest.fixture
def late(sandbox: Sandbox) -> str:
    """The open conversation about the late order."""
    found = sandbox.world.org("acme").external("conversation", "CONV-9001")
    assert found is not None
    return found.id
