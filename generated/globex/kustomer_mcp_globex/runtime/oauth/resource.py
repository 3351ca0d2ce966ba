"""Owns what this server says of itself to OAuth clients: its metadata (RFC 9728), its challenges (RFC 6750), and whom an
access token proves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from ..edge.asgi import UNCHECKED, Problem, Receive, Scope, Send, respond
from ..grants.model import StoreDown
from ..grants.service import Grants
from .keys import IssuerKeys
from .model import MCP_PATH, METADATA_PATH, Identity, OAuthSettings
from .tokens import header_of, identity_of, usable_keys

# Whoever is not let in sees the scopes: so they are not read from the store at each of such requests.
_SCOPES_SECONDS = 10.0
_MOST_SCOPES = 50


class OAuth:
    """The OAuth side of a server.

    Args:
        settings: Whose access tokens count.
        grants: Their scopes are those that clients may ask for.
        public_url: Scheme and host that clients know; where empty, those of each request.
        now: A clock that never goes back, in seconds.
    """

    def __init__(
        self,
        settings: OAuthSettings,
        grants: Grants,
        public_url: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._grants = grants
        self._public_url = public_url.rstrip("/")
        self._now = now
        self._keys = IssuerKeys(settings, now)
        self._scopes: tuple[str, ...] = ()
        self._scopes_at = float("-inf")

    async def identify(self, token: str) -> Identity:
        """What an access token proves. Raises TokenRefused and IssuerDown."""
        algorithm, kid = header_of(token)
        keys = await self._keys.find(lambda known: usable_keys(known, algorithm, kid))
        return identity_of(token, keys, self._settings)

    async def scopes(self) -> tuple[str, ...]:
        """The scopes that act as grants, the oldest grant's first, as they were some seconds ago. Raises StoreDown."""
        if self._now() - self._scopes_at >= _SCOPES_SECONDS:
            self._scopes = tuple(await self._grants.scopes())[:_MOST_SCOPES]
            self._scopes_at = self._now()
        return self._scopes

    async def challenge(self, scope: Scope, error: str = "", description: str = "") -> bytes:
        """The value of WWW-Authenticate (RFC 6750, 3; RFC 9728, 5.1): what was wrong, and where to get what is missing."""
        parts = {"error": error, "error_description": description, "scope": " ".join(await self.scopes())}
        parts["resource_metadata"] = f"{self._base(scope)}{METADATA_PATH}{MCP_PATH}"
        return b"Bearer " + _parameters(parts.items())

    async def serve_metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application at METADATA_PATH and below it: the protected resource's metadata."""
        _ = receive
        if scope["method"] not in ("GET", "HEAD"):
            await Problem(405, "Method Not Allowed", "Use GET.", ((b"allow", b"GET, HEAD"),)).send(send)
            return
        try:
            document = await self._document(scope)
        except StoreDown:
            await UNCHECKED.send(send)
            return
        headers = ((b"content-type", b"application/json"), (b"cache-control", b"public, max-age=60"))
        # The pages that may call at all (Origin was checked before) may read it too; it holds no secret.
        await respond(send, 200, json.dumps(document).encode(), (*headers, (b"access-control-allow-origin", b"*")))

    async def _document(self, scope: Scope) -> dict[str, Any]:
        return {
            "resource": f"{self._base(scope)}{MCP_PATH}",
            "authorization_servers": [self._settings.issuer],
            "scopes_supported": list(await self.scopes()),
            "bearer_methods_supported": ["header"],
        }

    def _base(self, scope: Scope) -> str:
        """Host was checked before; so it may be shown."""
        if self._public_url:
            return self._public_url
        host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "localhost")
        return f"{scope.get('scheme', 'http')}://{host}"


def _parameters(pairs: Iterable[tuple[str, str]]) -> bytes:
    """Quoted as RFC 9110, 5.6.4 has it."""
    quoted = (f'{name}="{_quoted(value)}"' for name, value in pairs if value)
    return ", ".join(quoted).encode("ascii", "replace")


def _quoted(text: str) -> str:
    plain = "".join(letter for letter in text if " " <= letter <= "~")
    return plain.replace("\\", "\\\\").replace('"', '\\"')
