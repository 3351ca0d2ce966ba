"""Owns repeated requests: one that is sent twice with one idempotency key is done once, and answered alike for a day.

No secret is kept for that: a secret that such a request makes is a keyed hash of a random number, which the store keeps, and
of the caller's idempotency key, which it does not.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from .credentials import Prefix, digest, same
from .store import Store

KEPT_SECONDS = 24 * 3600
# A request that was begun so long ago and not finished belonged to a process that is gone: the next one takes it over.
LEASE_SECONDS = 30


class KeyReused(Exception):
    """The idempotency key belongs to another request."""


class InProgress(Exception):
    """The same request is being done right now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One request with an idempotency key.

    Attributes:
        answer: What was answered the first time, without its secret; None where the request must be done now.
        is_resumed: Another process may have done it, and died before it said so.
    """

    name: str
    request: str
    nonce: str
    key: str = field(repr=False)
    answer: dict[str, Any] | None = None
    is_resumed: bool = False


class Repeats:
    """Remembers requests by their idempotency keys. Every method raises StoreDown where the store can't be used.

    Args:
        open_store: Gives the store.
        key: The key of the hashes.
        now: The clock, in Unix seconds.
    """

    def __init__(self, open_store: Callable[[], Awaitable[Store]], key: bytes, now: Callable[[], float]) -> None:
        self._open = open_store
        self._key = key
        self._now = now

    async def begin(self, key: str, request: str) -> Claim:
        """Claim a request, or find what it was answered.

        Args:
            key: The caller's idempotency key.
            request: Everything that makes two requests the same one.

        Raises:
            KeyReused, InProgress: It can't be done now.
        """
        name = digest(self._key, f"repeat of {key}")
        claim = Claim(name, digest(self._key, f"request {request}"), secrets.token_hex(16), key)
        now = self._now()
        store = await self._open()
        kept = await store.claim(name, self._text(claim), KEPT_SECONDS, now)
        if kept is None:
            return claim
        row = json.loads(kept)
        if not same(row["request"], claim.request):
            raise KeyReused
        found = Claim(name, claim.request, row["nonce"], key, row["answer"], is_resumed=row["answer"] is None)
        if found.answer is None:
            if now - row["since"] < LEASE_SECONDS:
                raise InProgress
            await store.settle(name, self._text(found), KEPT_SECONDS, now)
        return found

    def secret(self, claim: Claim, prefix: Prefix) -> str:
        """The secret that belongs to a request: 256 bits, the same at each repetition, and in no store."""
        text = f"secret {claim.nonce} {claim.key}".encode()
        made = hmac.new(self._key, text, hashlib.sha256).digest()
        return prefix + base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    async def finish(self, claim: Claim, answer: dict[str, Any]) -> None:
        """Keep what a request was answered; the answer must hold no secret."""
        await (await self._open()).settle(claim.name, self._text(claim, answer), KEPT_SECONDS, self._now())

    async def drop(self, claim: Claim) -> None:
        """Forget a request that was refused and changed nothing, so that it can be mended and sent again."""
        await (await self._open()).unclaim(claim.name)

    def _text(self, claim: Claim, answer: dict[str, Any] | None = None) -> str:
        row = {"request": claim.request, "nonce": claim.nonce, "since": self._now(), "answer": answer}
        return json.dumps(row, separators=(",", ":"))
