"""OAuth over real HTTP: a package that is served with an issuer by configuration, and clients that come with its tokens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from oauth_kit import IssuerProcess

ROOT = Path(__file__).resolve().parents[2]
LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-11-25"}
AUDIENCE = "https://mcp.example.com/mcp"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the served package keeps its grants and its audit log."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(_issuer: IssuerProcess, folder: Path) -> Iterator[str]:
    """A package that is served; the URL that it listens on."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KUSTOMER_")} | {
        "PYTHONPATH": str(ROOT / "generated" / "acme"),
        "KUSTOMER_API_KEY": "sandbox-acme",
        "KUSTOMER_MCP_STORE": str(folder / "grants.sqlite3"),
        "KUSTOMER_MCP_OAUTH_ISSUER": _issuer.url,
        "KUSTOMER_MCP_PUBLIC_URL": "https://mcp.example.com",
    }
    command = [sys.executable, "-m", "kustomer_mcp_acme"]
    create = ["grants", "create", "--name", "ops", "--methods", "read", "--tags", "slas", "--oauth-scope", "ops"]
    subprocess.run([*command, *create], env=environment, check=True, capture_output=True)
    serve = [*command, "serve", "--transport", "http", "--port", "0"]
    process = subprocess.Popen(serve, env=environment, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        yield next(json.loads(line)["url"] for line in process.stderr if '"url"' in line).removesuffix("/mcp")
    finally:
        process.terminate()
        process.communicate()


def post(server: str, token: str = "", path: str = "/mcp", body: Any = LIST) -> httpx.Response:
    authorization = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.post(server + path, json=body, headers=HEADERS | authorization, timeout=30)


def names(answer: httpx.Response) -> list[str]:
    text = next((line[6:] for line in answer.text.splitlines() if line.startswith("data: {")), answer.text)
    found: dict[str, Any] = json.loads(text)
    return [tool["name"] for tool in found["result"]["tools"]]


def test_a_client_finds_its_way_from_the_401_to_its_tools(server: str, issuer: IssuerProcess) -> None:
    bare = post(server)
    assert bare.status_code == 401
    challenge = bare.headers["www-authenticate"]
    assert challenge.startswith("Bearer ")
    pointed = challenge.partition('resource_metadata="https://mcp.example.com')[2].rstrip('"')
    assert pointed == "/.well-known/oauth-protected-resource/mcp"
    document = httpx.get(server + pointed).json()
    assert document == httpx.get(server + "/.well-known/oauth-protected-resource").json()
    assert (document["resource"], document["authorization_servers"]) == (AUDIENCE, [issuer.url])
    answer = post(server, issuer.token(" ".join(document["scopes_supported"])))
    assert answer.status_code == 200 and names(answer) == ["get_single_kustomer_sla_by_id"]


def test_wrong_tokens_and_scopes_are_told_apart(server: str, issuer: IssuerProcess) -> None:
    wrong = post(server, issuer.token(claims={"aud": "https://other.example"}))
    assert wrong.status_code == 401 and 'error="invalid_token"' in wrong.headers["www-authenticate"]
    poor = post(server, issuer.token("other"))
    assert poor.status_code == 403 and 'error="insufficient_scope"' in poor.headers["www-authenticate"]
    assert 'scope="ops"' in poor.headers["www-authenticate"]


def test_an_access_token_opens_no_other_path(server: str, issuer: IssuerProcess) -> None:
    token = issuer.token()
    answers = [post(server, token, path) for path in ("/mcp/kmg_" + "x" * 43, "/mcp/x", "/nothing")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_the_audit_tells_those_apart_who_share_a_grant_without_naming_them(
    server: str, issuer: IssuerProcess, folder: Path
) -> None:
    hidden = LIST | {"method": "tools/call", "params": {"name": "delete_a_kustomer_note_by_id", "arguments": {}}}
    before = len((folder / "audit.jsonl").read_text().splitlines())
    for who in ("ada", "ada", "grace"):
        post(server, issuer.token(claims={"sub": who}), body=hidden)
    text = (folder / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()[before:]]
    first, again, other = (line["caller"] for line in lines)
    assert first == again != other and "ada" not in text and "grace" not in text
    assert {line["outcome"] for line in lines} == {"denied"} and len({line["grant"] for line in lines}) == 1
