"""What `connect` says is tried: the entry of a client's file, with its references filled in, starts or reaches a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from connecting_kit import ROOT, acme, filled
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from generator.sandbox import fresh, running

pytestmark = pytest.mark.slow
FOUND = ("kustomer_customers_using_email", {"email": "alex.smith@acmecorp.com"})


@pytest.fixture(scope="module")
def kustomer() -> Iterator[str]:
    with running(fresh()) as emulator:
        yield emulator.url


def outside(state: Path, **values: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUSTOMER_")}
    return kept | {"PYTHONPATH": str(ROOT / "generated/acme"), "XDG_STATE_HOME": str(state)} | values


def commanded(*words: str, **environment: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "kustomer_mcp_acme", *words, "--format", "json"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The address of a server that asks for grants."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kustomer_mcp_acme", "serve", "--transport", "http", "--port", "0"],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        lines = []
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"http://[^\s\"]+/mcp", line):
                yield found[0]
                break
        else:
            raise AssertionError("".join(lines))
    finally:
        process.terminate()
        process.communicate(timeout=40)


def entry_of(client: str, *words: str) -> dict[str, Any]:
    said = acme("connect", client, *words).stdout
    whole = tomllib.loads(said) if client == "codex" else json.loads(said)
    (entry,) = next(iter(whole.values())).values()
    return dict(entry)


async def test_every_entry_that_starts_a_server_starts_one_that_can_call(kustomer: str, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sandbox-acme", encoding="utf-8")
    secrets = {"KUSTOMER_API_KEY": "sandbox-acme", "kustomer-acme-api-key": "sandbox-acme"}
    for client in ("claude-code", "cursor", "vscode", "codex", "config"):
        said = acme("connect", client, KUSTOMER_API_KEY_FILE=str(key)).stdout
        whole = tomllib.loads(said) if client == "codex" else json.loads(said)
        (entry,) = next(iter(whole.values())).values()
        entry = filled(entry, secrets)
        given = entry.get("env", {}) | {name: secrets[name] for name in entry.get("env_vars", [])}
        # The package is not installed here: its command is this Python's module.
        words = entry["args"] if "-m" in entry["args"] else ["-m", "kustomer_mcp_acme", *entry["args"]]
        parameters = StdioServerParameters(
            command=sys.executable, args=words, env=outside(tmp_path, KUSTOMER_BASE_URL=kustomer) | given
        )
        async with Client(parameters, mode="legacy") as mcp:
            assert "Alex Smith" in str((await mcp.call_tool(*FOUND)).content), client


async def test_every_entry_that_reaches_a_server_gets_in_with_the_grant_and_api_token_of_its_environment(
    kustomer: str, tmp_path: Path
) -> None:
    environment = outside(tmp_path, KUSTOMER_BASE_URL=kustomer, KUSTOMER_API_KEY="sandbox-acme")
    made = commanded(
        "grants", "create", "--name", "test", "--methods", "read", "--require-api-token-auth", **environment
    )
    token = commanded("tokens", "create", "--name", "test", **environment)
    (api_token,) = re.findall(r"kma_[\w-]{43}", json.dumps(token))
    secret = made["url"].rpartition("/")[2]
    asked = {"kustomer-acme-mcp-token": secret, "kustomer-acme-mcp-api-token": api_token}
    secrets = {"KUSTOMER_MCP_TOKEN": secret, "KUSTOMER_MCP_API_TOKEN": api_token} | asked
    with served(environment) as url:
        for client in ("claude-code", "cursor", "vscode", "codex"):
            entry = filled(entry_of(client, "--url", url, "--api-token"), secrets)
            if client == "codex":
                headers = {"Authorization": f"Bearer {secrets[entry['bearer_token_env_var']]}"}
                headers |= {name: secrets[variable] for name, variable in entry["env_http_headers"].items()}
            else:
                headers = entry["headers"]
            async with (
                httpx2.AsyncClient(headers=headers) as http,
                Client(streamable_http_client(entry["url"], http_client=http), mode="auto") as mcp,
            ):
                assert len((await mcp.list_tools()).tools) == made["leaves"]["tools"], client
                assert "Alex Smith" in str((await mcp.call_tool(*FOUND)).content), client


async def test_the_url_that_the_steps_tell_to_paste_needs_nothing_besides(kustomer: str, tmp_path: Path) -> None:
    environment = outside(tmp_path, KUSTOMER_BASE_URL=kustomer, KUSTOMER_API_KEY="sandbox-acme")
    made = commanded("grants", "create", "--name", "chatgpt", **environment)
    with served(environment) as url:
        shape = re.findall(r"https://\S+/mcp(/<token>)", acme("connect", "chatgpt").stdout)
        pasted = url + shape[0].replace("<token>", made["url"].rpartition("/")[2])
        async with Client(pasted, mode="auto") as mcp:
            assert "Alex Smith" in str((await mcp.call_tool(*FOUND)).content)


def test_the_commands_of_the_readme_and_of_the_steps_are_such_as_there_are() -> None:
    readme = (ROOT / "generated/acme/README.md").read_text(encoding="utf-8")
    said = readme + acme("connect", "chatgpt").stdout + acme("connect", "claude").stdout
    lines = re.findall(
        r"^ *kustomer-mcp-acme (connect|bundle|grants create)((?: [^\s#]\S*| \"[^\"]+\")*)", said, re.MULTILINE
    )
    assert len(lines) >= 7
    for command, rest in lines:
        words = [word.strip('"') for word in re.findall(r'"[^"]+"|\S+', rest)]
        if command == "grants create":
            helped = acme("grants", "create", "--help").stdout
            assert [word for word in words if word.startswith("--") and word not in helped] == []
        else:
            assert acme(command, *words).exit_code == 0, (command, words)
