"""Serving over Streamable HTTP: who may reach the server, and what it answers to those who may not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from click.testing import CliRunner
from kustomer_mcp_acme.runtime.cli import command
from kustomer_mcp_acme.server import INFO
from kustomer_mcp_globex.runtime.grants.opening import GrantSettings, open_grants
from package_servers import Served, environment, serving

from generator.sandbox import Sandbox

CALL = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


@pytest.fixture(scope="module")
def private(_emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with its defaults."""
    folder = tmp_path_factory.mktemp("private")
    with serving(folder, KUSTOMER_BASE_URL=_emulator.url, KUSTOMER_API_KEY="sandbox-acme") as one:
        yield one


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that others reach as mcp.example.com, from the pages of app.example.com; its second tenant's package."""
    folder = tmp_path_factory.mktemp("public")
    store = str(folder / "grants.sqlite3")
    secret = anyio.run(granted, store)
    options = ("--host", "0.0.0.0", "--allow-host", "mcp.example.com", "--allow-origin", "https://app.example.com")
    with serving(folder, *options, "--store", store, tenant="globex") as one:
        yield Served(f"{one.url.replace('0.0.0.0', '127.0.0.1')}/{secret}", one.log)


async def granted(store: str) -> str:
    """The secret of a grant to every tool."""
    grants = open_grants("kustomer_mcp_globex", GrantSettings(store))
    issued = await grants.create({"name": "everybody"}, "test")
    await grants.aclose()
    return issued.secret


def ask(method: str, params: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, **({"params": params} if params else {})}


def send(served: Served, body: Any = None, **headers: str) -> httpx.Response:
    """One request of the older era, which needs no session here."""
    content = body if isinstance(body, bytes) else json.dumps(body or ask("tools/list")).encode()
    return httpx.post(served.url, content=content, headers=CALL | headers, timeout=20)


def result(response: httpx.Response) -> Any:
    lines = [line for line in response.text.splitlines() if line.startswith("data:")]
    return json.loads(lines[-1].removeprefix("data:") if lines else response.text)["result"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:1", "localhost", "localhost:9999", "[::1]:80"])
def test_loopback_names_are_accepted(host: str, private: Served) -> None:
    response = send(private, host=host)
    assert response.status_code == 200 and len(result(response)["tools"]) == 41


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil:80", "mcp.example.com"])
def test_a_foreign_host_header_gets_421(host: str, private: Served) -> None:
    assert send(private, host=host).status_code == 421


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:6274", 200),
        ("http://evil.example", 403),
        ("https://app.example.com", 403),
        ("null", 403),
    ],
)
def test_pages_of_other_places_get_403(origin: str, status: int, private: Served) -> None:
    assert send(private, origin=origin).status_code == status


@pytest.mark.parametrize(
    ("host", "status"), [("mcp.example.com", 200), ("127.0.0.1", 200), ("localhost:8000", 200), ("evil.example", 421)]
)
def test_an_allowed_host_is_accepted_besides_loopback(host: str, status: int, public: Served) -> None:
    assert send(public, host=host).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://app.example.com", 200), ("http://localhost:3000", 200), ("https://evil.example", 403)],
)
def test_an_allowed_origin_is_accepted_besides_loopback_pages(origin: str, status: int, public: Served) -> None:
    assert send(public, host="mcp.example.com", origin=origin).status_code == status


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_get_is_405_at_once_and_opens_no_stream(accept: str, private: Served) -> None:
    with httpx.stream("GET", private.url, headers={"accept": accept}, timeout=20) as response:
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert json.loads(response.read())["detail"] == "Use POST."


def test_there_is_no_session_to_delete_and_nothing_beside_the_one_path(private: Served) -> None:
    assert httpx.delete(private.url, headers=CALL, timeout=20).status_code == 405
    assert httpx.get(private.url.replace("/mcp", "/"), timeout=20).status_code == 404


def test_a_number_beyond_all_bounds_is_refused_and_nothing_arrives(private: Served, emulator: Sandbox) -> None:
    body = json.dumps(
        ask(
            "tools/call",
            {"name": "update_a_kustomer_customer_by_id", "arguments": {"id": "x", "custom": {"creditLimitNum": "BIG"}}},
        )
    )
    said = result(send(private, body.replace('"BIG"', "1e999").encode()))
    assert said["isError"] is True and "structuredContent" not in said
    assert [part["text"] for part in said["content"]] == ["JSON has no number inf; nothing was sent."]
    assert len(emulator.journal) == 0


def test_a_text_cut_within_a_character_reaches_the_client(private: Served, emulator: Sandbox) -> None:
    emulator.faults.answer(200, b'{"data": {"id": "x", "attributes": {"preview": "cut \\ud83d"}}}')
    call = ask("tools/call", {"name": "get_single_kustomer_conversation_by_id", "arguments": {"id": "x"}})
    said = result(send(private, call))
    assert said["structuredContent"]["data"]["attributes"]["preview"] == "cut \ufffd"


def test_an_unknown_tool_is_a_json_rpc_error(private: Served) -> None:
    response = send(private, ask("tools/call", {"name": "nothing", "arguments": {}}))
    lines = [line for line in response.text.splitlines() if line.startswith("data:")]
    error = json.loads(lines[-1].removeprefix("data:") if lines else response.text)["error"]
    assert (error["code"], error["message"]) == (-32602, "Unknown tool: nothing")


def test_every_connection_answers_without_waiting_for_more_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP_NODELAY: without it, Nagle's algorithm and delayed acknowledgements hold back answers on a kept connection."""
    seen: list[int] = []

    def accept_one(_: uvicorn.Server, sockets: list[socket.socket]) -> None:
        (listener,) = sockets
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            seen.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    monkeypatch.setattr(uvicorn.Server, "run", accept_one)
    done = CliRunner().invoke(command(INFO), ["serve", "--transport", "http", "--port", "0", "--open"])
    assert done.exit_code == 0 and len(seen) == 1 and seen[0] != 0


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kustomer_mcp_acme", *words]
    known = environment(KUSTOMER_API_KEY="k")
    return subprocess.run(command, env=known, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_a_public_address_needs_allow_host(host: str) -> None:
    done = run("serve", "--transport", "http", "--host", host, "--port", "0")
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.splitlines()[-1] == (
        f"Error: --host {host} is reachable by others: name the Host headers to accept with "
        "--public-url or --allow-host"
    )


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--transport", "http", "--port", str(port), "--open")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [f"Error: can't listen on 127.0.0.1:{port}: Address already in use"]
