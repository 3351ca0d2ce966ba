"""Owns who may see the page: every path of it but the way in is behind one of these, which also turns refusals into pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from ..grants.model import StoreDown
from .forms import Fields, fields, first
from .problems import KINDS, STORE_RETRY_SECONDS, Refused
from .sessions import Session, Sessions
from .settings import AdminSettings
from .urls import is_own_origin
from .views import Views

HOME = "/admin"
SIGN_IN = "/admin/sign-in"
FORM_FIELD = "form"
_SEE_OTHER = HTTPStatus.SEE_OTHER
_STALE = "The form is of an earlier session, or of another page. Go back, load the page again, and send it once more."
_STORE_DOWN = "The store of grants can't be reached. Try again in a moment; nothing was lost."


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of the page; `sent` is the form, where one was sent. Before the way in the session means nobody."""

    request: Request
    session: Session
    sent: Fields = field(default_factory=dict)


Act = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Guard:
    """What every path of the page shares."""

    settings: AdminSettings
    sessions: Sessions
    views: Views

    def refusal(self, status: int, title: str, text: str) -> Response:
        """A page that says why not."""
        return HTMLResponse(self.views.render("refusal", title=title, text=text), status)


class Guarded:
    """One path of the page.

    Args:
        guard: What all paths share.
        get: Shows something; None where there is nothing to show.
        post: Does something; None where there is nothing to do. Its form must come from this page and this session.
        is_open: Whether strangers are let in; then there is no session to check a form against.
    """

    def __init__(self, guard: Guard, get: Act | None, post: Act | None, *, is_open: bool = False) -> None:
        self._guard = guard
        self._acts = {method: act for method, act in (("GET", get), ("HEAD", get), ("POST", post)) if act is not None}
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except Refused as refused:
            row = KINDS[refused.kind]
            answer = self._guard.refusal(row.status, row.title, str(refused))
        except StoreDown:
            answer = self._guard.refusal(503, "The store can't be reached", _STORE_DOWN)
            answer.headers["Retry-After"] = str(STORE_RETRY_SECONDS)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        act = self._acts.get(request.method)
        if act is None:
            answer = self._guard.refusal(405, "Not here", "This page takes no such request.")
            answer.headers["Allow"] = ", ".join(self._acts)
            return answer
        sessions = self._guard.sessions
        session = sessions.of(request)
        if session is None and not self._is_open:
            return RedirectResponse(_way_in(request), _SEE_OTHER)
        visit = Visit(request, session or sessions.begin())
        if request.method == "POST":
            sent = await self._form(request, visit.session)
            if sent is None:
                return self._guard.refusal(403, "The form was not taken", _STALE)
            visit = Visit(request, visit.session, sent)
        answer = await act(visit)
        if session is not None and not self._is_open and "set-cookie" not in answer.headers:
            sessions.keep(answer, session)
        return answer

    async def _form(self, request: Request, session: Session) -> Fields | None:
        """The form of a request, or None where it is not one of this page's."""
        if not is_own_origin(request, self._guard.settings):
            return None
        try:
            sent = await fields(request)
        except ValueError:
            return None
        known = self._is_open or self._guard.sessions.is_form_token(session, first(sent, FORM_FIELD))
        return sent if known else None


def _way_in(request: Request) -> str:
    """Where to sign in, and to come back from to a page that was asked for."""
    path = request.url.path
    return SIGN_IN if request.method == "POST" or path == HOME else f"{SIGN_IN}?next={quote(path)}"
