"""Owns the page at /admin: its paths, the way in and out, and what changes servers and API tokens. What is shown is prepared
in views.py."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ..grants.credentials import API, GRANT, Prefix
from ..grants.model import ApiToken, Grant, GrantError
from ..grants.service import Grants
from .catalog import Catalog
from .forms import ServerForm, TokenForm, first
from .guard import HOME, SIGN_IN, Guard, Guarded, Visit
from .issuing import issued_server, issued_token, rotated_server
from .live import classes_of
from .problems import Refused, not_found
from .repeats import Make, once
from .sessions import Sessions
from .settings import AdminSettings
from .urls import server_url
from .views import Views, problems

ACTOR = "admin token, page"
_ROWS = 50
_STATIC = Path(__file__).parent / "static"
_UNPROCESSABLE = 422
_SEE_OTHER = HTTPStatus.SEE_OTHER
_SENT_BEFORE = {
    "name": "This form was sent before with other words; nothing was made now. Send it again to make another."
}
_NOT_IT = "This is not the admin token of this server (KUSTOMER_MCP_ADMIN_TOKEN)."


class Page:
    """The page at /admin.

    Args:
        grants: The grants of the package.
        catalog: Its tools.
        settings: The admin token, and the public URL.
    """

    def __init__(self, grants: Grants, catalog: Catalog, settings: AdminSettings) -> None:
        self._grants = grants
        self._settings = settings
        self._sessions = Sessions(settings)
        classes = classes_of(catalog)
        self._views = Views(catalog, classes)
        self._guard = Guard(settings, self._sessions, self._views)
        self._static = {
            "page.css": ("text/css", (_STATIC / "page.css").read_text(encoding="utf-8")),
            "copy.js": ("text/javascript", (_STATIC / "copy.js").read_text(encoding="utf-8")),
            "tools.css": ("text/css", classes.stylesheet),
        }

    def routes(self) -> list[Route]:
        """Every path of the page; what is none of them is a page that says so."""
        acts = {
            HOME: (self._home, None),
            "/admin/servers/new": (self._server_form, self._create_server),
            "/admin/servers/preview": (None, self._preview),
            "/admin/servers/{id}/rotate": (self._confirm_rotation, self._rotate),
            "/admin/servers/{id}/revoke": (self._confirm_revocation, self._revoke),
            "/admin/api-tokens/new": (self._token_form, self._create_token),
            "/admin/api-tokens/{id}/revoke": (self._confirm_token_revocation, self._revoke_token),
            "/admin/sign-out": (None, self._sign_out),
        }
        return [
            Route(SIGN_IN, Guarded(self._guard, self._way_in, self._sign_in, is_open=True)),
            Route("/admin/static/{name}", self._file),
            *(Route(path, Guarded(self._guard, get, post)) for path, (get, post) in acts.items()),
            Route("/admin/{rest:path}", Guarded(self._guard, self._nothing, self._nothing)),
        ]

    async def _way_in(self, visit: Visit) -> Response:
        if self._sessions.of(visit.request) is not None:
            return RedirectResponse(HOME, _SEE_OTHER)
        return self._shown("sign_in", error="", next=_next(visit.request.query_params.get("next", "")))

    async def _sign_in(self, visit: Visit) -> Response:
        next = _next(first(visit.sent, "next"))
        if not self._sessions.is_token(first(visit.sent, "token")):
            return self._shown("sign_in", HTTPStatus.FORBIDDEN, error=_NOT_IT, next=next)
        answer = RedirectResponse(next or HOME, _SEE_OTHER)
        self._sessions.keep(answer, self._sessions.begin())
        return answer

    async def _sign_out(self, _: Visit) -> Response:
        answer = RedirectResponse(SIGN_IN, _SEE_OTHER)
        self._sessions.end(answer)
        return answer

    async def _home(self, visit: Visit) -> Response:
        grants, tokens = await self._grants.list(), await self._grants.tokens()
        at = _number(visit.request.query_params.get("page", ""))
        newest = grants[::-1][(at - 1) * _ROWS : at * _ROWS]
        return self._signed(
            visit,
            "home",
            servers=[self._views.server_row(grant) for grant in newest],
            total=len(grants),
            tokens=[self._views.token_row(token) for token in tokens[::-1]],
            page=at,
            pages=max(1, -(-len(grants) // _ROWS)),
        )

    async def _server_form(self, visit: Visit) -> Response:
        return self._server_form_with(visit, ServerForm())

    async def _preview(self, visit: Visit) -> Response:
        return self._server_form_with(visit, ServerForm.of(visit.sent), previewed=True)

    async def _create_server(self, visit: Visit) -> Response:
        form = ServerForm.of(visit.sent)
        try:
            made, secret = await self._once(visit, GRANT, issued_server(self._grants, form.words(), ACTOR))
        except GrantError as error:
            return self._server_form_with(visit, replace(form, errors=error.problems))
        return self._issued(visit, "Server made", made, server_url(visit.request, self._settings, secret))

    async def _confirm_rotation(self, visit: Visit) -> Response:
        return self._confirm(visit, "rotate", self._views.server_row(await self._server(visit)))

    async def _rotate(self, visit: Visit) -> Response:
        grant = await self._server(visit)
        made, secret = await self._once(visit, GRANT, rotated_server(self._grants, grant.id, ACTOR))
        return self._issued(visit, "New URL made", made, server_url(visit.request, self._settings, secret))

    async def _confirm_revocation(self, visit: Visit) -> Response:
        return self._confirm(visit, "revoke", self._views.server_row(await self._server(visit)))

    async def _revoke(self, visit: Visit) -> Response:
        id = visit.request.path_params["id"]
        if not await self._grants.revoke(id, ACTOR):
            raise not_found("server", id)
        return RedirectResponse(HOME, _SEE_OTHER)

    async def _token_form(self, visit: Visit) -> Response:
        return self._token_form_with(visit, TokenForm())

    async def _create_token(self, visit: Visit) -> Response:
        form = TokenForm.of(visit.sent)
        try:
            made, secret = await self._once(visit, API, issued_token(self._grants, form.words(), ACTOR))
        except GrantError as error:
            return self._token_form_with(visit, replace(form, errors=error.problems))
        return self._issued(visit, "API token made", made, secret)

    async def _confirm_token_revocation(self, visit: Visit) -> Response:
        return self._confirm(visit, "revoke-token", self._views.token_row(await self._token(visit)))

    async def _revoke_token(self, visit: Visit) -> Response:
        id = visit.request.path_params["id"]
        if not await self._grants.revoke_token(id, ACTOR):
            raise not_found("API token", id)
        return RedirectResponse(HOME, _SEE_OTHER)

    async def _nothing(self, _: Visit) -> Response:
        return self._guard.refusal(404, "There is nothing here", "The address is none of this page's.")

    async def _file(self, request: Request) -> Response:
        found = self._static.get(request.path_params["name"])
        if found is None:
            return self._guard.refusal(404, "There is nothing here", "The address is none of this page's.")
        return Response(found[1], media_type=found[0])

    async def _server(self, visit: Visit) -> Grant:
        id = visit.request.path_params["id"]
        grant = await self._grants.get(id)
        if grant is None:
            raise not_found("server", id)
        return grant

    async def _token(self, visit: Visit) -> ApiToken:
        id = visit.request.path_params["id"]
        token = await self._grants.get_token(id)
        if token is None:
            raise not_found("API token", id)
        return token

    async def _once(self, visit: Visit, prefix: Prefix, make: Make) -> tuple[dict[str, Any], str]:
        """Do what a form says, once: one that is sent again (a page loaded anew) shows the same secret, and makes nothing."""
        words = {name: list(values) for name, values in visit.sent.items() if name != "form"}
        what = json.dumps([visit.request.url.path, words], sort_keys=True)
        key = f"page {visit.session.nonce} {first(visit.sent, 'once')}"
        try:
            made, secret, _ = await once(self._grants.repeats, key, what, prefix, make)
        except Refused as refused:
            if refused.kind == "key-reused":
                raise GrantError(_SENT_BEFORE) from None
            raise
        return made, secret

    def _server_form_with(self, visit: Visit, form: ServerForm, *, previewed: bool = False) -> Response:
        status = _UNPROCESSABLE if form.errors else 200
        return self._signed(visit, "server", status, previewed=previewed, **self._views.server_form(form))

    def _token_form_with(self, visit: Visit, form: TokenForm) -> Response:
        status = _UNPROCESSABLE if form.errors else 200
        return self._signed(visit, "token", status, form=form, problems=problems(form.errors))

    def _confirm(self, visit: Visit, act: str, row: dict[str, Any]) -> Response:
        return self._signed(visit, "confirm", act=act, row=row)

    def _issued(self, visit: Visit, title: str, made: dict[str, Any], secret: str) -> Response:
        """Show a secret, this once: in the answer itself, so that it is in no address, cookie or store."""
        return self._signed(visit, "issued", title=title, made=made, secret=secret, is_url=made["id"].startswith("g"))

    def _signed(self, visit: Visit, name: str, status: int = 200, **values: Any) -> Response:
        token = self._sessions.form_token(visit.session)
        html = self._views.render(name, form_token=token, once=secrets.token_urlsafe(16), **values)
        return HTMLResponse(html, status)

    def _shown(self, name: str, status: int = 200, **values: Any) -> Response:
        return HTMLResponse(self._views.render(name, **values), status)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


def _next(path: str) -> str:
    """A page of this page to go on to; anything else would lead signed-in people elsewhere."""
    plain = path.isascii() and all(letter.isalnum() or letter in "/_-" for letter in path)
    return path if path.startswith("/admin/") and plain and "//" not in path else ""
