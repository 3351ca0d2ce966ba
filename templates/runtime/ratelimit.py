"""Owns reading rate limit headers, in any of the spellings that Kustomer and its proxies may use; malformed ones are
ignored. It waits for nothing.

Kustomer sends `x-ratelimit-limit` and `-remaining` on every answer, and names `-reset` without its unit; the IETF draft
(draft-ietf-httpapi-ratelimit-headers-11) has `RateLimit` and `RateLimit-Policy` as structured fields (RFC 9651).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

_NUMBER = re.compile(r"\d{1,15}(\.\d+)?")
_ITEM = re.compile(
    r'\s*(?:"(?P<name>[^"]*)"|(?P<token>[A-Za-z*][\w*:./-]*))(?P<parameters>(?:\s*;\s*[a-z][a-z0-9*_.-]*(?:=[^;,]*)?)*)\s*'
)
_PARAMETER = re.compile(r";\s*([a-z][a-z0-9*_.-]*)=(\d{1,15})(?=\s*(?:;|$))")
# Seconds since 1970 that can't be a delta, and the same in milliseconds.
_EPOCH, _EPOCH_MS = 1_000_000_000, 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A budget as it stands: requests it holds, requests left, whole seconds until it is full again, and its name."""

    limit: int | None = None
    remaining: int | None = None
    reset: int | None = None
    policy: str = ""

    @property
    def is_low(self) -> bool:
        """Whether less than a tenth is left."""
        return self.limit is not None and self.remaining is not None and self.remaining * 10 < self.limit

    def headers(self) -> dict[str, str]:
        """The three normalised headers, those that are known."""
        values = {"limit": self.limit, "remaining": self.remaining, "reset": self.reset}
        return {f"ratelimit-{name}": str(value) for name, value in values.items() if value is not None}


def read_limit(headers: Mapping[str, str], now: float) -> RateLimit | None:
    """The budget that an answer speaks of, or None where it says nothing.

    Args:
        headers: The answer's headers, names in any case.
        now: Seconds since 1970.
    """
    low = {name.lower(): value.strip() for name, value in headers.items()}
    name, remaining = _structured(low.get("ratelimit", ""), "r")
    _, quota = _structured(low.get("ratelimit-policy", ""), "q", name)
    limit = quota if quota is not None else _first(low, "x-ratelimit-limit", "ratelimit-limit")
    if remaining is None:
        remaining = _first(low, "x-ratelimit-remaining", "ratelimit-remaining")
    named = _structured(low.get("ratelimit", ""), "t", name)[1] if name else None
    seconds = named if named is not None else seconds_until_reset(headers, now)
    reset = None if seconds is None else math.ceil(seconds)
    found = RateLimit(limit, remaining, reset, name)
    return None if found == RateLimit() else found


def seconds_until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until there is room again, or None where no header says it.

    Retry-After (RFC 9110) comes first, then RateLimit's `t`, then `x-ratelimit-reset` and `ratelimit-reset` as epoch
    seconds, epoch milliseconds or a delta.
    """
    low = {name.lower(): value.strip() for name, value in headers.items()}
    candidates = [
        _retry_after(low.get("retry-after", ""), now),
        _structured(low.get("ratelimit", ""), "t")[1],
        _reset(low.get("x-ratelimit-reset", ""), now),
        _reset(low.get("ratelimit-reset", ""), now),
    ]
    return next((max(float(seconds), 0.0) for seconds in candidates if seconds is not None), None)


def _structured(value: str, key: str, wanted: str = "") -> tuple[str, int | None]:
    """The smallest `key` of a list of structured items (or that of the item `wanted`), and the item's name."""
    found: list[tuple[int, str]] = []
    for item in _items(value):
        parameters = dict(_PARAMETER.findall(item["parameters"] or ""))
        name = item["name"] or item["token"] or ""
        if key in parameters and (not wanted or name == wanted):
            found.append((int(parameters[key]), name))
    if not found:
        return "", None
    number, name = min(found)
    return name, number


def _items(value: str) -> list[re.Match[str]]:
    """The items of a structured list; none of them where any is malformed, as the draft demands."""
    items, position = [], 0
    while position < len(value):
        item = _ITEM.match(value, position)
        if item is None or (item.end() < len(value) and value[item.end()] != ","):
            return []
        items.append(item)
        position = item.end() + 1
    return items


def _first(headers: Mapping[str, str], *names: str) -> int | None:
    values = (headers.get(name, "") for name in names)
    return next((int(float(value)) for value in values if _NUMBER.fullmatch(value)), None)


def _retry_after(value: str, now: float) -> float | None:
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        return parsedate_to_datetime(value).timestamp() - now if value else None
    except (ValueError, TypeError):
        return None


def _reset(value: str, now: float) -> float | None:
    if not _NUMBER.fullmatch(value):
        return None
    number = float(value)
    if number >= _EPOCH_MS:
        return number / 1000 - now
    return number - now if number >= _EPOCH else number
