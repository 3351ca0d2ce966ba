"""Owns the Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header): what it may be, and how a request with one is
answered once and again."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request

from ..grants.credentials import Prefix
from ..grants.model import GrantError
from ..grants.repeats import Claim, InProgress, KeyReused, Repeats
from .problems import Refused

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
# A structured string (RFC 9651, 3.3.3) as the draft has it, or the same without its quotes, as many clients send it.
KEY_PATTERN = r'^("[A-Za-z0-9_.:+/=-]{1,255}"|[A-Za-z0-9_.:+/=-]{1,255})$'
_KEY = re.compile(KEY_PATTERN[1:-1])
_AGAIN_SECONDS = "1"

# Makes what was asked for, with the given secret or one of its own; gives what is shown of it, and its secret.
Make = Callable[[str | None, bool], Awaitable[tuple[dict[str, Any], str]]]


def idempotency_key(request: Request) -> str | None:
    """The key of a request, or None where it has none.

    Raises:
        Refused: It is no key.
    """
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    if len(given) > 1 or not _KEY.fullmatch(given[0]):
        detail = "must be one text of 1 to 255 letters, digits and _ . : + / = -, such as a UUID"
        raise Refused("invalid-parameter", f"{HEADER} {detail}.", [{"parameter": HEADER, "detail": detail}])
    return given[0].strip('"')


async def once(repeats: Repeats, key: str, what: str, prefix: Prefix, make: Make) -> tuple[dict[str, Any], str, bool]:
    """Do a request once, however often it comes.

    Args:
        repeats: Remembers it.
        key: Its idempotency key.
        what: Everything that makes two requests the same one.
        prefix: Of the secret that it makes.
        make: Does it; it is told whether an earlier try may have got through.

    Returns:
        What is shown, the secret, and whether both are a repetition.

    Raises:
        Refused: The key is another request's, or its request is being done just now; and what `make` raises.
    """
    claim = await _begun(repeats, key, what)
    secret = repeats.secret(claim, prefix)
    if claim.answer is not None:
        return claim.answer, secret, True
    try:
        shown, _ = await make(secret, claim.is_resumed)
    except (Refused, GrantError):
        await repeats.drop(claim)
        raise
    await repeats.finish(claim, shown)
    return shown, secret, False


async def _begun(repeats: Repeats, key: str, what: str) -> Claim:
    try:
        return await repeats.begin(key, what)
    except KeyReused:
        detail = f"This {HEADER} came with another request within the last day: take a new key for a new request."
        raise Refused("key-reused", detail) from None
    except InProgress:
        detail = f"The request with this {HEADER} is being answered just now: repeat it in a moment."
        raise Refused("in-progress", detail, headers={"Retry-After": _AGAIN_SECONDS}) from None
