"""Owns checking a caller's arguments against a tool's model, and saying what is wrong in the caller's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, get_args, get_origin

from pydantic import MISSING, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import InvalidArguments
from .outline import below, fields, outline
from .wire import encode

# The argument that holds further fields where a tool's schema would be too long to show them all.
MORE = "more"
_CUSTOM = "custom"
_SHOWN_PROBLEMS = 5
_SHOWN_VALUES = 8
# The values in pydantic's list of those that a literal takes.
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
# Pydantic's texts for these name a Python class.
_NO_OBJECT = ("dict_type", "model_attributes_type", "model_type")
# What should have stood where something of another type did, and what did.
_WANTED = {"string_type": "text", "int_type": "an integer", "float_type": "a number", "bool_type": "true or false"}
_GIVEN = {str: "text", bool: "a boolean", int: "an integer", float: "a fraction", list: "a list", dict: "an object"}


def keyword_arguments(
    model: type[BaseModel],
    arguments: Mapping[str, Any],
    elsewhere: Mapping[str, str] | None = None,
    offered: Sequence[str] = (),
) -> dict[str, Any]:
    """Validate the arguments of a call and give them by their Python names; what was not given is not there.

    Args:
        model: The tool's model.
        arguments: What the caller gave.
        elsewhere: Arguments that this tool lacks and its siblings have -> whose they are.
        offered: Arguments that the tool's contract has beside those of its model.

    Raises:
        InvalidArguments: Every problem, in the words that the caller used; or a number that JSON does not have.
    """
    arguments = _exact(_without_more(model, arguments), [model])
    try:
        valid = model.model_validate(arguments)
    except ValidationError as error:
        found = error.errors(include_url=False)
        problems = [_sentence(details, model, offered, arguments, elsewhere or {}) for details in found]
        raise InvalidArguments(problem_text(problems, _forms(found, model, arguments))) from None
    taken = {name: getattr(valid, name) for name in valid.model_fields_set if getattr(valid, name) is not MISSING}
    encode(taken)  # what can't be sent is refused before a tool reads anything
    return taken


def _known(model: type[BaseModel], offered: Sequence[str]) -> list[str]:
    return [*(info.alias or name.rstrip("_") for name, info in model.model_fields.items()), *offered]


def _without_more(model: type[BaseModel], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the fields of `more` beside the others."""
    if MORE not in arguments or MORE in model.model_fields:
        return arguments
    further = arguments[MORE]
    if not isinstance(further, Mapping):
        spelt = ", not JSON as text" if isinstance(further, str) else ""
        raise InvalidArguments(problem_text([f"`{MORE}` must be an object with further fields{spelt}"]))
    if MORE in further:
        raise InvalidArguments(problem_text([f"`{MORE}` stands inside `{MORE}`: its fields belong into the outer one"]))
    if twice := sorted(set(further) & set(arguments)):
        raise InvalidArguments(problem_text([f"`{name}` is given twice, beside and inside `{MORE}`" for name in twice]))
    return {**{name: value for name, value in arguments.items() if name != MORE}, **further}


def _exact(value: Any, places: Sequence[Any]) -> Any:
    """The value as JSON Schema reads it and pydantic does not: 5.0 is an integer, and true is no 1 among choices."""
    if not places:
        return value
    if isinstance(value, dict):
        return {n: one if isinstance(one, str) else _exact(one, below(places, n)) for n, one in value.items()}
    if isinstance(value, list):
        inner = below(places, 0)
        return [one if isinstance(one, str) else _exact(one, inner) for one in value]
    if isinstance(value, float):
        return int(value) if int in places and value.is_integer() else value
    choices = [one for place in places if get_origin(place) is Literal for one in get_args(place)]
    if isinstance(value, bool) and choices and bool not in places and all(one is not value for one in choices):
        return str(value)
    return value


def problem_text(problems: Iterable[str], forms: Iterable[str] = ()) -> str:
    """One text of several problems, the first few of them, and of what should have stood there."""
    shown = list(dict.fromkeys(problems))
    more = f"; and {len(shown) - _SHOWN_PROBLEMS} more" if len(shown) > _SHOWN_PROBLEMS else ""
    told = "".join(f" {form}." for form in [*dict.fromkeys(forms)][:_SHOWN_PROBLEMS])
    return f"Invalid arguments; nothing was sent. {'; '.join(shown[:_SHOWN_PROBLEMS])}{more}.{told}"


