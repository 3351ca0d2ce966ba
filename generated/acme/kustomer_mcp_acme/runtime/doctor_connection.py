"""Owns the doctor's checks of the connection: the key, the address and its region, and the clock. It asks Kustomer once who
the key is; no check holds the key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from .doctor_report import Check, unchecked_text
from .roles import Status
from .settings import Settings
from .sites import clear_text, is_address, region_of, shown_address, wrong_region

Json = Any

_TOKEN_PATH = "/v1/auth/tokens/current"  # noqa: S105  a path
_TIMEOUT = httpx2.Timeout(30.0, connect=10.0)
_DAY = 86_400
_SOON_DAYS = 14
_CLOCK_WARNING, _CLOCK_FAILURE = 60, 300
_MAKE_A_KEY = "keys are made in Kustomer under Settings, Security, API Keys"


@dataclass(frozen=True, slots=True)
class Reply:
    """Kustomer's answer to the one question, and when it was asked for and came, in seconds since 1970."""

    status: int
    date: str
    content: Json
    asked: float
    came: float


def key_checks(key: str, now: float) -> Iterator[Check]:
    """What can be said of the key before it is sent: a JWT says itself when it expires."""
    if not key.isascii() or not key.isprintable() or " " in key:
        todo = "copy it anew, without quotes, spaces or line breaks"
        yield Check("connection", "api-key", "failed", "the API key holds characters that no key has", todo)
        return
    yield Check("connection", "api-key", "ok", "there is one")
    expires = _expiry(key)
    if expires is not None and expires - now < _SOON_DAYS * _DAY:
        day = datetime.fromtimestamp(expires, UTC).date().isoformat()
        state: Status = "failed" if expires <= now else "warning"
        what = f"the key {'expired' if expires <= now else 'expires'} on {day}"
        yield Check("connection", "expiry", state, what, f"make a new one; {_MAKE_A_KEY}")


def _expiry(key: str) -> float | None:
    """The `exp` of a JWT (RFC 7519), or None."""
    parts = key.split(".")
    if len(parts) != 3:
        return None
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return None
    found = payload.get("exp") if isinstance(payload, dict) else None
    return float(found) if isinstance(found, int | float) and 0 < found < 1e11 else None


def address_checks(base_url: str) -> Iterator[Check]:
    """What is wrong with an address before anything is sent to it."""
    shown = shown_address(base_url)
    if not is_address(base_url):
        what = f"{shown!r} is no base URL"
        todo = "set KUSTOMER_BASE_URL to scheme and host, such as https://acme.api.kustomerapp.com, or leave it unset"
        yield Check("connection", "base-url", "failed", what, todo)
    elif clear_text(base_url):
        yield Check("connection", "base-url", "failed", f"{shown} would get the key unencrypted", "use https")


async def ask(settings: Settings, key: str, now: Callable[[], float]) -> Reply:
    """Who am I? Asked apart from the client, which gives neither the date of an answer nor that of a refusal."""
    headers = {"Authorization": f"Bearer {key}", "Accept": "application/json", "User-Agent": settings.user_agent}
    async with httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, headers=headers) as client:
        asked = now()
        response = await client.get(settings.base_url + _TOKEN_PATH)
        came = now()
    try:
        content = json.loads(response.content)
    except (ValueError, RecursionError):
        content = None
    return Reply(response.status_code, response.headers.get("date", ""), content, asked, came)


def reply_checks(reply: Reply, settings: Settings) -> Iterator[Check]:
    said = _said(reply.content)
    host = wrong_region(said)
    refused = reply.status == 401 or (reply.status == 403 and said != "")
    is_api = refused or roles_in(reply.content) is not None
    if is_api:
        yield Check("connection", "base-url", "ok", f"{shown_address(settings.base_url)} answers")
    if host:
        todo = f"set KUSTOMER_BASE_URL={host}, or `base_url` in tenant.toml and generate anew"
        yield Check("connection", "region", "failed", said, todo)
        yield Check("connection", "key", "warning", unchecked_text("the region is wrong"))
    elif is_api and reply.status == 200:
        yield Check("connection", "region", "ok", region_of(settings.base_url))
        yield _key_check(reply.content)
    elif refused:
        todo = f"check the key and its organisation; {_MAKE_A_KEY}"
        yield Check("connection", "key", "failed", f"HTTP {reply.status}: {said or 'no reason given'}", todo)
    else:
        yield _no_answer(reply, said, settings)
    yield _clock_check(reply)


def _key_check(content: Json) -> Check:
    attributes = content["data"]["attributes"]
    count = len(attributes["roles"])
    name = attributes.get("name") if isinstance(attributes.get("name"), str) else ""
    what = f"valid: {name!r}, {count} role{'' if count == 1 else 's'}" if name else f"valid: {count} roles"
    if count:
        return Check("connection", "key", "ok", what)
    return Check("connection", "key", "warning", what, "make a key with the roles that the tools need")


def _no_answer(reply: Reply, said: str, settings: Settings) -> Check:
    """What is neither a key's facts nor a refusal of the key."""
    what = f"{shown_address(settings.base_url)} answered HTTP {reply.status}{f': {said}' if said else ''}"
    if reply.status == 429:
        return Check("connection", "key", "failed", f"{what}; the rate limit is used up", "try again in a minute")
    if reply.status >= 500:
        return Check("connection", "base-url", "failed", what, "try again later; see Kustomer's status page")
    return Check("connection", "base-url", "failed", f"{what}, which is not Kustomer's API", "check KUSTOMER_BASE_URL")


def _clock_check(reply: Reply) -> Check:
    try:
        theirs = parsedate_to_datetime(reply.date).timestamp()
    except (ValueError, TypeError):
        return Check("connection", "clock", "warning", unchecked_text("the answer has no date"))
    # The header counts whole seconds, so half a second is what it is off on average.
    apart = round((reply.asked + reply.came) / 2 - theirs - 0.5)
    if abs(apart) <= _CLOCK_WARNING:
        return Check("connection", "clock", "ok", f"{abs(apart)} s apart from Kustomer's")
    what = f"this machine's clock is {abs(apart)} s {'ahead of' if apart > 0 else 'behind'} Kustomer's"
    state: Status = "failed" if abs(apart) > _CLOCK_FAILURE else "warning"
    return Check(
        "connection", "clock", state, what, "set this machine's clock (NTP): TLS, expiry and rate limits depend on it"
    )


def roles_in(content: Json) -> list[str] | None:
    """The key's roles, or None where this is no answer of Kustomer's."""
    try:
        roles = content["data"]["attributes"]["roles"]
    except (KeyError, TypeError):
        return None
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else None


def _said(content: Json) -> str:
    """Kustomer's own words for a refusal, cut to one line."""
    errors = content.get("errors") if isinstance(content, dict) else None
    entry = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    said = entry.get("detail") or entry.get("message") or entry.get("title")
    return " ".join(said.split())[:200] if isinstance(said, str) else ""
