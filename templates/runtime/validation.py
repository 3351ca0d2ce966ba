"""Owns checking a caller's arguments against a tool's model, and saying what is wrong in the caller's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import MISSING, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import InvalidArguments

# The argument that holds further fields where a tool's schema would be too long to show them all.
MORE = "more"
_SHOWN_PROBLEMS = 5
# Pydantic's texts for these name a Python class.
_NO_OBJECT = ("dict_type", "model_attributes_type", "model_type")


def keyword_arguments(model: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Validate the arguments of a call and give them by their Python names; what was not given is not there.

    Raises:
        InvalidArguments: Every problem, in the words that the caller used.
    """
    arguments = _without_more(model, arguments)
    try:
        valid = model.model_validate(arguments)
    except ValidationError as error:
        problems = [_sentence(details, model, arguments) for details in error.errors(include_url=False)]
        raise InvalidArguments(_text(problems)) from None
    return {name: getattr(valid, name) for name in valid.model_fields_set if getattr(valid, name) is not MISSING}


def _without_more(model: type[BaseModel], arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Put the fields of `more` beside the others."""
    if MORE not in arguments or MORE in model.model_fields:
        return arguments
    further = arguments[MORE]
    if not isinstance(further, Mapping):
        raise InvalidArguments(_text([f"`{MORE}` must be an object with further fields"]))
    if twice := sorted(set(further) & set(arguments)):
        raise InvalidArguments(_text([f"`{name}` is given twice, beside and inside `{MORE}`" for name in twice]))
    return {**{name: value for name, value in arguments.items() if name != MORE}, **further}


def _text(problems: Iterable[str]) -> str:
    shown = list(dict.fromkeys(problems))
    more = f"; and {len(shown) - _SHOWN_PROBLEMS} more" if len(shown) > _SHOWN_PROBLEMS else ""
    return f"Invalid arguments; nothing was sent. {'; '.join(shown[:_SHOWN_PROBLEMS])}{more}."


def _sentence(details: ErrorDetails, model: type[BaseModel], arguments: Mapping[str, Any]) -> str:
    path = _path(details, arguments)
    name = ".".join(str(part) for part in path)
    kind = details["type"]
    if kind == "extra_forbidden":
        return f"unknown argument `{name}`{_suggestion(str(path[-1]), model, path[:-1])}"
    if kind == "missing":
        return f"`{name}` is required"
    if kind in _NO_OBJECT:
        return f"`{name}`: input should be an object"
    message = details["msg"]
    return f"`{name}`: {message[:1].lower()}{message[1:]}"


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


def _suggestion(name: str, model: type[BaseModel], parents: list[int | str]) -> str:
    if parents:
        return ""
    known = [info.alias or field.rstrip("_") for field, info in model.model_fields.items()]
    close = get_close_matches(name, known, n=1)
    listed = ", ".join(f"`{field}`" for field in known)
    return f"; did you mean `{close[0]}`" if close else f"; the known ones are {listed}"
