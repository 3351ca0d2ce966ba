"""Owns the list of what the server was asked, for tests to read. Must not keep a key."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.sandbox.store import Json

SECRET = frozenset({"authorization", "proxy-authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One request as it came: the path still encoded; the body parsed if it was JSON, else as text."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Json = None


class Journal:
    """The last requests, oldest first; older ones fall out."""

    def __init__(self, limit: int = 1000) -> None:
        self._entries: deque[Entry] = deque(maxlen=limit)

    def add(self, entry: Entry) -> None:
        open_headers = {name: value for name, value in entry.headers.items() if name.lower() not in SECRET}
        self._entries.append(Entry(entry.method, entry.path, entry.query, open_headers, entry.body))

    def clear(self) -> None:
        self._entries.clear()

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]
