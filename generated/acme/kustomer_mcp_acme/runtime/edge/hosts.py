"""Owns which Host and Origin headers are accepted, on every route: what stops DNS rebinding and pages of other places."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from .asgi import CLOSE, AsgiApp, Problem, Receive, Scope, Send, header_values
from .settings import Serving

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
# RFC 9110, 7.2: host and port, without userinfo. A trailing dot names the same host.
_HOST = re.compile(rb"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*)\.?(?::(?P<port>\d{1,5}))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}

_WRONG_TARGET = Problem(400, "Bad Request", "The request's target must be a path.", CLOSE)
_WRONG_FRAMING = Problem(400, "Bad Request", "Content-Length and Transfer-Encoding exclude each other.", CLOSE)
_WRONG_HOST = Problem(
    421,
    "Misdirected Request",
    "This server does not answer to that Host: its operator names those it answers to.",
    CLOSE,
)
_WRONG_ORIGIN = Problem(
    403, "Forbidden", "Pages of that Origin may not call this server: its operator names those that may.", CLOSE
)


@dataclass(frozen=True, slots=True)
class Names:
    """Names with their ports: an entry without a port takes the default ones, `name:*` takes any."""

    exact: frozenset[str]
    any_port: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[str]) -> Names:
        """Names of a list as an operator writes it."""
        lowered = [entry.lower() for entry in entries]
        wide = frozenset(entry.removesuffix(":*") for entry in lowered if entry.endswith(":*"))
        return cls(frozenset(entry for entry in lowered if not entry.endswith(":*")), wide)

    def has(self, name: str, port: str, default_ports: tuple[str, ...]) -> bool:
        """Whether a name at a port (empty: none was named) is among them."""
        if name in self.any_port or f"{name}:{port}" in self.exact:
            return True
        return name in self.exact and (not port or port in default_ports)


class Hosts:
    """Lets requests through whose target, Host and Origin are as they should be.

    Args:
        app: What comes next.
        serving: The public URL and the allowed lists; loopback names are always accepted.
    """

    def __init__(self, app: AsgiApp, serving: Serving) -> None:
        self._app = app
        public = urlsplit(serving.public_url)
        hosts = [*serving.allowed_hosts, *([public.netloc] if public.netloc else [])]
        origins = [*serving.allowed_origins, *([serving.public_url] if public.netloc else [])]
        self._hosts = Names.of([*hosts, *(f"{name}:*" for name in _LOOPBACK)])
        self._origins = Names.of([*origins, *(f"http://{name}:*" for name in _LOOPBACK)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (problem := self.refusal(scope)) is not None:
            await problem.send(send)
        else:
            await self._app(scope, receive, send)

    def refusal(self, scope: Scope) -> Problem | None:
        """What is wrong with a request, or None.

        A target in absolute form would name a host beside the Host header; and a body that is framed in two ways may be
        another one to a proxy (RFC 9112, 6.1: it ought to be handled as an error).
        """
        if not scope["raw_path"].startswith(b"/"):
            return _WRONG_TARGET
        names = {name for name, _ in scope["headers"]}
        if b"transfer-encoding" in names and b"content-length" in names:
            return _WRONG_FRAMING
        hosts = header_values(scope, b"host")
        if len(hosts) != 1 or not self._knows_host(hosts[0]):
            return _WRONG_HOST
        origins = header_values(scope, b"origin")
        if len(origins) > 1 or (origins and not self._knows_origin(origins[0].decode("latin-1"))):
            return _WRONG_ORIGIN
        return None

    def _knows_host(self, value: bytes) -> bool:
        found = _HOST.fullmatch(value)
        if found is None:
            return False
        name, port = found["name"].decode().lower(), (found["port"] or b"").decode()
        return self._hosts.has(name, port, ("80", "443"))

    def _knows_origin(self, value: str) -> bool:
        scheme, separator, rest = value.lower().partition("://")
        found = _HOST.fullmatch(rest.encode("latin-1"))
        if not separator or found is None or rest.partition(":")[0].endswith("."):
            return False
        default = _DEFAULT_PORTS.get(scheme, "")
        return self._origins.has(f"{scheme}://{found['name'].decode()}", (found["port"] or b"").decode(), (default,))
