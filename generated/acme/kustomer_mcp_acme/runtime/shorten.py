"""Owns keeping an answer under its limit: whole records and a cursor for exactly the rest, or shorter texts in one record.
It never cuts within JSON, and never takes an id."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from .answer import NEXT_CURSOR
from .masking import is_masked, named, places
from .presentation import Json, Presentation, size_of

_PAGING = ("page", "pageSize")
# What stands beside the records and is never shortened: where to go on, what was said, whose they are.
_KEPT = (NEXT_CURSOR, "links", "notices", "org")
_SHOWN_NAMES = 8
_MOST_DIGITS = 15
_KEPT_TEXT = 200  # characters: ids, dates and addresses are shorter, and a text says something even so
_MARKER = 40
_ID = re.compile(r"(?:^|_)ids?$|Ids?$")


def cut(shaped: Json, options: Presentation, finish: Callable[..., Json]) -> Json:
    """Show as many records as fit; a few less where the rest would otherwise have to come in very small pages."""
    rows = shaped["data"]
    position = _position(shaped, options)

    def head(count: int) -> tuple[Json, str]:
        part = {k: v for k, v in shaped.items() if k != NEXT_CURSOR} | {"data": rows[:count]}
        if "included" in part:
            part["included"] = _belonging(part["included"], rows[:count], rows[count:])
        if position:
            part[NEXT_CURSOR] = _cursor(options.query, position[0] + count, position[1])
        return part, _cut_notice(count, len(rows), position is not None, options)

    @cache
    def tried(count: int) -> tuple[Json, bool]:
        answer = finish(*head(count))
        return answer, size_of(answer) <= options.limit

    def fits(count: int) -> bool:
        return tried(count)[1]

    most = bisect_right(range(1, len(rows)), False, key=lambda count: not fits(count))
    counts = sorted(range(1, most + 1), key=lambda count: _worth(count, most, position), reverse=True)
    found = next(filter(fits, counts), None)
    return tried(found)[0] if found else shortened(*head(1), options=options, finish=finish)


def _position(content: Json, options: Presentation) -> tuple[int, int] | None:
    """Where in the whole list this page begins, and the largest page to ask for; None where that can't be told."""
    asked, meta = dict(parse_qsl(options.query.removeprefix("?"))), content.get("meta")
    said = meta if isinstance(meta, dict) else {}
    page = _whole(said.get("page")) or _whole(asked.get("page")) or 1
    size = _whole(said.get("pageSize")) or _whole(asked.get("pageSize"))
    count = len(content["data"])
    if not options.paged or (size and size < count) or (not size and page > 1):
        return None
    return (page - 1) * size, max(size or count, options.page_size)


