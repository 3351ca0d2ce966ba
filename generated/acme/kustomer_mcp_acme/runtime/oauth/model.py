"""Owns what OAuth is configured with, what an access token says, and why one is refused. It reads and sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..sites import LOOPBACK

METADATA_PATH = "/.well-known/oauth-protected-resource"
MCP_PATH = "/mcp"
# Of the algorithms of JWTs, those that need no secret of ours: `none` and HMAC can't be among them.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
# Clocks differ (RFC 7519, 4.1.4 allows some leeway).
LEEWAY_SECONDS = 30


class TokenRefused(Exception):
    """An access token that proves nothing here; the text is for the log and for whoever holds it."""


class IssuerDown(Exception):
    """The issuer's keys can't be had, and none that are fresh enough are kept: callers are told to come again (503)."""


@dataclass(frozen=True, slots=True)
class OAuthSettings:
    """Whose access tokens count.

    Attributes:
        issuer: The issuer, letter for letter as its tokens and metadata name it.
        audience: What tokens must be meant for (RFC 8707).
        jwks_url: Where its keys are; an empty string takes what its metadata says.
    """

    issuer: str
    audience: str
    jwks_url: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What an access token proves: its scopes, when it ends (Unix seconds, the leeway included), and who is behind it."""

    scopes: frozenset[str]
    expires_at: float
    subject: str = ""


def is_safe_url(url: str) -> bool:
    """Whether what an address answers can be believed: https, or this machine's own."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))
