"""Owns what the tests of access share: packages, accesses, and clients of a server that stand behind one. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from typing import Any

import httpx2
from kustomer_mcp_acme.runtime.access import EVERYTHING, SCOPE_KEY, Access
from kustomer_mcp_acme.runtime.server import build_server
from kustomer_mcp_acme.runtime.settings import Settings
from kustomer_mcp_acme.runtime.surface import Surface, surface_of
from kustomer_mcp_acme.server import INFO
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from starlette.types import ASGIApp, Receive, Scope, Send

MODULE = "kustomer_mcp_acme"
# Protocol version -> how the SDK's client is told to use it; `auto` asks the server, which knows the newer one.
ERAS = {"2025-11-25": "legacy", "2026-07-28": "auto"}
BOTH = tuple(ERAS)
URL = "http://127.0.0.1:8000/mcp"
NOTE = "create_a_kustomer_conversation_note"
GET = "get_single_kustomer_customer_by_id"
BY_EMAIL = "kustomer_customers_using_email"
OPEN_WINDOW = "create_a_kustomer_customer_unmasking_window"


@cache
def surface() -> Surface:
    return surface_of(MODULE)


def tools() -> tuple[str, ...]:
    return tuple(surface().rows)


def served(local: Access = EVERYTHING, base_url: str = "http://127.0.0.1:9") -> Any:
    """A server that reaches nothing, unless an address is given."""
    return build_server(INFO, Settings(base_url=base_url, api_key="sandbox-acme"), local)


def behind(app: ASGIApp, access: Access | None) -> ASGIApp:
    """The application as whoever authenticates callers leaves it to them; None leaves nothing."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope if access is None else {**scope, SCOPE_KEY: access}, receive, send)

    return wrapped


@asynccontextmanager
async def application(server: Any) -> AsyncIterator[ASGIApp]:
    """The SDK's application of a server, running."""
    app = server.streamable_http_app(stateless_http=True)
    async with app.router.lifespan_context(app):
        yield app


@asynccontextmanager
async def over_http(app: ASGIApp, access: Access | None, era: str) -> AsyncIterator[Client]:
    """A client in one protocol era, over HTTP requests in process."""
    transport = httpx2.ASGITransport(behind(app, access))
    async with (
        httpx2.AsyncClient(transport=transport) as http,
        Client(streamable_http_client(URL, http_client=http), mode=ERAS[era]) as client,
    ):
        yield client


@asynccontextmanager
async def holding(access: Access | None, era: str, base_url: str = "http://127.0.0.1:9") -> AsyncIterator[Client]:
    """A client that holds an access, of a server of its own."""
    async with application(served(base_url=base_url)) as app, over_http(app, access, era) as client:
        yield client


def module(name: str) -> Any:
    """A module of the package's runtime."""
    return import_module(f"{MODULE}.runtime.{name}")


async def names(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]
