"""What `connect` prints is what each client's documentation asks for, and never holds a secret."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from connecting_kit import SECRETS, acme

URL = "https://mcp.acme.example/mcp"
FILED = ("claude-code", "cursor", "vscode", "codex", "config")
HOSTED = ("chatgpt", "claude")

STDIO: dict[str, dict[str, Any]] = {
    "claude-code": {"mcpServers": {"kustomer-acme": {
        "type": "stdio", "command": "kustomer-mcp-acme", "args": ["serve"], "env": {"KUSTOMER_API_KEY": "${KUSTOMER_API_KEY}"}}}},
    "cursor": {"mcpServers": {"acme": {
        "type": "stdio", "command": "kustomer-mcp-acme", "args": ["serve"], "env": {"KUSTOMER_API_KEY": "${env:KUSTOMER_API_KEY}"}}}},
    "vscode": {
        "servers": {"kustomer-acme": {
            "type": "stdio", "command": "kustomer-mcp-acme", "args": ["serve"],
            "env": {"KUSTOMER_API_KEY": "${input:kustomer-acme-api-key}"}}},
        "inputs": [{
            "type": "promptString", "id": "kustomer-acme-api-key", "description": "The Kustomer API key", "password": True}]},
}  # fmt: skip
REMOTE: dict[str, dict[str, Any]] = {
    "claude-code": {"mcpServers": {"kustomer-acme": {
        "type": "http", "url": URL, "headers": {"Authorization": "Bearer ${KUSTOMER_MCP_TOKEN}"}}}},
    "cursor": {"mcpServers": {"acme": {"url": URL, "headers": {"Authorization": "Bearer ${env:KUSTOMER_MCP_TOKEN}"}}}},
    "vscode": {
        "servers": {"kustomer-acme": {
            "type": "http", "url": URL, "headers": {"Authorization": "Bearer ${input:kustomer-acme-mcp-token}"}}},
        "inputs": [{
            "type": "promptString", "id": "kustomer-acme-mcp-token", "description": "The secret of the grant (kmg_...)",
            "password": True}]},
    "codex": {"mcp_servers": {"acme": {"url": URL, "bearer_token_env_var": "KUSTOMER_MCP_TOKEN", "tool_timeout_sec": 120}}},
}  # fmt: skip


@pytest.mark.parametrize("client", STDIO)
def test_a_client_that_starts_the_server_is_told_how(client: str) -> None:
    assert json.loads(acme("connect", client).stdout) == STDIO[client]


@pytest.mark.parametrize("client", STDIO)
def test_who_shares_a_file_is_told_where_the_client_looks_for_the_command(client: str) -> None:
    assert "The client looks for kustomer-mcp-acme on its PATH" in acme("connect", client).stderr


@pytest.mark.parametrize("client", REMOTE)
def test_a_client_that_reaches_the_server_is_told_where(client: str) -> None:
    said = acme("connect", client, "--url", URL).stdout
    assert (tomllib.loads(said) if client == "codex" else json.loads(said)) == REMOTE[client]


def test_codex_takes_the_key_from_its_own_environment() -> None:
    entry = tomllib.loads(acme("connect", "codex").stdout)["mcp_servers"]["acme"]
    assert entry["env_vars"] == ["KUSTOMER_API_KEY"]
    assert entry["args"][-1] == "serve"
    assert Path(entry["command"]).is_absolute()


def test_claude_desktop_reads_the_key_from_a_file_and_is_told_how_to_make_it() -> None:
    done = acme("connect", "config")
    entry = json.loads(done.stdout)["mcpServers"]["kustomer-acme"]
    place = Path.home() / ".config/kustomer-mcp-acme/api-key"
    assert entry["env"] == {"KUSTOMER_API_KEY_FILE": str(place)}
    assert Path(entry["command"]).is_absolute()
    assert f"umask 077; cat > {place}" in done.stderr


def test_claude_desktop_is_given_the_file_that_the_environment_names(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x", encoding="utf-8")
    done = acme("connect", "config", KUSTOMER_API_KEY_FILE=str(tmp_path / "key"))
    assert json.loads(done.stdout)["mcpServers"]["kustomer-acme"]["env"] == {
        "KUSTOMER_API_KEY_FILE": str(tmp_path / "key")
    }
    assert "umask" not in done.stderr


@pytest.mark.parametrize(
    ("client", "reference"),
    [
        ("claude-code", "${KUSTOMER_MCP_API_TOKEN}"),
        ("cursor", "${env:KUSTOMER_MCP_API_TOKEN}"),
        ("vscode", "${input:kustomer-acme-mcp-api-token}"),
    ],
)
def test_an_api_token_travels_in_a_header_of_its_own(client: str, reference: str) -> None:
    whole = json.loads(acme("connect", client, "--url", URL, "--api-token").stdout)
    (entry,) = whole[next(iter(whole))].values()
    assert entry["headers"]["X-API-Token"] == reference
    if client == "vscode":
        assert [one["id"] for one in whole["inputs"]] == ["kustomer-acme-mcp-token", "kustomer-acme-mcp-api-token"]


def test_codex_takes_an_api_token_from_its_environment() -> None:
    entry = tomllib.loads(acme("connect", "codex", "--url", URL, "--api-token").stdout)["mcp_servers"]["acme"]
    assert entry["env_http_headers"] == {"X-API-Token": "KUSTOMER_MCP_API_TOKEN"}


@pytest.mark.parametrize("client", [*FILED, *HOSTED])
@pytest.mark.parametrize("url", [None, URL, f"{URL}/kmg_{'s' * 43}"])
def test_no_secret_is_ever_printed(client: str, url: str | None) -> None:
    words = ["connect", client, *(["--url", url] if url else [])]
    said = acme(*words).output
    assert not [secret for secret in [*SECRETS.values(), "s" * 43] if secret in said]
    assert ("secret was left out" in said) == bool(url and "kmg_" in url and client != "config")


@pytest.mark.parametrize("client", HOSTED)
def test_hosted_clients_get_both_urls_step_by_step_and_what_they_cannot_do(client: str) -> None:
    done = acme("connect", client, "--url", "https://mcp.acme.example")
    assert done.exit_code == 0
    assert f"     {URL}/<token>\n" in done.stdout
    assert f"     {URL}\n" in done.stdout
    assert "KUSTOMER_MCP_OAUTH_ISSUER" in done.stdout
    assert [line[:2] for line in done.stdout.splitlines() if line[:1].isdigit()] == ["1.", "2.", "3.", "4."]
    assert "no custom headers" in done.stdout
    assert "grant with require_api_token_auth can't" in done.stdout


@pytest.mark.parametrize("client", HOSTED)
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--stdio"], "starts no local servers"),
        (["--write"], "has no file to write"),
        (["--api-token"], "can't send an API token"),
        (["--url", "http://127.0.0.1:8000/mcp"], "can't reach 127.0.0.1"),
    ],
)
def test_hosted_clients_refuse_what_they_cannot_do(client: str, words: list[str], why: str) -> None:
    done = acme("connect", client, *words)
    assert done.exit_code == 2
    assert why in done.stderr
    assert done.stdout == ""


def test_claude_desktop_takes_no_remote_server_by_file() -> None:
    done = acme("connect", "config", "--url", URL)
    assert done.exit_code == 2
    assert "connect claude" in done.stderr


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://mcp.acme.example/mcp", "must be https"),
        ("https://user:pass@mcp.acme.example/mcp", "no user, query or fragment"),
        ("https://mcp.acme.example/mcp?token=kmg_x", "no user, query or fragment"),
        ("mcp.acme.example", "must be like https://"),
        ("https://[::1/mcp", "is no address"),
        ("https://mcp.acme.example/kmg_abc", "must end in /mcp"),
        ("https://mcp.acme.example/mcp/kmg_abc/more", "must end in /mcp"),
    ],
)
def test_a_url_that_would_leak_or_lead_nowhere_is_refused(url: str, why: str) -> None:
    done = acme("connect", "cursor", "--url", url)
    assert done.exit_code == 2
    assert why in done.stderr


@pytest.mark.parametrize(
    "url",
    ["https://mcp.acme.example", "https://mcp.acme.example/", URL, f"{URL}/", f"{URL}/kmg_secret"],
)
def test_every_way_of_naming_the_server_gives_the_same_address(url: str) -> None:
    whole = json.loads(acme("connect", "claude-code", "--url", url).stdout)
    assert whole["mcpServers"]["kustomer-acme"]["url"] == URL


def test_the_public_url_of_the_environment_is_where_the_server_is_reached() -> None:
    done = acme("connect", "claude-code", "--remote", KUSTOMER_MCP_PUBLIC_URL="https://mcp.acme.example")
    assert json.loads(done.stdout)["mcpServers"]["kustomer-acme"]["url"] == URL
    assert "example" not in done.stderr.replace("mcp.acme.example", "")


def test_without_an_address_an_example_is_shown_and_called_one() -> None:
    done = acme("connect", "claude-code", "--remote")
    assert "https://mcp.example.com/mcp" in done.stdout
    assert "only an example" in done.stderr


def test_names_of_server_and_tool_fit_cursors_sixty_characters_and_the_change_is_told() -> None:
    from kustomer_mcp_acme.runtime.server import Contract

    done = acme("connect", "cursor")
    (name,) = json.loads(done.stdout)["mcpServers"]
    longest = max(len(tool.name) for tool in Contract("kustomer_mcp_acme").tools.tools)
    assert len("kustomer-acme") + longest > 60, "else this test shows nothing"
    assert len(name) + longest <= 60
    assert "called acme: Cursor takes 60 characters" in done.stderr


def test_a_name_is_shortened_from_its_prefix_and_then_its_end_and_keeps_six_characters() -> None:
    from kustomer_mcp_acme.runtime.connect_clients import fitting

    assert fitting("kustomer-acme", 45, None) == "kustomer-acme"
    assert fitting("kustomer-acme", 47, 60) == "kustomer-acme"
    assert fitting("kustomer-acme", 48, 60) == "acme"
    assert fitting("kustomer-acme-europe", 51, 60) == "acme-euro"
    assert fitting("kustomer-acme-europe", 55, 60) == "acme-e"


def test_every_client_of_the_command_is_known_and_no_other() -> None:
    from kustomer_mcp_acme.runtime.connect import CLIENTS
    from kustomer_mcp_acme.runtime.connect_clients import FILES
    from kustomer_mcp_acme.runtime.connect_steps import HOSTED

    assert sorted(CLIENTS) == sorted([*FILES, *HOSTED])
