"""Owns pages: reading page and pageSize, cutting lists, making links. Must not know what it pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from generator.sandbox.errors import bad
from generator.sandbox.store import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    number: int
    size: int

    def cut(self, items: Sequence[T]) -> Sequence[T]:
        start = (self.number - 1) * self.size
        return items[start : start + self.size]

    def pages(self, total: int) -> int:
        return -(-total // self.size)


def _whole(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise bad(name, "Invalid value", f"{name} must be a whole number from 1")
    return int(text)


def read(query: Mapping[str, str], maximum: int, over: str, default: int = 100) -> Page:
    """The page asked for. `over` says what a pageSize above the maximum means: "reject" or "clamp"."""
    size = _whole(query, "pageSize", default)
    if size > maximum and over == "reject":
        raise bad("pageSize", f"Value {size} is greater than maximum {maximum}", "/properties/pageSize/maximum")
    return Page(_whole(query, "page", 1), min(size, maximum))


def links(path: str, query: Mapping[str, str], page: Page, total: int) -> dict[str, Json]:
    """Relative links; `next` is null on the last page, `prev` on the first."""

    def at(number: int) -> str:
        return f"{path}?{urlencode({**query, 'page': number, 'pageSize': page.size}, safe='[]')}"

    return {
        "self": at(page.number),
        "first": at(1),
        "prev": at(page.number - 1) if page.number > 1 else None,
        "next": at(page.number + 1) if page.number * page.size < total else None,
    }
