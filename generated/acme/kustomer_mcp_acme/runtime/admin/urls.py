"""Owns the URLs that the administration shows: what callers are given, and which origin is its own."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

from .settings import AdminSettings

_MCP = "/mcp/"


def base_url(request: Request, settings: AdminSettings) -> str:
    """What shown URLs begin with: the configured public URL, else the scheme and Host of the request (which the server
    has checked before)."""
    return settings.public_url.rstrip("/") or f"{request.url.scheme}://{request.url.netloc}"


def server_url(request: Request, settings: AdminSettings, secret: str) -> str:
    """The URL that a caller is given; whoever has it has what the server leaves."""
    return f"{base_url(request, settings)}{_MCP}{secret}"


def is_own_origin(request: Request, settings: AdminSettings) -> bool:
    """Whether a form comes from this page: by Origin, which browsers send with every POST, and Sec-Fetch-Site where they do.

    The scheme of a request is not known behind a proxy, so that the origin's host and port decide; a page of another scheme
    on the same host and port is not there.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    own = {request.url.netloc, urlsplit(settings.public_url).netloc} - {""}
    return urlsplit(origin).netloc in own
