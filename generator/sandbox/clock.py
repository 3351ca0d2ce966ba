"""Owns the sandbox's time: a fixed start, moved by tests or by the machine's clock. Must not sleep."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2592000, "y": 31536000}
START = datetime(2026, 6, 15, 9, 0, 0, tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """The wire form of a moment: milliseconds and a Z, as the service writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse(text: str) -> datetime | None:
    """A wire moment, or None when the text is none. A moment without an offset counts as GMT."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def moment(text: str, now: datetime) -> datetime:
    """A date, or date math such as now+1h."""
    found = parse(text) if text[:1].isdigit() else None
    if found is not None:
        return found
    steps = re.findall(r"([+-]\d+)([smhdwMy])", text)
    try:
        return now + timedelta(seconds=sum(int(count) * UNITS[unit] for count, unit in steps))
    except (OverflowError, ValueError):  # a count beyond the calendar, or of thousands of digits
        return datetime.max.replace(tzinfo=UTC)


class Clock:
    """Stands still at START until `advance`; with `ticking=True` it also runs as the machine's clock runs."""

    def __init__(self, start: datetime = START, *, ticking: bool = False) -> None:
        self._start = start
        self._moved = timedelta()
        self._ticking = ticking
        self._origin = time.monotonic()

    def now(self) -> datetime:
        run = timedelta(seconds=time.monotonic() - self._origin) if self._ticking else timedelta()
        return self._start + self._moved + run

    def stamp(self) -> str:
        return stamp(self.now())

    def advance(self, seconds: float) -> None:
        self._moved += timedelta(seconds=seconds)

    def header_time(self, moment: datetime) -> datetime:
        """What a header says: clients of a ticking sandbox compare it with their own wall clock."""
        if not self._ticking:
            return moment
        return datetime.now(UTC) + (moment - self.now())
