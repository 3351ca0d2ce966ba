"""The commands for grants and API tokens: a secret goes to the standard output once, and everything else beside it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from grants_kit import KEY_TEXT, Redis
from kustomer_mcp_acme.runtime.admin.catalog import catalog_of
from kustomer_mcp_acme.runtime.cli import command
from kustomer_mcp_acme.server import INFO


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "state" / "grants.sqlite3"
    monkeypatch.setenv("KUSTOMER_MCP_STORE", str(path))
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(command(INFO), words)


def told(*words: str) -> Any:
    done = run(*words, "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


CREATE = ("grants", "create", "--name", "Support Ops AI Agent")


def test_create_writes_the_url_alone_to_the_output(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_MCP_PUBLIC_URL", "https://mcp.example.com")
    filters = ("--methods", "read,write,custom", "--tags", "conversations", "--expires-at", "2999-12-31T23:59:59Z")
    done = run(*CREATE, *filters)
    assert done.exit_code == 0
    assert done.stdout.startswith("https://mcp.example.com/mcp/kmg_")
    assert len(done.stdout.strip()) == len("https://mcp.example.com/mcp/") + 47 and done.stdout.count("\n") == 1
    assert "shown this once" in done.stderr and "9 tools, some" in done.stderr and "kmg_" not in done.stderr
    assert "PUBLIC_URL" not in done.stderr


def test_without_a_public_url_it_says_what_to_replace(store: Path) -> None:
    done = run(*CREATE)
    assert done.stdout.startswith("http://127.0.0.1:8000/mcp/kmg_")
    assert "KUSTOMER_MCP_PUBLIC_URL is not set" in done.stderr


def test_a_grant_is_made_listed_changed_rotated_and_revoked(store: Path) -> None:
    made = told(*CREATE, "--methods", "read", "--tags", "conversations, notes", "--oauth-scope", "ops")
    assert made["config"]["tags"] == ["conversations", "notes"]
    assert made["leaves"]["tools"] > 0 and made["leaves"]["estimated_tokens"] > 100
    assert [one["id"] for one in told("grants", "list")] == [made["id"]]
    assert "url" not in told("grants", "show", made["id"])
    changed = told(
        "grants", "update", made["id"], "--tags", "", "--oauth-scope", "", "--require-api-token-auth",
        "--calls-per-minute", "5", "--expires-at", "2999-01-01T00:00:00Z",
    )  # fmt: skip
    assert changed["config"] == made["config"] | {
        "tags": [], "oauth_scope": None, "require_api_token_auth": True, "calls_per_minute": 5
    }  # fmt: skip
    assert changed["leaves"]["tools"] > made["leaves"]["tools"]
    calmed = told("grants", "update", made["id"], "--no-expiry", "--no-require-api-token-auth")
    assert (calmed["expires_at"], calmed["config"]["require_api_token_auth"]) == (None, False)
    rotated = told("grants", "rotate", made["id"])
    assert rotated["url"] != made["url"] and rotated["id"] == made["id"]
    assert run("grants", "revoke", made["id"]).exit_code == 0
    assert told("grants", "list") == []
    for act in ("show", "rotate", "revoke"):
        done = run("grants", act, made["id"])
        assert done.exit_code == 1 and "it has ended, or never was" in done.stderr
    assert "There are no grants." in run("grants", "list").stdout


def test_every_problem_is_named_by_its_option(store: Path) -> None:
    done = run(
        "grants", "create", "--name", " ", "--methods", "raed", "--expires-at", "soon", "--calls-per-minute", "0"
    )
    assert done.exit_code == 1 and done.stdout == ""
    for text in (
        "--name: must have",
        "did you mean 'read'?",
        "--expires-at: must be a time",
        "--calls-per-minute: must be",
    ):
        assert text in done.stderr
    assert told("grants", "list") == []


def test_contradicting_and_empty_changes_are_usage_errors(store: Path) -> None:
    id = told(*CREATE)["id"]
    assert run("grants", "update", id).exit_code == 2
    done = run("grants", "update", id, "--no-expiry", "--expires-at", "2999-01-01T00:00:00Z")
    assert done.exit_code == 2 and "contradict" in done.stderr


def test_api_tokens_are_made_listed_and_revoked(store: Path) -> None:
    done = run("tokens", "create", "--name", "Billing")
    assert done.stdout.startswith("kma_") and len(done.stdout.strip()) == 47 and "kma_" not in done.stderr
    (token,) = told("tokens", "list")
    assert (token["name"], token["expires_at"]) == ("Billing", None)
    assert run("tokens", "revoke", token["id"]).exit_code == 0
    assert told("tokens", "list") == []
    assert run("tokens", "revoke", token["id"]).exit_code == 1


def test_changes_are_in_the_audit_log_and_secrets_in_no_file_and_no_log(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    made = told(*CREATE)
    rotated = told("grants", "rotate", made["id"])
    token = told("tokens", "create", "--name", "t")
    run("grants", "revoke", made["id"])
    lines = [json.loads(line) for line in store.with_name("audit.jsonl").read_text().splitlines()]
    changes = [(line["event"], line["subject"]) for line in lines if line["event"].startswith(("grant.", "token."))]
    assert changes == [
        ("grant.created", made["id"]),
        ("grant.rotated", made["id"]),
        ("token.created", token["id"]),
        ("grant.revoked", made["id"]),
    ]
    assert all(line["actor"].startswith("cli:") for line in lines if line["event"].startswith("grant."))
    kept = b"".join(file.read_bytes() for file in store.parent.iterdir()) + caplog.text.encode()
    for secret in (made["url"].rpartition("/")[2], rotated["url"].rpartition("/")[2], token["token"]):
        assert secret[4:].encode() not in kept


def test_reading_writes_nothing_down(store: Path) -> None:
    told("grants", "list")
    told("tokens", "list")
    assert not store.with_name("audit.jsonl").exists()


def test_a_store_that_is_down_is_an_error_that_says_so(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_MCP_STORE", f"unix://{store}/nothing.sock")
    done = run("grants", "list")
    assert done.exit_code == 1 and "KUSTOMER_MCP_HASH_KEY" in done.stderr
    monkeypatch.setenv("KUSTOMER_MCP_HASH_KEY", "x" * 40)
    done = run("grants", "list")
    assert done.exit_code == 1 and "Redis store can't be used" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_key_is_told_as_such(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told(*CREATE)
    monkeypatch.setenv("KUSTOMER_MCP_HASH_KEY", "x" * 40)
    done = run("grants", "list")
    assert done.exit_code == 1 and "hash key is not the one" in done.stderr


def test_where_the_audit_is_the_log_a_change_is_told_whole(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_MCP_STORE", redis.url)
    monkeypatch.setenv("KUSTOMER_MCP_HASH_KEY", KEY_TEXT)
    done = run(*CREATE)
    assert done.exit_code == 0, done.output
    (line,) = (json.loads(line) for line in done.stderr.splitlines() if line.startswith("{"))
    assert (line["event"], line["audit"], line["name"]) == ("grant.created", True, "Support Ops AI Agent")
    assert line["subject"].startswith("g_") and line["actor"].startswith("cli:") and line["time"]
    assert "kmg_" not in done.stderr


def test_the_commands_count_tokens_as_the_page_does(store: Path) -> None:
    catalog = catalog_of("kustomer_mcp_acme", "", "")
    left = frozenset(tool.name for tool in catalog.tools if "read" in tool.methods)
    leaves = told(*CREATE, "--methods", "read")["leaves"]
    assert leaves == {"tools": len(left), "estimated_tokens": catalog.tokens(left)}
