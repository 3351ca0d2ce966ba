"""Host, Origin and framing, on every route: DNS rebinding, pages of other places, smuggled requests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving_kit import Server, call, grant, post, raw, serving

from generator.sandbox import Sandbox


@pytest.fixture(scope="module")
def server(emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that is known as https://mcp.example.com, and as *.internal at any port."""
    folder = tmp_path_factory.mktemp("hosts")
    options = ("--host", "0.0.0.0", "--public-url", "https://mcp.example.com", "--allow-host", "pod.internal:*")
    with serving(
        folder, *options, "--allow-origin", "https://app.example.com",
        KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_ADMIN_TOKEN="a-token-of-an-admin-with-40-characters-x",
    ) as one:  # fmt: skip
        one.grants["all"] = grant(one.store)[1]
        yield one


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("mcp.example.com", 200),
        ("MCP.Example.com:443", 200),
        ("mcp.example.com.", 200),
        ("pod.internal:8123", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("mcp.example.com:8080", 421),
        ("mcp.example.com.evil.example", 421),
        ("evil.example@mcp.example.com", 421),
        ("mcp.example.com@evil.example", 421),
        ("mcp.example.com..", 421),
        ("mcp.example.com:443:443", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_only_its_own_names_are_accepted_as_host(host: str, status: int, server: Server) -> None:
    assert post(f"{server.url}/{server.grants['all']}", host=host).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://mcp.example.com", 200),
        ("https://app.example.com", 200),
        ("https://app.example.com:443", 200),
        ("http://localhost:6274", 200),
        ("http://mcp.example.com", 403),
        ("https://app.example.com:8443", 403),
        ("https://app.example.com.evil.example", 403),
        ("https://evil.example", 403),
        ("https://localhost:1", 403),
        ("null", 403),
    ],
)
def test_only_pages_of_its_own_places_may_call(origin: str, status: int, server: Server) -> None:
    assert post(f"{server.url}/{server.grants['all']}", origin=origin).status_code == status


@pytest.mark.parametrize("path", ["/mcp", "/admin", "/admin/mcp", "/.well-known/oauth-protected-resource", "/nothing"])
def test_every_route_is_behind_the_check(path: str, server: Server) -> None:
    assert post(server.base + path, host="evil.example").status_code == 421
    assert post(server.base + path, origin="https://evil.example").status_code == 403


HEAD = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: 4, 5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding: xchunked\r\n",
        b"Content-Length: +4\r\n",
        b"Host: evil.example\r\nContent-Length: 4\r\n",
        b"Content-Length : 4\r\n",
        b"X: a\r\n b\x00c: d\r\nContent-Length: 4\r\n",
    ],
)
def test_a_request_framed_in_two_ways_ends_the_connection_and_no_second_one_is_heard(
    lines: bytes, server: Server
) -> None:
    inner = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    received = raw(server, HEAD % b"/mcp" + lines + b"\r\n0\r\n\r\n" + inner)
    assert received.startswith(b"HTTP/1.1 4") and received.count(b"HTTP/1.1 ") == 1
    assert b"kustomer-acme" not in received


@pytest.mark.parametrize("target", [b"http://evil.example/mcp", b"//evil.example/mcp", b"evil.example:443", b"*"])
def test_a_target_that_is_no_path_reaches_nothing(target: bytes, server: Server) -> None:
    received = raw(server, HEAD % target + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
    assert received.split(b" ")[1] in (b"400", b"404")


def test_a_request_without_host_is_refused(server: Server) -> None:
    received = raw(server, b"GET /mcp HTTP/1.0\r\n\r\n")
    assert received.split(b" ")[1] == b"421"


def test_paths_that_are_nearly_right_are_nothing(server: Server) -> None:
    secret = server.grants["all"]
    nothing = post(f"{server.base}/nothing")
    for path in (
        f"/mcp/{secret}/",
        f"/mcp/{secret}/x",
        f"/mcp//{secret}",
        f"//mcp/{secret}",
        "/mcp/",
        f"/MCP/{secret}",
    ):
        received = post(server.base + path, call(id="x"))
        assert (received.status_code, received.content) == (404, nothing.content), path
    encoded = raw(server, HEAD % f"/mcp%2F{secret}".encode() + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
    assert encoded.split(b" ")[1] == b"404"
