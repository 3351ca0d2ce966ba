"""Owns who is signed in to the page: a signed cookie and no store, so that workers and replicas agree, and a new admin token
ends every session. It also owns the tokens that forms carry against forgery."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from .settings import AdminSettings

# A session ends this long after its last page, and this long after it began. Signing out takes the cookie away; a copy of it
# would work until then, as nothing is stored.
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 8 * 3600
_COOKIE = "kustomer_mcp_admin"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who knew the admin token. Times are whole Unix seconds."""

    nonce: str
    began: int
    ends: int


class Sessions:
    """Begins, finds and ends sessions.

    Args:
        settings: The admin token, from which the key is derived, and whether cookies may be Secure.
        now: The clock, in Unix seconds.
    """

    def __init__(self, settings: AdminSettings, now: Callable[[], float] = time.time) -> None:
        self._token = hashlib.sha256(settings.token.encode()).digest()
        self._key = hmac.new(settings.token.encode(), b"kustomer-mcp: sessions of the page", hashlib.sha256).digest()
        self._secure = settings.is_https
        # Browsers take the prefixed name only with Secure, and from nowhere else (RFC 6265bis, 4.1.3).
        self._name = f"__Secure-{_COOKIE}" if self._secure else _COOKIE
        self._now = now

    def is_token(self, given: str) -> bool:
        """Whether this is the admin token, in a time that tells nothing about it."""
        return hmac.compare_digest(hashlib.sha256(given.strip().encode("utf-8", "replace")).digest(), self._token)

    def begin(self) -> Session:
        """A new session."""
        now = int(self._now())
        return Session(secrets.token_urlsafe(16), now, now + IDLE_SECONDS)

    def of(self, request: Request) -> Session | None:
        """The session of a request, or None."""
        text, _, mac = request.cookies.get(self._name, "").rpartition(".")
        if not text or not hmac.compare_digest(mac.encode(), self._mac("session", text).encode()):
            return None
        nonce, began, ends = text.split(".")
        session = Session(nonce, int(began), int(ends))
        now = self._now()
        return session if now < min(session.ends, session.began + LONGEST_SECONDS) else None

    def keep(self, response: Response, session: Session) -> None:
        """Send the cookie of a session, which from now on ends after the idle time."""
        ends = int(self._now()) + IDLE_SECONDS
        text = f"{session.nonce}.{session.began}.{ends}"
        self._send(response, f"{text}.{self._mac('session', text)}", IDLE_SECONDS)

    def end(self, response: Response) -> None:
        """Take the cookie away."""
        self._send(response, "", 0)

    def form_token(self, session: Session) -> str:
        """What every form of a session carries."""
        return self._mac("form", session.nonce)

    def is_form_token(self, session: Session, given: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self.form_token(session).encode())

    def _mac(self, what: str, text: str) -> str:
        return hmac.new(self._key, f"{what} {text}".encode(), hashlib.sha256).hexdigest()

    def _send(self, response: Response, value: str, seconds: int) -> None:
        response.set_cookie(
            self._name, value, max_age=seconds, path="/admin", secure=self._secure, httponly=True, samesite="strict"
        )
