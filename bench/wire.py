"""Owns MCP as bytes: the least client that starts a server, lists its tools and calls one. It is no part of the SDK."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from typing import Any

import httpx2

_LEGACY, _MODERN = "2025-11-25", "2026-07-28"
_CLIENT = {"name": "bench", "version": "1"}
_META = {
    "io.modelcontextprotocol/protocolVersion": _MODERN,
    "io.modelcontextprotocol/clientInfo": _CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
}
_ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
_URL = re.compile(rb"http://[^\s\"]+")
Message = Mapping[str, Any]

_HANDSHAKE = {"protocolVersion": _LEGACY, "capabilities": {}, "clientInfo": _CLIENT}
_INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HANDSHAKE}
_INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
_LIST = {"jsonrpc": "2.0", "id": 2, "method": "tools/list", "params": {}}


def list_over_stdio(process: subprocess.Popen[bytes]) -> bytes:
    """Handshake, then the raw answer to tools/list."""
    assert process.stdin is not None and process.stdout is not None
    for message in (_INITIALIZE, _INITIALIZED, _LIST):
        process.stdin.write(json.dumps(message).encode() + b"\n")
        process.stdin.flush()
        if message is not _INITIALIZED:
            answer = process.stdout.readline()
    return _answer(answer)


def announced(process: subprocess.Popen[bytes]) -> str:
    """The URL that a server says it listens on."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := _URL.search(line):
            return found[0].decode()
    raise RuntimeError("the server ended without saying where it listens")


def list_over_http(client: httpx2.Client, url: str) -> bytes:
    """Handshake, then the raw answer to tools/list, in the older era as over stdio."""
    headers = _ACCEPT | {"MCP-Protocol-Version": _LEGACY}
    client.post(url, headers=_ACCEPT, json=_INITIALIZE)
    client.post(url, headers=headers, json=_INITIALIZED)
    return _answer(client.post(url, headers=headers, json=_LIST).content)


def call(client: httpx2.Client, url: str, era: str, tool: str, arguments: Mapping[str, Any]) -> bytes:
    """One tools/call over HTTP; era is `legacy` or `modern`."""
    headers, message = request(era, "tools/call", {"name": tool, "arguments": dict(arguments)})
    return _answer(client.post(url, headers=headers, json=message).content)


def request(era: str, method: str, params: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    """Headers and message of one request over HTTP, in either era."""
    headers = _ACCEPT | {"MCP-Protocol-Version": _LEGACY}
    if era == "modern":
        params = {**params, "_meta": _META}
        headers = _ACCEPT | {"MCP-Protocol-Version": _MODERN, "Mcp-Method": method}
        headers |= {"Mcp-Name": params["name"]} if "name" in params else {}
    return headers, {"jsonrpc": "2.0", "id": 3, "method": method, "params": params}


def tools_of(answer: bytes) -> str:
    """The tools array of an answer, as it stood on the wire."""
    text = answer.decode()
    start = text.index('"tools":') + len('"tools":')
    _, end = json.JSONDecoder().raw_decode(text, start)
    return text[start:end]


def _answer(raw: bytes) -> bytes:
    """The JSON of an answer, plain or as a server-sent event; an error is not an answer."""
    line = next((line for line in raw.splitlines() if line.startswith((b"data: {", b"{"))), b"")
    text = line.removeprefix(b"data: ")
    if b'"result"' not in text or b'"isError":true' in text:
        raise RuntimeError(f"the server answered {raw[:300]!r}")
    return text
