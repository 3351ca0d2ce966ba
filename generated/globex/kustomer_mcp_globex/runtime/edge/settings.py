"""Owns what the environment says about serving. Command-line options end here too, so that every worker reads the same."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from ..access import Exposure
from ..admin.settings import SHORTEST_TOKEN
from ..settings import text_of

PREFIX = "KUSTOMER_MCP_"
_LOOPBACK_NAMES = ("localhost",)
_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?:\d{1,5}|\*))?")
_ORIGIN = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?:\d{1,5}|\*))?")


class ServingError(Exception):
    """Settings that can't be served with.

    Args:
        problems: Variable -> what is wrong with it and what to do; all of them at once.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("\n".join(f"{name}: {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)


@dataclass(frozen=True, slots=True)
class Serving:
    """How a package is served; times in seconds. Each is read from KUSTOMER_MCP_ and its name in capitals.

    Attributes:
        open: Anybody on this machine may call every tool, without a grant (loopback only).
        store: Where grants are kept: a path or a Redis URL; empty takes the default. May hold a password.
        body_seconds: How long a request's body may take to arrive.
        head_seconds: How long a request's headers may take to arrive, and a caller to go on reading its answer.
        concurrent_requests: MCP requests at work at one time; more are told to come again.
        drain_delay: How long a server that was told to stop goes on accepting, with /readyz at 503.
        drain_seconds: How long running calls may take after that.
        audit_log: A path, `-` for the log, or empty for the default.
    """

    transport: Literal["stdio", "http"] = "stdio"
    host: str = "127.0.0.1"
    port: int = 8000
    open: bool = False
    workers: int = 1
    exposure: Exposure = "all"
    public_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    store: str = field(default="", repr=False)
    hash_key: str = field(default="", repr=False)
    admin_token: str = field(default="", repr=False)
    oauth_issuer: str = ""
    oauth_audience: str = ""
    oauth_jwks_url: str = ""
    calls_per_minute: int = 600
    body_bytes: int = 1_000_000
    body_seconds: float = 15.0
    head_seconds: float = 10.0
    keep_alive_seconds: int = 30
    request_seconds: float = 120.0
    concurrent_requests: int = 256
    upstream_calls: int = 32
    drain_delay: float = 0.0
    drain_seconds: int = 20
    audit_log: str = ""
    log_format: Literal["json", "text"] = "text"
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """The settings of this process.

        Raises:
            ServingError: Some make no sense; every one is named.
        """
        said = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for name, parse in _PARSERS.items():
            variable = PREFIX + name.upper()
            try:
                text = _secret(said, variable) if name in _SECRETS else said.get(variable, "").strip()
                if text:
                    values[name] = parse(text)
            except ValueError as error:
                problems[variable] = str(error)
        values.setdefault("log_format", "json" if values.get("transport") == "http" else "text")
        serving = cls(**values)
        problems |= _conflicts(serving, problems)
        if problems:
            raise ServingError(problems)
        return serving

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address."""
        return is_loopback(self.host)

    @property
    def is_local_by_name(self) -> bool:
        """Whether nobody is to call it by a name of another machine than this one, as behind a proxy."""
        names = [f"//{entry.removesuffix(':*')}" for entry in self.allowed_hosts]
        return all(is_loopback(urlsplit(name).hostname or "") for name in (*names, *filter(None, [self.public_url])))


def misspelt(environment: Mapping[str, str]) -> list[str]:
    """Variables that are no settings and nearly the name of one, which is then at its default."""
    known = [name.upper() for name in _PARSERS] + [f"{name.upper()}_FILE" for name in _SECRETS]
    found = []
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        near = get_close_matches(name, known, n=1, cutoff=0.85) if name != variable and name not in known else []
        found += [f"{variable} is no setting and says nothing: {PREFIX}{one} is" for one in near]
    return found


def is_loopback(host: str) -> bool:
    """Whether a host or an address is this machine's own."""
    if host.lower().rstrip(".") in _LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _conflicts(serving: Serving, known: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with settings taken together, where each is right by itself."""
    public = bool(serving.public_url or serving.allowed_hosts)
    rows = [
        (
            "HOST",
            serving.transport == "http" and not serving.is_local and not public,
            f"--host {serving.host} is reachable by others: name the Host headers to accept with --public-url or --allow-host",
        ),
        (
            "OPEN",
            serving.transport == "http" and serving.open and not (serving.is_local and serving.is_local_by_name),
            "--open lets in whoever can reach the server, and by --host, --public-url or --allow-host others can: "
            "leave out --open and make grants",
        ),
        ("OPEN", serving.open and bool(serving.admin_token), "--open has no grants to administer: unset ADMIN_TOKEN"),
        (
            "OAUTH_ISSUER",
            bool(serving.oauth_audience or serving.oauth_jwks_url) and not serving.oauth_issuer,
            "an audience or a JWKS URL was given without the issuer that they belong to: set it too",
        ),
        (
            "OAUTH_AUDIENCE",
            bool(serving.oauth_issuer) and not (serving.oauth_audience or serving.public_url),
            "OAuth needs to know what this server is called: set it, or --public-url",
        ),
    ]
    return {PREFIX + name: text for name, wrong, text in rows if wrong and PREFIX + name not in known}


def _secret(said: Mapping[str, str], variable: str) -> str:
    """A value that is in the variable, or in the file that `..._FILE` names."""
    value, path = said.get(variable, "").strip(), said.get(f"{variable}_FILE", "").strip()
    if value and path:
        raise ValueError(f"{variable}_FILE is set as well: keep one of the two")
    if not path:
        return value
    found = text_of(Path(path), f"the file of {variable}_FILE")
    if not found:
        raise ValueError(f"the file of {variable}_FILE is empty")
    return found


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}, not {text[:20]!r}")
        return text.lower()

    return parse


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not text.isascii() or not text.isdecimal() or len(text) > 12 or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}, not {text[:20]!r}")
        return int(text)

    return parse


def _seconds(least: float, most: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text, re.ASCII) or not least <= float(text) <= most:
            raise ValueError(f"must be seconds from {least:g} to {most:g}, not {text[:20]!r}")
        return float(text)

    return parse


def _flag(text: str) -> bool:
    if text.lower() not in ("1", "true", "yes", "0", "false", "no"):
        raise ValueError(f"must be true or false, not {text[:20]!r}")
    return text.lower() in ("1", "true", "yes")


def _list(pattern: re.Pattern[str], example: str) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        entries = tuple(entry.strip().lower() for entry in text.split(",") if entry.strip())
        if wrong := [entry for entry in entries if not pattern.fullmatch(entry)]:
            raise ValueError(f"{wrong[0][:60]!r} is none: write them as {example}, with commas between")
        return entries

    return parse


def _public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        strange = parts.username or parts.password or parts.query or parts.fragment or parts.path not in ("", "/")
        port = parts.port
    except ValueError:
        raise ValueError("is no address: write it as https://mcp.example.com") from None
    if strange or parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc) or port == 0:
        raise ValueError("must be scheme and host alone: write it as https://mcp.example.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("must be https: secrets are in its addresses")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _https_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError("is no address: write it as https://login.example.com/") from None
    if parts.username or parts.query or parts.fragment or not host:
        raise ValueError("must be scheme, host and path alone: write it as https://login.example.com/")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValueError("must be https: whoever could change its answer could let anybody in")
    return text


def _token(text: str) -> str:
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(f"must have at least {SHORTEST_TOKEN} printable characters: take a long random one")
    return text


_SECRETS = frozenset({"store", "hash_key", "admin_token"})
_SIZE = _whole(1, 1_000_000)
_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "transport": _one_of("stdio", "http"),
    "host": str,
    "port": _whole(0, 65535),
    "open": _flag,
    "workers": _whole(1, 64),
    "exposure": _one_of("all", "discovery"),
    "public_url": _public_url,
    "allowed_hosts": _list(_HOST, "mcp.example.com or mcp.example.com:*"),
    "allowed_origins": _list(_ORIGIN, "https://app.example.com"),
    "store": str,
    "hash_key": str,
    "admin_token": _token,
    "oauth_issuer": _https_url,
    "oauth_audience": str,
    "oauth_jwks_url": _https_url,
    "calls_per_minute": _SIZE,
    "body_bytes": _whole(1_000, 4_000_000),
    "body_seconds": _seconds(0.1, 600),
    "head_seconds": _seconds(0.1, 600),
    "keep_alive_seconds": _whole(1, 3_600),
    "request_seconds": _seconds(0.1, 3_600),
    "concurrent_requests": _SIZE,
    "upstream_calls": _whole(1, 1_000),
    "drain_delay": _seconds(0, 600),
    "drain_seconds": _whole(1, 3_600),
    "audit_log": str,
    "log_format": _one_of("json", "text"),
    "log_level": lambda text: _one_of("debug", "info", "warning", "error")(text).upper(),
}
