"""Owns who a request over HTTP is: what stands in its path and headers, to an access or a refusal. It changes nothing but
last uses, and shows no secret."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from .access import Access, Exposure
from .edge.asgi import NOT_FOUND, UNCHECKED, Problem, Scope, header_values
from .grants.credentials import API, GRANT, has_form, same
from .grants.model import Grant, Narrowing, StoreDown
from .grants.service import Grants
from .oauth.model import MCP_PATH, Identity, IssuerDown, TokenRefused

if TYPE_CHECKING:
    from .oauth.resource import OAuth

# The logger whose texts the log shows: of any other it shows the place alone.
_LOG = logging.getLogger("kustomer_mcp")
_IN_QUERY = re.compile(rb"km[ga]_[A-Za-z0-9_-]{43}|(^|&)(access_token|x-api-token)=", re.IGNORECASE)
_BELOW = MCP_PATH.encode() + b"/"
# A store that is away is said so in the log this often, not once a request.
_SAY_SECONDS = 10.0

StillHolds = Callable[[], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that may go on.

    Attributes:
        access: What it may do.
        grant: Whose rate limit counts; where an OAuth token acts as several grants, one that stands for them.
        path: The path to go on with, without the secret.
        subject: Who is behind an OAuth token, as a keyed hash, for the log; else empty.
        still_holds: Asks the store again: False once the secret, the API token or the tools were taken away. While the
            store is down it stays True: the request was let in lawfully, and its time is limited.
    """

    access: Access
    grant: Grant
    path: str
    still_holds: StillHolds
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that may not go on, and its answer."""

    problem: Problem


class Refusal(Exception):
    """Carries a refusal out of the steps below."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of itself: the secret in its path, its bearer, its API token; empty where it shows none."""

    in_path: str
    bearer: str
    api_token: str


class Authenticator:
    """Decides who requests are.

    Args:
        grants: The package's grants.
        oauth: Its OAuth side, or None.
    """

    def __init__(self, grants: Grants, oauth: OAuth | None = None) -> None:
        self._grants = grants
        self._oauth = oauth
        self._said_at = float("-inf")
        # A package may have hundreds of tools, and a request must not wait for all of them to be looked at.
        self._tools = lru_cache(maxsize=1024)(lambda narrowing: narrowing.of(grants.rows))

    async def authenticate(self, scope: Scope) -> Admitted | Refused:
        """Who a request to /mcp or below it is; on any other path, nobody."""
        try:
            shown = read(scope)
            return await (self._by_path(shown) if shown.in_path else self._by_header(scope, shown))
        except Refusal as refusal:
            return Refused(refusal.problem)
        except (StoreDown, IssuerDown) as error:
            self._say(str(error))
            return Refused(UNCHECKED)

    async def _by_path(self, shown: Shown) -> Admitted:
        grant = await self._grants.holder(shown.in_path)
        if grant is None:
            raise Refusal(NOT_FOUND)
        if has_form(shown.bearer, GRANT) and not same(shown.bearer, shown.in_path):
            raise Refusal(_bad("Two secrets were sent that differ: send one."))
        bearer = shown.bearer if shown.bearer.startswith(API) else ""
        if bearer and shown.api_token and not same(bearer, shown.api_token):
            raise Refusal(_bad("Two API tokens were sent that differ: send one."))
        return await self._admit_secret(grant, shown.in_path, bearer or shown.api_token)

    async def _by_header(self, scope: Scope, shown: Shown) -> Admitted:
        if shown.bearer.startswith(GRANT):
            grant = await self._grants.holder(shown.bearer)
            if grant is None:
                raise Refusal(await self._unauthorized(scope, "invalid_token", "the secret holds nothing"))
            return await self._admit_secret(grant, shown.bearer, shown.api_token)
        if not shown.bearer:
            raise Refusal(await self._unauthorized(scope))
        if self._oauth is None or shown.bearer.startswith(API):
            raise Refusal(await self._unauthorized(scope, "invalid_token", "that is no secret of a grant"))
        try:
            identity = await self._oauth.identify(shown.bearer)
        except TokenRefused as refused:
            raise Refusal(await self._unauthorized(scope, "invalid_token", str(refused))) from None
        return await self._admit_identity(scope, identity, shown.api_token)

    async def _admit_secret(self, grant: Grant, secret: str, api_token: str) -> Admitted:
        token = await self._api_token(api_token) if grant.require_api_token_auth else ""
        if grant.require_api_token_auth and not token:
            raise Refusal(_needs_token())
        mark = self._grants.fingerprint(secret)

        async def again() -> list[Grant]:
            found = await self._grants.get(grant.id, mark)
            return [found] if found else []

        return self._admitted([grant], None, token, again)

    async def _admit_identity(self, scope: Scope, identity: Identity, api_token: str) -> Admitted:
        assert self._oauth is not None  # noqa: S101  # an identity is of its making
        grants = await self._grants.by_scope(identity.scopes)
        if not grants:
            header = await self._oauth.challenge(scope, "insufficient_scope", "no scope of the token acts as a grant")
            raise Refusal(
                Problem(403, "Forbidden", "No scope of the access token acts as a grant.", _challenge(header))
            )
        token = await self._api_token(api_token) if any(one.require_api_token_auth for one in grants) else ""
        left = [one for one in grants if token or not one.require_api_token_auth]
        if not left:
            raise Refusal(_needs_token())

        async def again() -> list[Grant]:
            return await self._grants.by_scope(identity.scopes, note=False)

        admitted = self._admitted(left, identity.expires_at, token, again)
        return replace(admitted, subject=self._grants.fingerprint(identity.subject)[:16])

    def _admitted(
        self, grants: list[Grant], ends: float | None, token: str, again: Callable[[], Awaitable[list[Grant]]]
    ) -> Admitted:
        access = self._access(grants, ends)
        if not access.tools:
            text = "The package has no tool any more that this grant leaves. Its operator must change the grant."
            raise Refusal(Problem(403, "Forbidden", text))

        async def still_holds() -> bool:
            try:
                if token and await self._grants.get_token(token) is None:
                    return False
                now = [one for one in await again() if token or not one.require_api_token_auth]
            except StoreDown as error:
                self._say(str(error))
                return True
            return bool(now) and (access.tools or frozenset()) <= (self._access(now, ends).tools or frozenset())

        return Admitted(access, _standing_for(grants), MCP_PATH, still_holds)

    def _access(self, grants: list[Grant], ends: float | None) -> Access:
        """The tools of all of them together; the first expiry; found by searching where one of them is."""
        first, *others = (self._tools(grant.narrowing) for grant in grants)
        tools = first.union(*others) if others else first
        expiries = [moment for moment in (ends, *(grant.expires_at for grant in grants)) if moment is not None]
        exposure: Exposure = "discovery" if any(grant.exposure == "discovery" for grant in grants) else "all"
        name = "+".join(grant.id for grant in grants)
        return Access(name, tools, exposure, min(expiries, default=None))

    async def _api_token(self, secret: str) -> str:
        """The id of the API token whose secret this is; empty where there is none."""
        found = await self._grants.is_token(secret) if secret else None
        return found.id if found else ""

    async def _unauthorized(self, scope: Scope, error: str = "", description: str = "") -> Problem:
        text = "Send the secret of a grant as `Authorization: Bearer kmg_...`, or use the grant's own address."
        if self._oauth is not None:
            header = await self._oauth.challenge(scope, error, description)
        else:
            # Without OAuth no metadata is named: clients that find some drop the secret that they were configured with.
            header = b'Bearer error="' + error.encode() + b'"' if error else b"Bearer"
        return Problem(401, "Unauthorized", text, _challenge(header))

    def _say(self, text: str) -> None:
        now = time.monotonic()
        if now - self._said_at >= _SAY_SECONDS:
            self._said_at = now
            _LOG.error("callers are refused: %s", text)


