"""Owns the administration as one ASGI application: everything under /admin. It is mounted whole, and is 404 where it is off."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, MutableMapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..grants.model import StoreDown
from ..grants.service import Grants
from .catalog import Catalog
from .page import Page
from .problems import Refused, store_down
from .rest import Api, Handler, resources
from .settings import AdminSettings

PREFIX = "/admin"
# Of every answer. `no-store` because any may hold a secret; `same-origin` because with `no-referrer` browsers send
# `Origin: null` with a form, and where it comes from could not be checked (Fetch standard, 3.2).
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}


def admin_app(grants: Grants, package: Catalog, settings: AdminSettings) -> ASGIApp:
    """The application of everything under /admin, at its full path; nothing is stripped from it by whoever mounts it.

    Args:
        grants: The grants of the package.
        package: Its tools (`catalog_of`).
        settings: The admin token, and the public URL.
    """
    if not settings.is_on:
        return _with_headers(_Off())
    token = _Token(settings.token)
    rest = [
        Route(path, _Resource(methods, token)) for path, methods in resources(Api(grants, package, settings)).items()
    ]
    page = Page(grants, package, settings)
    # What is under a path of REST and is nothing answers as REST does; the rest is the page's.
    lost = [
        Route(f"{path}/{{rest:path}}", _Resource({}, token)) for path in ("/admin/mcp", "/admin/tokens", "/admin/tools")
    ]
    return _with_headers(Starlette(routes=[*rest, *lost, *page.routes()]))


class _Off:
    """Says that nothing is here."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = Refused("not-found", "There is nothing here.").response()
        await answer(scope, receive, send)


class _Token:
    """Checks the admin token, in a time that tells nothing about it: both sides are hashed first. No guess is counted: the
    token is too long to be guessed, and a counter would let strangers lock people out."""

    def __init__(self, token: str) -> None:
        self._digest = hashlib.sha256(token.encode()).digest()

    def is_held(self, request: Request) -> bool:
        """Whether a request presents it; exactly once."""
        given = request.headers.getlist("authorization")
        scheme, _, token = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        same = hmac.compare_digest(hashlib.sha256(token.strip().encode()).digest(), self._digest)
        return same and scheme.lower() == "bearer"


class _Resource:
    """One path of REST: who may ask, which methods there are, and refusals as problems."""

    def __init__(self, methods: Mapping[str, Handler], token: _Token) -> None:
        self._methods = dict(methods) | ({"HEAD": methods["GET"]} if "GET" in methods else {})
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            answer = refused.response()
        except StoreDown:
            answer = store_down().response()
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if not self._token.is_held(request):
            challenge = 'Bearer realm="admin"' + (
                ', error="invalid_token"' if "authorization" in request.headers else ""
            )
            detail = "Send `Authorization: Bearer` with the admin token of this server."
            raise Refused("unauthorized", detail, headers={"WWW-Authenticate": challenge})
        if not self._methods:
            raise Refused("not-found", "There is nothing at this path: GET /admin/openapi.json says what there is.")
        allowed = {"Allow": ", ".join(sorted({*self._methods, "OPTIONS"}))}
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allowed)
        handler = self._methods.get(request.method)
        if handler is None:
            detail = f"{request.method} is not one of {allowed['Allow']}."
            raise Refused("method-not-allowed", detail, headers=allowed)
        return await handler(request)


def _with_headers(app: ASGIApp) -> ASGIApp:
    """Put the headers that every answer has on every answer."""
    added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await app(scope, receive, with_headers)

    return wrapped
