"""Owns what each MCP client wants to be told: a row a client, and the entry that goes into its file. It reads and writes nothing.

Sources, as of November 2026: code.claude.com/docs/en/mcp, cursor.com/docs/mcp, code.visualstudio.com/docs (MCP configuration
reference), developers.openai.com/codex/mcp, modelcontextprotocol.io (Claude Desktop's file).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

KEY = "KUSTOMER_API_KEY"
KEY_FILE = "KUSTOMER_API_KEY_FILE"
# What a client's environment calls the secret of its grant, and an API token that the grant asks for besides.
TOKEN = "KUSTOMER_MCP_TOKEN"  # noqa: S105  the name of a variable
API_TOKEN = "KUSTOMER_MCP_API_TOKEN"  # noqa: S105  the name of a variable

Way = Literal["stdio", "remote"]
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """What a client is to connect to.

    Attributes:
        name: The server's name in the client.
        command: The program and its arguments, for a client that starts it.
        url: Where it serves, without any secret, for a client that reaches it.
        key_file: The file that holds the Kustomer key, for a client that reads no environment.
        with_api_token: Whether the grant asks for an API token besides its own secret.
    """

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    key_file: str = ""
    with_api_token: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A client with a file.

    Attributes:
        title: Its name.
        form: How its file is written.
        section: The key of the file below which servers stand.
        entries: Makes the entry of a server for each way that it knows.
        combined: Characters that it leaves for the names of server and tool together; None: no such limit.
        shared: Whether its file lies in a project, so that others read it.
        hint: What else somebody has to know.
    """

    title: str
    form: Literal["json", "toml"]
    section: str
    entries: Mapping[Way, Callable[[Server], Entry]]
    combined: int | None
    shared: bool
    hint: Mapping[Way, str]


def _started(server: Server, environment: Mapping[str, str]) -> Entry:
    program, *arguments = server.command
    return {"command": program, "args": arguments, "env": dict(environment)}


def _headers(server: Server, refer: Callable[[str], str]) -> dict[str, str]:
    held = {"Authorization": f"Bearer {refer(TOKEN)}"}
    return held | ({"X-API-Token": refer(API_TOKEN)} if server.with_api_token else {})


def _reached(server: Server, refer: Callable[[str], str]) -> Entry:
    return {"url": server.url, "headers": _headers(server, refer)}


def _shell(name: str) -> str:
    return f"${{{name}}}"


def _env(name: str) -> str:
    return f"${{env:{name}}}"


def input_id(server: str, variable: str) -> str:
    """The id under which VS Code asks for a secret and keeps it."""
    return f"{server}-{variable.removeprefix('KUSTOMER_').lower().replace('_', '-')}"


def _asked(server: Server) -> Callable[[str], str]:
    return lambda name: f"${{input:{input_id(server.name, name)}}}"


def _codex_started(server: Server) -> Entry:
    program, *arguments = server.command
    return {"command": program, "args": arguments, "env_vars": [KEY], "startup_timeout_sec": 20}


def _codex_reached(server: Server) -> Entry:
    entry: Entry = {"url": server.url, "bearer_token_env_var": TOKEN, "tool_timeout_sec": 120}
    return entry | ({"env_http_headers": {"X-API-Token": API_TOKEN}} if server.with_api_token else {})


_EXPORT_KEY = f"Set {KEY} in the environment that the client is started from; its file only names it."
_EXPORT_TOKEN = (
    f"Set {TOKEN} to the grant's secret in the environment that the client is started from; its file only names it."
)

FILES: Mapping[str, Row] = {
    "claude-code": Row(
        "Claude Code", "json", "mcpServers",
        {
            "stdio": lambda server: {"type": "stdio"} | _started(server, {KEY: _shell(KEY)}),
            "remote": lambda server: {"type": "http"} | _reached(server, _shell),
        },
        None, True,
        {"stdio": _EXPORT_KEY, "remote": _EXPORT_TOKEN},
    ),
    "cursor": Row(
        "Cursor", "json", "mcpServers",
        {
            "stdio": lambda server: {"type": "stdio"} | _started(server, {KEY: _env(KEY)}),
            "remote": lambda server: _reached(server, _env),
        },
        60, True,
        {"stdio": _EXPORT_KEY, "remote": _EXPORT_TOKEN},
    ),
    "vscode": Row(
        "VS Code", "json", "servers",
        {
            "stdio": lambda server: {"type": "stdio"} | _started(server, {KEY: _asked(server)(KEY)}),
            "remote": lambda server: {"type": "http"} | _reached(server, _asked(server)),
        },
        None, True,
        dict.fromkeys(("stdio", "remote"), "VS Code asks for the secret once, and keeps it in its own store."),
    ),
    "codex": Row(
        "Codex", "toml", "mcp_servers",
        {"stdio": _codex_started, "remote": _codex_reached},
        # Longer than 64 with its `mcp__` and `__`, a name is replaced by a hash.
        57, False,
        {"stdio": _EXPORT_KEY, "remote": _EXPORT_TOKEN},
    ),
    "config": Row(
        "Claude Desktop", "json", "mcpServers",
        {"stdio": lambda server: _started(server, {KEY_FILE: server.key_file})},
        None, False,
        {"stdio": "Claude Desktop reads no environment, so its file names a file with the key. Restart it after a change."},
    ),
}  # fmt: skip


def inputs(server: Server, way: Way) -> list[dict[str, Any]]:
    """What VS Code asks a person for."""
    asked = {"stdio": {KEY: "The Kustomer API key"}, "remote": {TOKEN: "The secret of the grant (kmg_...)"}}[way]
    if way == "remote" and server.with_api_token:
        asked[API_TOKEN] = "An API token (kma_...)"
    return [
        {"type": "promptString", "id": input_id(server.name, name), "description": text, "password": True}
        for name, text in asked.items()
    ]


def document(client: str, server: Server, way: Way) -> dict[str, Any]:
    """A client's whole file with this server alone in it."""
    row = FILES[client]
    whole: dict[str, Any] = {row.section: {server.name: row.entries[way](server)}}
    return whole | ({"inputs": inputs(server, way)} if client == "vscode" else {})


def text_of(client: str, server: Server, way: Way) -> str:
    """A client's whole file as text."""
    whole = document(client, server, way)
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n" if FILES[client].form == "json" else toml_text(whole)


def toml_text(whole: Mapping[str, Any]) -> str:
    """Tables of a section as TOML; a JSON string, number or list of those is a TOML value too (DEL apart, which no name has)."""
    lines: list[str] = []
    for section, servers in whole.items():
        for name, entry in servers.items():
            lines += [
                f"[{section}.{_toml_key(name)}]",
                *(f"{key} = {_toml_value(value)}" for key, value in entry.items()),
            ]
    return "\n".join(lines) + "\n"


def _toml_key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml_key(key)} = {_toml_value(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def fitting(name: str, longest_tool: int, combined: int | None) -> str:
    """The server's name, made shorter where a client leaves no room for it beside the longest tool name.

    The `kustomer-` goes first, then the end; at least six characters stay.
    """
    room = max(6, (combined or 1_000) - longest_tool)
    if len(name) <= room:
        return name
    return (name.removeprefix("kustomer-") or name)[:room].rstrip("-")