def read(scope: Scope) -> Shown:
    """What a request shows of itself. Raises Refusal where it shows it in a way that is never accepted."""
    if _IN_QUERY.search(unquote_to_bytes(scope.get("query_string", b""))):
        raise Refusal(_bad("Secrets must not stand in the query: it is written to logs everywhere."))
    secret = _in_path(scope)
    bearers = header_values(scope, b"authorization")
    tokens = header_values(scope, b"x-api-token")
    if len(bearers) > 1 or len(tokens) > 1:
        raise Refusal(_bad("Authorization and X-API-Token may stand in a request once."))
    kind, _, bearer = (bearers[0].decode("latin-1") if bearers else "").strip().partition(" ")
    token = tokens[0].decode("latin-1").strip() if tokens else ""
    return Shown(secret, bearer.strip() if kind.lower() == "bearer" else "", token)


def _in_path(scope: Scope) -> str:
    """The secret in a path, or an empty string at /mcp itself; as it was sent, so that nothing is hidden by encoding."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "replace")
    if raw == MCP_PATH.encode():
        return ""
    secret = raw.removeprefix(_BELOW).decode("latin-1") if raw.startswith(_BELOW) else ""
    if not has_form(secret, GRANT):
        raise Refusal(NOT_FOUND)
    return secret


def _standing_for(grants: list[Grant]) -> Grant:
    """The grant whose rate limit counts: with several, one with the least of their limits, and all their tools' ids."""
    if len(grants) == 1:
        return grants[0]
    limits = [grant.calls_per_minute for grant in grants if grant.calls_per_minute is not None]
    return replace(
        grants[0],
        id="+".join(grant.id for grant in grants),
        narrowing=Narrowing(),
        calls_per_minute=min(limits, default=None),
    )


def _challenge(header: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"www-authenticate", header),)


def _needs_token() -> Problem:
    text = "This grant also asks for an API token: send it as `Authorization: Bearer kma_...`, or as X-API-Token."
    return Problem(401, "Unauthorized", text, _challenge(b"Bearer"))


def _bad(text: str) -> Problem:
    return Problem(400, "Bad Request", text)