def _whole(value: Any) -> int:
    """The page or page size that a value says, or 0; of a number that no page has, Python may refuse to read the digits."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else 0


def _page_size(offset: int, most: int) -> int:
    """The largest page size with which a page begins at this offset."""
    return next(size for size in range(max(1, min(offset, most)), 0, -1) if offset % size == 0)


def _cursor(query: str, offset: int, most: int) -> str:
    size = _page_size(offset, most)
    others = [pair for pair in parse_qsl(query.removeprefix("?"), keep_blank_values=True) if pair[0] not in _PAGING]
    return urlencode([*others, ("page", offset // size + 1), ("pageSize", size)], safe="[]")


def grown(cursor: Any, options: Presentation) -> Any:
    """The same place in larger pages, as far as the caller wants them, once a cut has made them small."""
    pairs = dict(parse_qsl(cursor)) if isinstance(cursor, str) else {}
    page, size = _whole(pairs.get("page")), _whole(pairs.get("pageSize"))
    offset = (page - 1) * size
    if offset < 1 or _page_size(offset, options.page_size) <= size:
        return cursor
    return _cursor(cursor, offset, options.page_size)


def _worth(count: int, most: int, position: tuple[int, int] | None) -> tuple[int, int]:
    """How many records this answer and the next one show."""
    return count + (min(most, _page_size(position[0] + count, position[1])) if position else 0), count


def _cut_notice(count: int, of: int, paged: bool, options: Presentation) -> str:
    fewer = "fewer `fields`" if options.fields else "`fields`"
    shown = f"Cut at {options.limit:,} bytes: {count} of these {of} records are shown."
    if paged:
        hint = f"; {fewer} would show more at once" if options.offers_fields else ""
        return f"{shown} For the rest call again with next_cursor as `cursor`{hint}."
    do = f"name {fewer}, or narrow the call" if options.offers_fields else "narrow the call"
    return f"{shown} This list has no cursor for the rest: {do}."


def _belonging(included: Any, shown: list[Any], rest: list[Any]) -> Any:
    """Without the records that only the rest refers to: they come with it."""
    if not isinstance(included, list):
        return included
    gone = set(_references(rest)) - set(_references(shown))
    return [one for one in included if not (isinstance(one, dict) and (one.get("type"), one.get("id")) in gone)]


def _references(value: Any, inside: bool = False) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one, inside)
    elif isinstance(value, dict) and inside:
        if isinstance(value.get("type"), str) and isinstance(value.get("id"), str):
            yield value["type"], value["id"]
        for one in value.values():
            yield from _references(one, True)
    elif isinstance(value, dict):
        yield from _references(value.get("relationships"), True)


def shortened(shaped: Json, *said: str, options: Presentation, finish: Callable[..., Json]) -> Json:
    """Shorten the longest texts of a record; only where that is not enough, leave its largest values out."""
    parts: Json = {name: value for name, value in shaped.items() if name not in _KEPT}
    longest = max((len(leaf) for _, leaf in places(parts) if isinstance(leaf, str)), default=0)
    caps = range(_KEPT_TEXT, max(_KEPT_TEXT + 1, longest))

    def shorter(cap: int) -> tuple[Json, str]:
        names = dict.fromkeys(path for path, leaf in places(parts) if _is_long(path, leaf, cap))
        capped = {name: _capped(value, cap) for name, value in parts.items()}
        return {**shaped, **capped}, f"Shortened: {named(names, _SHOWN_NAMES)}." if names else ""

    least, shortening = shorter(_KEPT_TEXT)
    units = [path for _, path in sorted(_units(least), reverse=True)]

    alone = "; `fields` can ask for one of them alone" if options.offers_fields else ""

    def without(count: int) -> Json:
        names = named([".".join(path).removeprefix("data.") for path in units[:count]], _SHOWN_NAMES)
        left = f"Left out to stay under {options.limit:,} bytes: {names}{alone}."
        return finish(_without(least, frozenset(units[:count])), *said, shortening, left if count else "")

    def over(answer: Json) -> bool:
        return size_of(answer) > options.limit

    enough = bisect_left(caps, True, key=lambda cap: over(finish(shorter(cap)[0], *said, shorter(cap)[1])))
    if enough:
        part, shortening = shorter(caps[enough - 1])
        return finish(part, *said, shortening)
    return without(bisect_left(range(len(units)), True, key=lambda count: not over(without(count))))


def _is_long(path: str, leaf: Any, cap: int) -> bool:
    """Whether a leaf is a text to be shortened: ids never are, and what would hardly be shorter is not."""
    return (
        isinstance(leaf, str)
        and len(leaf) > cap + _MARKER
        and not _ID.search(path.replace("[]", "").rpartition(".")[2])
    )


def _capped(value: Any, cap: int, name: str = "") -> Any:
    if isinstance(value, list):
        return [_capped(inner, cap, name) for inner in value]
    if isinstance(value, dict) and not is_masked(value):
        return {key: _capped(inner, cap, key) for key, inner in value.items()}
    return f"{value[:cap]}… [shortened, {len(value)} characters]" if _is_long(name, value, cap) else value


def _units(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What can be left out, with its size: everything below attributes, and what stands beside `data`; no id, type or mask."""
    if path == ("data",) and isinstance(value, list):
        value = next(iter(value), None)
    if isinstance(value, dict) and not is_masked(value):
        for name, inner in value.items():
            if path or name not in _KEPT:
                yield from _units(inner, (*path, name))
    elif len(path) > 1 or path != ("data",):
        kept = path[1:2] in (("type",), ("relationships",)) or _ID.search(path[-1]) or is_masked(value)
        if not kept:
            yield size_of(value), path


def _without(value: Any, left_out: frozenset[tuple[str, ...]], path: tuple[str, ...] = ()) -> Any:
    if isinstance(value, list):
        return [_without(inner, left_out, path) for inner in value] if path == ("data",) else value
    if not isinstance(value, dict) or not left_out:
        return value
    return {k: _without(v, left_out, (*path, k)) for k, v in value.items() if (*path, k) not in left_out}
