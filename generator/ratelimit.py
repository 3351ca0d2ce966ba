"""Owns reading when a rate limit resets, in any of the spellings that Kustomer and its proxies may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d+(\.\d+)?")
_STRUCTURED_T = re.compile(r";\s*t=(\d+)")
# Seconds since 1970 that can't be a delta, and the same in milliseconds.
_EPOCH, _EPOCH_MS = 1_000_000_000, 1_000_000_000_000


def seconds_until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until there is room again, or None where no header says it; malformed values are ignored.

    Retry-After (RFC 9110) comes first, then RateLimit's `t` (draft-ietf-httpapi-ratelimit-headers-11), then
    `x-ratelimit-reset` and `ratelimit-reset` as epoch seconds, epoch milliseconds or a delta.
    """
    low = {name.lower(): value.strip() for name, value in headers.items()}
    candidates = [
        _retry_after(low.get("retry-after", ""), now),
        _structured(low.get("ratelimit", "")),
        _reset(low.get("x-ratelimit-reset", ""), now),
        _reset(low.get("ratelimit-reset", ""), now),
    ]
    return next((max(seconds, 0.0) for seconds in candidates if seconds is not None), None)


def _retry_after(value: str, now: float) -> float | None:
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - now if value else None
    except (ValueError, TypeError):
        return None


def _structured(value: str) -> float | None:
    found = _STRUCTURED_T.search(value)
    return float(found.group(1)) if found else None


def _reset(value: str, now: float) -> float | None:
    if not _NUMBER.fullmatch(value):
        return None
    number = float(value)
    if number >= _EPOCH_MS:
        return number / 1000 - now
    return number - now if number >= _EPOCH else number
