"""Owns making, changing and checking grants and API tokens: what the command, REST, the page and every request call."""

from __future__ import annotations

import builtins
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Protocol

from .credentials import API, GRANT, Prefix, check_value, digest, has_form, new_id, new_secret, same
from .model import ApiToken, Grant, GrantError, Issued, StoreDown, ToolRow, shown, timestamp
from .records import grant_of, live, name_of, read_grant, read_token, record_of
from .repeats import Repeats
from .store import Kind, Record, ScopeTaken, Store, WrongKey
from .words import wanted, wanted_token

# A last use is noted at most this often, so that reading stays reading.
_NOTE_SECONDS = 60
_MINUTE = 60
# Two changes at once: one of them reads again. Somebody always gets on, so this many in a row means a broken store.
_MOST_TRIES = 100


@dataclass(frozen=True, slots=True)
class Window:
    """A grant's own rate limit after one more request: `limit` requests a minute, `remaining`, full again in `reset` s."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool


class Recorder(Protocol):
    """Writes down every change to grants (the audit log): what, on which id, by whom, and further facts without secrets."""

    def __call__(self, event: str, subject: str, actor: str, facts: Mapping[str, Any]) -> None: ...


def unrecorded(event: str, subject: str, actor: str, facts: Mapping[str, Any]) -> None:
    """A recorder for where nothing is to be written down."""


class Grants:
    """The grants and API tokens of one package.

    Args:
        store: Where they are kept.
        key: The key of the hashes; at least 32 bytes.
        rows: The package's tools.
        record: Writes changes down.
        now: The clock, in Unix seconds.

    Every method raises StoreDown where the store can't be used (WrongKey where its secrets were hashed with another key),
    and those that make or change GrantError where the words make no sense (nothing is changed then).
    """

    def __init__(
        self,
        store: Store,
        key: bytes,
        rows: Mapping[str, ToolRow],
        record: Recorder = unrecorded,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.rows = rows
        self._store = store
        self._key = key
        self._record = record
        self._now = now
        self._agreed = False
        self.repeats = Repeats(self._open, key, now)

    async def create(self, words: Mapping[str, Any], actor: str, secret: str | None = None) -> Issued[Grant]:
        """Make a grant of plain words, as JSON has them: name, methods, tags, tools, exposure, require_api_token_auth,
        oauth_scope, calls_per_minute, expires_at (RFC 3339 text or None). `secret` is one that `repeats` gave."""
        now = self._now()
        grant = grant_of(new_id("g"), wanted(words, self.rows, now), now)
        secret = secret or new_secret(GRANT)
        try:
            await (await self._open()).add("grant", record_of(grant, digest(self._key, secret), 0), now)
        except ScopeTaken:
            raise _taken(grant) from None
        self._record("grant.created", grant.id, actor, shown(grant))
        return Issued(grant, secret)

    async def update(self, id: str, words: Mapping[str, Any], actor: str) -> Grant | None:
        """Change what `words` names; None where there is no such grant. `expires_at: None` clears the expiry."""

        def change(grant: Grant, hashed: str) -> tuple[Grant, str]:
            checked = wanted(words, self.rows, self._now(), grant)
            return replace(grant_of(id, checked, grant.created_at), last_used_at=grant.last_used_at), hashed

        done = await self._change(id, change)
        if done is None:
            return None
        before, after = (shown(grant) for grant in done)
        facts = {"before": before, "after": after}
        self._record("grant.updated", id, actor, facts)
        return done[1]

    async def rotate(self, id: str, actor: str, secret: str | None = None) -> Issued[Grant] | None:
        """Give a grant a new secret, or one that `repeats` gave; the old one holds nothing from then on."""
        secret = secret or new_secret(GRANT)
        done = await self._change(id, lambda grant, _: (grant, digest(self._key, secret)))
        if done is None:
            return None
        self._record("grant.rotated", id, actor, {"name": done[1].name})
        return Issued(done[1], secret)

    async def revoke(self, id: str, actor: str) -> bool:
        """End a grant; False where there is none."""
        return await self._revoke("grant", id, actor)

    async def get(self, id: str, fingerprint: str = "") -> Grant | None:
        """A grant by its id; None where there is none, it has expired, or its secret is not the fingerprint's any more."""
        now = self._now()
        found = live(await (await self._open()).by_id("grant", id, now), now)
        return read_grant(found) if found and (not fingerprint or same(found.digest, fingerprint)) else None

    async def list(self) -> list[Grant]:
        """Every grant that holds something, the oldest first."""
        now = self._now()
        return [read_grant(one) for one in await (await self._open()).all("grant", now) if live(one, now)]

    async def holder(self, secret: str) -> Grant | None:
        """The grant whose secret this is; None where there is none or it has expired. Its last use is noted."""
        found = await self._held("grant", GRANT, secret)
        return read_grant(found) if found else None

    def fingerprint(self, secret: str) -> str:
        """What tells whether a grant still has this secret (`get`), without being one."""
        return digest(self._key, secret)

    async def by_scope(self, scopes: frozenset[str], note: bool = True) -> builtins.list[Grant]:
        """The grants that these OAuth scopes act as, the oldest first. With `note`, their last use is noted."""
        now = self._now()
        store = await self._open()
        found = [one for one in await store.by_scopes(sorted(scopes - {""}), now) if live(one, now)]
        for one in found if note else ():
            await self._note(store, "grant", one, now)
        return [read_grant(one) for one in found]

    async def scopes(self) -> builtins.list[str]:
        """The OAuth scopes that act as grants, the oldest grant's first."""
        now = self._now()
        return [one.scope for one in await (await self._open()).all("grant", now) if one.scope and live(one, now)]

    async def count(self, grant: Grant, default_per_minute: int) -> Window:
        """Count one request of a grant."""
        now = self._now()
        limit = grant.calls_per_minute or default_per_minute
        made = await (await self._open()).hit(grant.id, int(now // _MINUTE))
        return Window(limit, max(0, limit - made), max(1, ceil(_MINUTE - now % _MINUTE)), made > limit)

    async def create_token(self, words: Mapping[str, Any], actor: str, secret: str | None = None) -> Issued[ApiToken]:
        """Make an API token of plain words: name, expires_at (RFC 3339 text or None). `secret` as for `create`."""
        now = self._now()
        name, expires_at = wanted_token(words, now)
        token = ApiToken(new_id("t"), name, now, expires_at)
        secret = secret or new_secret(API)
        body = json.dumps({"name": name})
        record = Record(token.id, digest(self._key, secret), body, now, expires_at)
        await (await self._open()).add("token", record, now)
        self._record("token.created", token.id, actor, {"name": name, "expires_at": timestamp(expires_at)})
        return Issued(token, secret)

    async def tokens(self) -> builtins.list[ApiToken]:
        """Every API token that has not expired, the oldest first."""
        now = self._now()
        return [read_token(one) for one in await (await self._open()).all("token", now) if live(one, now)]

    async def get_token(self, id: str) -> ApiToken | None:
        """An API token by its id; None where there is none or it has expired."""
        now = self._now()
        found = live(await (await self._open()).by_id("token", id, now), now)
        return read_token(found) if found else None

    async def revoke_token(self, id: str, actor: str) -> bool:
        """End an API token; False where there is none."""
        return await self._revoke("token", id, actor)

    async def is_token(self, secret: str) -> ApiToken | None:
        """The API token whose secret this is; None where there is none or it has expired. Its last use is noted."""
        found = await self._held("token", API, secret)
        return read_token(found) if found else None

    async def ready(self) -> None:
        """Raise StoreDown where the store can't be used."""
        await (await self._open()).ready()

    async def aclose(self) -> None:
        """Let the store go."""
        await self._store.aclose()

    async def _open(self) -> Store:
        """The store, after it was seen once that its secrets were hashed with this key."""
        if not self._agreed:
            mine = check_value(self._key)
            if not same(await self._store.agree(mine), mine):
                raise WrongKey(
                    "The hash key is not the one that this store's secrets were hashed with: give back the old one "
                    "(KUSTOMER_MCP_HASH_KEY, KUSTOMER_MCP_HASH_KEY_FILE, or the .key file beside the SQLite store), "
                    "or begin with another store"
                )
            self._agreed = True
        return self._store

    async def _held(self, kind: Kind, prefix: Prefix, secret: str) -> Record | None:
        if not has_form(secret, prefix):
            return None
        now = self._now()
        store = await self._open()
        hashed = digest(self._key, secret)
        found = live(await store.by_digest(kind, hashed, now), now)
        if found is None or not same(found.digest, hashed):
            return None
        await self._note(store, kind, found, now)
        return found

    async def _note(self, store: Store, kind: Kind, found: Record, now: float) -> None:
        if found.last_used_at is None or now - found.last_used_at >= _NOTE_SECONDS:
            await store.touch(kind, found, now)

    async def _change(self, id: str, change: Callable[[Grant, str], tuple[Grant, str]]) -> tuple[Grant, Grant] | None:
        """Read, change and write back, again where another change came between; the grant before and after."""
        store = await self._open()
        for _ in range(_MOST_TRIES):
            now = self._now()
            found = live(await store.by_id("grant", id, now), now)
            if found is None:
                return None
            before = read_grant(found)
            after, hashed = change(before, found.digest)
            try:
                if await store.replace("grant", record_of(after, hashed, found.revision), now):
                    return before, after
            except ScopeTaken:
                raise _taken(after) from None
        raise StoreDown(f"The grant {id} was changed by others {_MOST_TRIES} times in a row; nothing was changed")

    async def _revoke(self, kind: Kind, id: str, actor: str) -> bool:
        now = self._now()
        gone = live(await (await self._open()).remove(kind, id, now), now)
        if gone is None:
            return False
        self._record(f"{kind}.revoked", id, actor, {"name": name_of(gone)})
        return True


def _taken(grant: Grant) -> GrantError:
    return GrantError(
        {"oauth_scope": f"{grant.oauth_scope!r} is another grant's already: each scope acts as one grant"}
    )
