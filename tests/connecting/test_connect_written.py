"""`connect --write` changes its own entry of a client's file and nothing else, and never leaves a file half written."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from connecting_kit import SECRETS, acme, at
from hypothesis import given, settings
from hypothesis import strategies as st

URL = "https://mcp.acme.example/mcp"
PLACES = {
    "claude-code": (".mcp.json", "mcpServers", "kustomer-acme"),
    "cursor": (".cursor/mcp.json", "mcpServers", "acme"),
    "vscode": (".vscode/mcp.json", "servers", "kustomer-acme"),
}
OTHER = {"mcpServers": {"other": {"command": "x", "env": {"A": "ü"}}}, "more": [1, 2.5, None, {"b": True}]}


@pytest.mark.parametrize("client", PLACES)
@pytest.mark.parametrize("words", [[], ["--url", URL]])
def test_what_is_written_is_what_is_printed_where_the_client_looks(
    client: str, words: list[str], project: Path
) -> None:
    path, section, name = PLACES[client]
    done = acme("connect", client, *words, "--write")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == f"+ {path}: {section}.{name}"
    assert at(project / path) == json.loads(acme("connect", client, *words).stdout)


def test_codex_and_claude_desktop_have_their_files_in_the_home_of_a_person() -> None:
    acme("connect", "codex", "--write")
    acme("connect", "config", "--write")
    codex = tomllib.loads((Path.home() / ".codex/config.toml").read_text(encoding="utf-8"))
    assert list(codex["mcp_servers"]) == ["acme"]
    assert list(at(Path.home() / ".config/Claude/claude_desktop_config.json")["mcpServers"]) == ["kustomer-acme"]


@pytest.mark.parametrize("client", [*PLACES, "codex", "config"])
def test_no_secret_is_written(client: str, tmp_path: Path) -> None:
    for words in ([], ["--url", f"{URL}/{SECRETS['KUSTOMER_MCP_TOKEN']}", "--api-token"]):
        path = tmp_path / f"file-{len(words)}"
        if acme("connect", client, *words, "--write", str(path)).exit_code == 0:
            text = path.read_text(encoding="utf-8")
            assert not [secret for secret in SECRETS.values() if secret in text]
    assert (tmp_path / "file-0").exists()


def test_everything_else_in_the_file_stays_as_it_was(project: Path) -> None:
    file = project / ".mcp.json"
    file.write_text(json.dumps(OTHER, indent=4, ensure_ascii=False), encoding="utf-8")
    file.chmod(0o640)
    done = acme("connect", "claude-code", "--write")
    made = at(file)
    assert done.stdout == "+ .mcp.json: mcpServers.kustomer-acme\n"
    assert list(made) == ["mcpServers", "more"]
    assert made["mcpServers"].pop("kustomer-acme")
    assert made == OTHER
    assert '\n    "mcpServers"' in file.read_text(encoding="utf-8"), "its indentation stays"
    assert file.stat().st_mode & 0o777 == 0o640


def test_writing_twice_changes_nothing_and_another_way_replaces_the_entry(project: Path) -> None:
    file = project / ".vscode/mcp.json"
    acme("connect", "vscode", "--write")
    before = (file.read_bytes(), file.stat().st_mtime_ns)
    again = acme("connect", "vscode", "--write")
    assert again.stdout.splitlines() == [
        "= .vscode/mcp.json: servers.kustomer-acme",
        "= .vscode/mcp.json: inputs.kustomer-acme-api-key",
    ]
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before
    changed = acme("connect", "vscode", "--url", URL, "--write")
    assert changed.stdout.splitlines() == [
        "~ .vscode/mcp.json: servers.kustomer-acme",
        "+ .vscode/mcp.json: inputs.kustomer-acme-mcp-token",
    ]
    assert at(file)["servers"]["kustomer-acme"]["url"] == URL
    assert [one["id"] for one in at(file)["inputs"]] == ["kustomer-acme-api-key", "kustomer-acme-mcp-token"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{\n  // mine\n  "servers": {}\n}', "no plain JSON (line 2"),
        ('{"servers": {},}', "no plain JSON"),
        ('{"servers": {', "no plain JSON"),
        ("[]", "no JSON object"),
        ('{"servers": []}', "`servers` is no object"),
        ('{"inputs": {}}', "`inputs` is no list"),
        ('{"servers": {"a": 1, "a": 2}}', "says a key twice"),
        ('{"servers": {"a": NaN}}', "holds NaN"),
    ],
)
def test_a_file_that_cannot_be_merged_with_stays_untouched_and_the_entry_is_shown(
    text: str, why: str, project: Path
) -> None:
    file = project / ".vscode/mcp.json"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    done = acme("connect", "vscode", "--write")
    assert done.exit_code == 1
    assert why in done.stderr
    assert '"kustomer-acme": {' in done.stderr
    assert file.read_text(encoding="utf-8") == text
    assert [path.name for path in file.parent.iterdir()] == ["mcp.json"]


def test_a_file_that_is_no_text_stays_untouched(project: Path) -> None:
    (project / ".mcp.json").write_bytes(b"\xff\xfe{}")
    done = acme("connect", "claude-code", "--write")
    assert (done.exit_code, (project / ".mcp.json").read_bytes()) == (1, b"\xff\xfe{}")
    assert "no UTF-8 text" in done.stderr


def test_nothing_is_left_behind_where_writing_fails(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project / ".mcp.json"
    file.write_text("{}", encoding="utf-8")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    done = acme("connect", "claude-code", "--write")
    assert done.exit_code == 1
    assert "can't be written (No space left on device)" in done.stderr
    assert {path.name: path.read_text(encoding="utf-8") for path in project.iterdir()} == {".mcp.json": "{}"}


def test_half_a_letter_in_a_file_stays_half_a_letter(project: Path) -> None:
    (project / ".mcp.json").write_text('{"a": "\\ud83d", "b": "\u00fc"}', encoding="utf-8")
    assert acme("connect", "claude-code", "--write").exit_code == 0
    made = at(project / ".mcp.json")
    assert (made["a"], made["b"]) == ("\ud83d", "\u00fc")


def test_a_link_to_a_file_stays_a_link(project: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    real.write_text("{}", encoding="utf-8")
    (project / ".mcp.json").symlink_to(real)
    acme("connect", "claude-code", "--write")
    assert (project / ".mcp.json").is_symlink()
    assert "kustomer-acme" in at(real)["mcpServers"]


def test_writing_a_remote_server_without_its_address_is_refused(project: Path) -> None:
    done = acme("connect", "cursor", "--remote", "--write")
    assert done.exit_code == 2
    assert "--url or KUSTOMER_MCP_PUBLIC_URL" in done.stderr
    assert list(project.iterdir()) == []


def test_codex_keeps_comments_and_order(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = '# mine\nmodel = "x"  # the good one\n\n[mcp_servers.other]\ncommand = "y"'
    file.write_text(text, encoding="utf-8")
    done = acme("connect", "codex", "--write", str(file))
    made = file.read_text(encoding="utf-8")
    assert made.startswith(text + "\n\n[mcp_servers.acme]\n")
    assert list(tomllib.loads(made)["mcp_servers"]) == ["other", "acme"]
    assert done.stdout == f"+ {file}: mcp_servers.acme\n"
    assert acme("connect", "codex", "--write", str(file)).stdout == f"= {file}: mcp_servers.acme\n"
    assert file.read_text(encoding="utf-8") == made


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("model = ", "no TOML"),
        ('[mcp_servers.acme]\ncommand = "mine"\n', "another `[mcp_servers.acme]`"),
        ('mcp_servers = { other = { command = "y" } }\n', "can't be appended to"),
        ("mcp_servers = 3\n", "can't be appended to"),
    ],
)
def test_a_codex_file_that_cannot_be_appended_to_stays_untouched(text: str, why: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    done = acme("connect", "codex", "--write", str(file))
    assert (done.exit_code, file.read_text(encoding="utf-8")) == (1, text)
    assert why in done.stderr
    assert "[mcp_servers.acme]\ncommand" in done.stderr


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)
@given(
    rest=st.dictionaries(st.text(max_size=8), JSON, max_size=4),
    servers=st.dictionaries(st.text(max_size=8), JSON, max_size=4),
)
def test_whatever_else_a_file_holds_is_there_afterwards(rest: dict[str, Any], servers: dict[str, Any]) -> None:
    from kustomer_mcp_acme.runtime.connect_files import merged_json

    before = rest | {"mcpServers": servers}
    made = json.loads(merged_json(json.dumps(before), {"mcpServers": {"kustomer-acme": {"url": URL}}}).text)
    assert made == rest | {"mcpServers": servers | {"kustomer-acme": {"url": URL}}}