def _forms(found: Iterable[ErrorDetails], model: type[BaseModel], arguments: Mapping[str, Any]) -> Iterator[str]:
    """What the objects are made of in which a field is missing or unknown, unless a near name says as much."""
    for details in found:
        *parents, last = _path(details, arguments)
        unknown = details["type"] == "extra_forbidden" and not nearest(str(last), fields(model, parents))
        if parents and (unknown or details["type"] == "missing"):
            yield f"`{'.'.join(map(str, parents))}` is {outline(model, parents)}"


def _sentence(
    details: ErrorDetails,
    model: type[BaseModel],
    offered: Sequence[str],
    arguments: Mapping[str, Any],
    elsewhere: Mapping[str, str],
) -> str:
    path = _path(details, arguments)
    name = ".".join(str(part) for part in path)
    kind = details["type"]
    if kind == "extra_forbidden" and name in elsewhere:
        return f"`{name}` belongs to {elsewhere[name]}"
    if kind == "extra_forbidden":
        return f"unknown argument `{name}`{_suggestion(path, model, offered)}"
    if kind == "missing":
        return f"`{name}` is required"
    if details["input"] is None:
        return f"`{name}`: input should not be null"
    if kind in _NO_OBJECT or kind == "list_type":
        return f"`{name}`: input should be {_form(kind, outline(model, path))}"
    if kind in _WANTED:
        given = _GIVEN.get(type(details["input"]), "what JSON has not")
        return f"`{name}`: input should be {_WANTED[kind]}, not {given}"
    message = details["msg"]
    if kind == "literal_error":
        message = _choices(message, details)
    return f"`{name}`: {message[:1].lower()}{message[1:]}"


def _form(kind: str, shown: str) -> str:
    return f"{'a list' if kind == 'list_type' else 'an object'}{f' {shown}' if shown else ''}"


def _choices(message: str, details: ErrorDetails) -> str:
    """What is wrong with one of several values, and the nearest; a long list is counted where there is a nearest."""
    values = _QUOTED.findall(str(details.get("ctx", {}).get("expected", "")))
    close = nearest(str(details["input"]), values)
    if not close:
        return message
    return f"{message if len(values) <= _SHOWN_VALUES else f'Input is none of {len(values)} values'}; did you mean {close!r}"


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a caller may have meant, or an empty string: case, underscores and `custom.` don't count."""
    folded = {_folded(one): one for one in known}
    return next((folded[one] for one in get_close_matches(_folded(name), folded, n=1)), "")


def _folded(name: str) -> str:
    return name.removeprefix("custom.").replace("_", "").replace("-", "").lower()


def _path(details: ErrorDetails, arguments: Mapping[str, Any]) -> list[int | str]:
    """Where the caller's value stands: pydantic's location without the branches of unions that it also names."""
    path: list[int | str] = []
    here: Any = arguments
    for part in details["loc"]:
        known = part in here if isinstance(here, Mapping) else isinstance(here, list) and isinstance(part, int)
        if known:
            path.append(part)
            here = here[part]
    if details["type"] == "missing":
        path.append(details["loc"][-1])
    return path or list(details["loc"][:1])


def _suggestion(path: list[int | str], model: type[BaseModel], offered: Sequence[str]) -> str:
    """The nearest name that there is, custom attributes by their whole name, with the form of what is nested; else all."""
    *parents, last = path
    if parents:
        close = nearest(str(last), fields(model, parents))
        return f"; did you mean `{'.'.join(map(str, [*parents, close]))}`" if close else ""
    known = _known(model, offered)
    close = nearest(str(last), known)
    if close:
        shown = outline(model, [close])
        return f"; did you mean `{close}`" + (f" {shown}" if "{" in shown else "")
    if close := nearest(str(last), fields(model, [_CUSTOM])):
        return f"; did you mean `{_CUSTOM}.{close}`"
    return f"; the known ones are {', '.join(f'`{field}`' for field in known)}"
