"""Owns what the OAuth tests share: the issuer's process, a clock, and a server's OAuth side on a real store."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from kustomer_mcp_acme.runtime.authentication import Admitted, Authenticator, Refused
from kustomer_mcp_acme.runtime.grants.opening import tool_rows
from kustomer_mcp_acme.runtime.grants.service import Grants
from kustomer_mcp_acme.runtime.grants.store import open_store
from kustomer_mcp_acme.runtime.oauth.model import OAuthSettings
from kustomer_mcp_acme.runtime.oauth.resource import OAuth

PUBLIC = "https://mcp.example.com"
AUDIENCE = f"{PUBLIC}/mcp"
MODULE = "kustomer_mcp_acme"


class IssuerProcess:
    """A running issuer, and how it is told what to do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, timeout=10)

    def token(self, scope: str | None = "ops", **asked: Any) -> str:
        """An access token; claims named in `claims` are changed, or left out where they are None."""
        claims = {"aud": AUDIENCE, "scope": scope} | asked.pop("claims", {})
        answer = self._client.post("/token", json={"claims": claims, **asked})
        return str(answer.raise_for_status().json()["access_token"])

    def rotate(self, keep: bool) -> None:
        self._client.post("/rotate", json={"keep": keep}).raise_for_status()

    def mode(self, mode: str) -> None:
        self._client.post("/mode", json={"mode": mode}).raise_for_status()

    def asked(self, what: str = "keys") -> int:
        """How often that was asked for since the mode was set."""
        return int(self._client.get("/asked").json().get(what, 0))

    def published(self) -> list[dict[str, Any]]:
        return list(self._client.get("/elsewhere").json()["keys"])


@contextmanager
def issuer_process() -> Iterator[IssuerProcess]:
    command = [sys.executable, str(Path(__file__).with_name("oauth_issuer.py"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield IssuerProcess(process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


class Ticks:
    """A clock that never goes back; it goes on when it is told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@dataclass
class Served:
    """A server's way in: its grants, and what it says to a bearer token."""

    grants: Grants
    oauth: OAuth
    ticks: Ticks
    secrets: list[str] = field(default_factory=list)

    async def grant(self, scope: str = "ops", **more: Any) -> str:
        """Make a grant that a scope acts as; its id."""
        words = {"name": scope, "methods": ["read"], "tags": ["conversations"], "oauth_scope": scope} | more
        return (await self.grants.create(words, "test")).made.id

    async def ask(self, token: str, **headers: str) -> Admitted | Refused:
        pairs = [(b"host", b"mcp.example.com"), (b"authorization", f"Bearer {token}".encode())]
        pairs += [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/mcp",
            "raw_path": b"/mcp",
            "query_string": b"",
            "headers": pairs,
        }
        return await Authenticator(self.grants, self.oauth).authenticate(scope)

    async def refusal(self, token: str, **headers: str) -> tuple[int, str]:
        """The status, and WWW-Authenticate."""
        found = await self.ask(token, **headers)
        assert isinstance(found, Refused), found
        said = dict(found.problem.headers)
        return found.problem.status, said.get(b"www-authenticate", b"").decode()


def served(folder: Path, issuer: str, jwks_url: str = "", public_url: str = PUBLIC) -> Served:
    """A server's way in, with a store in a folder."""
    ticks = Ticks()
    key = b"a key of the tests that is long enough"
    grants = Grants(open_store(str(folder / "grants.sqlite3"), MODULE), key, tool_rows(MODULE), now=time.time)
    return Served(grants, OAuth(OAuthSettings(issuer, AUDIENCE, jwks_url), grants, public_url, ticks), ticks)
