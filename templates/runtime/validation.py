"""Owns checking a caller's arguments against a tool's model, and saying what is wrong in the caller's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import MISSING, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import InvalidArguments
from .wire import encode

# The argument that holds further fields where a tool's schema would be too long to show them all.
MORE = "more"
_SHOWN_PROBLEMS = 5
_SHOWN_VALUES = 8
# The values in pydantic's list of those that a literal takes.
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'")
# Pydantic's texts for these name a Python class.
_NO_OBJECT = ("dict_type", "model_attributes_type", "model_type")


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
    arguments = _without_more(model, arguments)
    try:
        valid = model.model_validate(arguments)
    except ValidationError as error:
        problems = [
            _sentence(details, _known(model, offered), arguments, elsewhere or {})
            for details in error.errors(include_url=False)
        ]
        raise InvalidArguments(problem_text(problems)) from None
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
        raise InvalidArguments(problem_text([f"`{MORE}` must be an object with further fields"]))
    if twice := sorted(set(further) & set(arguments)):
        raise InvalidArguments(problem_text([f"`{name}` is given twice, beside and inside `{MORE}`" for name in twice]))
    return {**{name: value for name, value in arguments.items() if name != MORE}, **further}


def problem_text(problems: Iterable[str]) -> str:
    """One text of several problems, the first few of them."""
    shown = list(dict.fromkeys(problems))
    more = f"; and {len(shown) - _SHOWN_PROBLEMS} more" if len(shown) > _SHOWN_PROBLEMS else ""
    return f"Invalid arguments; nothing was sent. {'; '.join(shown[:_SHOWN_PROBLEMS])}{more}."


def _sentence(
    details: ErrorDetails, known: Sequence[str], arguments: Mapping[str, Any], elsewhere: Mapping[str, str]
) -> str:
    path = _path(details, arguments)
    name = ".".join(str(part) for part in path)
    kind = details["type"]
    if kind == "extra_forbidden" and name in elsewhere:
        return f"`{name}` belongs to {elsewhere[name]}"
    if kind == "extra_forbidden":
        return f"unknown argument `{name}`{_suggestion(str(path[-1]), known, path[:-1])}"
    if kind == "missing":
        return f"`{name}` is required"
    if kind in _NO_OBJECT:
        return f"`{name}`: input should be an object"
    message = details["msg"]
    if kind == "literal_error":
        message = _choices(message, details)
    return f"`{name}`: {message[:1].lower()}{message[1:]}"


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


def _suggestion(name: str, known: Sequence[str], parents: list[int | str]) -> str:
    if parents:
        return ""
    close = get_close_matches(name, known, n=1)
    listed = ", ".join(f"`{field}`" for field in known)
    return f"; did you mean `{close[0]}`" if close else f"; the known ones are {listed}"
