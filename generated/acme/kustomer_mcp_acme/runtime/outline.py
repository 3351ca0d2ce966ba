"""Owns how a model looks at one place, in one line: what a refused value should have been."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

_SHOWN_FIELDS = 12
_SHOWN_CHOICES = 6
_SCALARS = {str: "text", int: "integer", float: "number", bool: "true or false"}


def outline(model: type[BaseModel], path: Sequence[int | str]) -> str:
    """What the model takes at a place: the fields of an object or of a list's objects, `?` behind what may be left out.

    Args:
        model: A tool's model.
        path: Names and positions from its root; the names are those on the wire.

    Returns:
        Such as `[{email, type?}]`; empty where any value is taken, or the place is not known.
    """
    return " or ".join(dict.fromkeys(filter(None, map(_told, _at(model, path)))))


def fields(model: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """The names of the fields that the objects at a place have."""
    return [name for place in _at(model, path) if _is_model(place) for name in _fields(place)]


def _at(model: type[BaseModel], path: Sequence[int | str]) -> list[Any]:
    """The types that a value at a place may have."""
    places: list[Any] = [model]
    for part in path:
        places = below(places, part)
    return places


def below(places: Sequence[Any], part: int | str) -> list[Any]:
    """The types that a value may have one step below values of these types; none where any value is taken."""
    return [inner for place in places for inner in _below(place, part)]


def _below(place: Any, part: int | str) -> Iterable[Any]:
    if _is_model(place):
        return _types(place).get(part, ())
    return _options(get_args(place)[0]) if isinstance(part, int) and get_origin(place) is list else ()


def _options(annotation: Any) -> Iterator[Any]:
    """The types that a value may have, one by one."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _options(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for option in get_args(annotation):
            yield from _options(option)
    else:
        yield annotation


def _is_model(place: Any) -> bool:
    return isinstance(place, type) and issubclass(place, BaseModel)


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


@cache
def _types(model: type[BaseModel]) -> dict[int | str, tuple[Any, ...]]:
    return {name: tuple(_options(info.annotation)) for name, info in _fields(model).items()}


def _told(place: Any) -> str:
    if _is_model(place):
        return _object(place)
    if get_origin(place) is list:
        inner = " or ".join(filter(None, map(_told, _options(get_args(place)[0]))))
        return f"[{inner}]" if inner else ""
    if get_origin(place) is Literal:
        return _choices(place)
    return _SCALARS.get(place, "")


def _object(model: type[BaseModel]) -> str:
    """The fields, those first that must be there, with the choices of these."""
    rows = sorted(_fields(model).items(), key=lambda row: not row[1].is_required())
    names = [name + (_chosen(info.annotation) if info.is_required() else "?") for name, info in rows]
    return "{" + ", ".join([*names[:_SHOWN_FIELDS], *("…" for _ in names[_SHOWN_FIELDS:][:1])]) + "}"


def _chosen(annotation: Any) -> str:
    found = [_choices(option) for option in _options(annotation) if get_origin(option) is Literal]
    return f": {found[0]}" if found else ""


def _choices(place: Any) -> str:
    values = [str(value) for value in get_args(place)]
    return "|".join([*values[:_SHOWN_CHOICES], *("…" for _ in values[_SHOWN_CHOICES:][:1])])
