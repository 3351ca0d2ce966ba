"""What the server says of itself to OAuth clients (RFC 9728)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from oauth_kit import Served, served


async def answer(server: Served, method: str = "GET", **scope: Any) -> tuple[int, dict[str, str], Any]:
    """The status, headers and JSON of the metadata."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("its body was read")

    whole = {"type": "http", "method": method, "headers": [(b"host", b"127.0.0.1:8000")], **scope}
    await server.oauth.serve_metadata(whole, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, json.loads(sent[1]["body"])


async def test_it_names_resource_issuer_and_scopes(tmp_path: Path) -> None:
    server = served(tmp_path, "https://login.example.com")
    await server.grant("ops")
    await server.grants.create({"name": "no scope"}, "test")
    status, headers, document = await answer(server)
    assert (status, headers["content-type"], headers["access-control-allow-origin"]) == (200, "application/json", "*")
    assert document == {
        "resource": "https://mcp.example.com/mcp",
        "authorization_servers": ["https://login.example.com"],
        "scopes_supported": ["ops"],
        "bearer_methods_supported": ["header"],
    }


async def test_scopes_follow_the_grants_after_a_moment(tmp_path: Path) -> None:
    server = served(tmp_path, "https://login.example.com")
    id = await server.grant("ops")
    assert (await answer(server))[2]["scopes_supported"] == ["ops"]
    await server.grants.revoke(id, "test")
    await server.grant("new")
    server.ticks.at += 10
    assert (await answer(server))[2]["scopes_supported"] == ["new"]


async def test_without_a_public_url_it_is_where_it_was_asked(tmp_path: Path) -> None:
    server = served(tmp_path, "https://login.example.com", public_url="")
    assert (await answer(server, scheme="http"))[2]["resource"] == "http://127.0.0.1:8000/mcp"


async def test_it_is_read_only(tmp_path: Path) -> None:
    status, headers, _ = await answer(served(tmp_path, "https://login.example.com"), "POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_store_that_is_down_is_said(tmp_path: Path, method: str) -> None:
    (tmp_path / "grants.sqlite3").write_bytes(b"no database " * 999)
    assert (await answer(served(tmp_path, "https://login.example.com"), method))[0] == 503
