"""Owns how arguments are spelled on the wire: paths that can't be left, queries and bodies without what was not set."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from pydantic import MISSING, BaseModel

from .errors import InvalidArguments
from .names import PLACEHOLDER, argument_name

_SEPARATORS = re.compile(r"[/\\;]")  # some servers take what stands behind a `;` off before they fold `..`
# What is still encoded after this many decodings was made to be.
_DECODINGS = 8
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HALF = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Comma:
    """A list that travels as one value, separated by commas."""

    values: Sequence[Any]


def comma(values: Any) -> Any:
    """Mark a list as one comma-separated value; what is not set stays so."""
    return values if values is MISSING else Comma(values)


def given(value: Any) -> Any:
    """True where a value is given, for a field that must go with it; otherwise not set."""
    return MISSING if value is MISSING or value is None or value == "" else True


def build_path(template: str, arguments: Mapping[str, Any]) -> str:
    """Fill a path template; no value can leave its segment.

    Args:
        template: A path such as `/v1/customers/{id}/drafts`.
        arguments: Placeholder -> value.

    Raises:
        InvalidArguments: A value is empty, holds control characters, or would be `.` or `..` however encoded
            (RFC 3986, section 5.2.4: clients and servers fold such segments).
    """

    def filled(found: re.Match[str]) -> str:
        return _segment(argument_name(template, found.group(1)), arguments[found.group(1)])

    return PLACEHOLDER.sub(filled, template)


def _segment(name: str, value: Any) -> str:
    values = value.values if isinstance(value, Comma) else [value]
    spelled = [_refuse_leaving(name, _scalar(name, one)) for one in values]
    if not spelled:
        raise InvalidArguments(f"`{name}` is empty; nothing was sent.")
    return ",".join(quote(one, safe="") for one in spelled)


def _refuse_leaving(name: str, value: str) -> str:
    decoded, before, rounds = value, "", 0
    while decoded != before and rounds < _DECODINGS:
        decoded, before, rounds = unquote(decoded), decoded, rounds + 1
    if decoded != before:
        raise InvalidArguments(f"`{name}` is encoded many times over, as no id is; nothing was sent.")
    if not decoded.strip() or _CONTROL.search(decoded):
        raise InvalidArguments(f"`{name}` is empty or holds control characters; nothing was sent.")
    if any(part.strip() in (".", "..") for part in _SEPARATORS.split(decoded)):
        raise InvalidArguments(f"`{name}` holds a path segment `.` or `..`, which no id does; nothing was sent.")
    return value


def build_query(arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Spell query arguments: what is not set is left out, lists repeat, objects become `name[key]`."""
    return [pair for name, value in arguments.items() for pair in _pairs(name, encode(value))]


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if value is MISSING or value is None:
        return
    if isinstance(value, Comma):
        yield name, ",".join(_scalar(name, one) for one in value.values)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _pairs(f"{name}[{key}]", inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _pairs(name, inner)
    else:
        yield name, _scalar(name, value)


def with_cursor(query: list[tuple[str, str]], cursor: Any) -> list[tuple[str, str]]:
    """Continue a list: the cursor is the query of Kustomer's own `links.next`, and takes precedence.

    Raises:
        InvalidArguments: It is no cursor that a list gave.
    """
    if cursor is MISSING:
        return query
    pairs = parse_qsl(cursor, keep_blank_values=True) if isinstance(cursor, str) else []
    if not any(value for _, value in pairs) or _CONTROL.search(cursor) or _HALF.search(cursor):
        raise InvalidArguments("`cursor` must be a next_cursor, exactly as received; nothing was sent.")
    names = {name for name, _ in pairs}
    return [pair for pair in query if pair[0] not in names] + pairs


def encode(value: Any) -> Any:
    """Turn a value into JSON as it goes out: models under their wire names, what is not set left out, 3.0 as 3."""
    if isinstance(value, BaseModel):
        return encode(value.model_dump(mode="json", by_alias=True))
    if isinstance(value, Mapping):
        return {key: encode(inner) for key, inner in value.items() if inner is not MISSING}
    if isinstance(value, list | tuple):
        return [encode(inner) for inner in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidArguments(f"JSON has no number {value}; nothing was sent.")
        return int(value) if value.is_integer() else value
    return value


def _scalar(name: str, value: Any) -> str:
    if value is None or value is MISSING:
        raise InvalidArguments(f"`{name}` is empty; nothing was sent.")
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(encode(value))
    if _HALF.search(text):
        raise InvalidArguments(f"`{name}` holds half a character (a lone surrogate); nothing was sent.")
    return text


def refuse_together(argument: str, **others: Any) -> None:
    """Refuse arguments that the path which `argument` leads to does not take.

    Raises:
        InvalidArguments: One of them is set.
    """
    given = [name.rstrip("_") for name, value in others.items() if value is not MISSING]
    if given:
        raise InvalidArguments(
            f"`{'`, `'.join(given)}` can't be combined with `{argument}`; leave one of them out. Nothing was sent."
        )
