"""Owns the vocabulary of body rules and their checking. Must not know any resource: `bodies` does.

The titles and details are those of the JSON Schema checker which the recorded 400 body betrays: a
sentence, and the path of the rule within the schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from generator.sandbox.clock import parse
from generator.sandbox.errors import Problem
from generator.sandbox.store import Json

DATE_MATH = re.compile(r"now([+-]\d+[smhdwMy])*(/[smhdwMy])?\Z")
PATTERNS: Mapping[str, re.Pattern[str]] = {
    "object-id": re.compile(r"[0-9a-f]{24}\Z"),
    "email": re.compile(r"[^@\s]+@[^@\s]+\Z"),
    "phone": re.compile(r"\+?[0-9()\-. ]{3,32}\Z"),
}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and " " not in text


def _is_moment(text: str) -> bool:
    return "T" in text and parse(text) is not None


def _matcher(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: bool(pattern.match(text))


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date-time": _is_moment,
    "date-time-math": lambda text: _is_moment(text) or bool(DATE_MATH.match(text)),
    "url": _is_url,
    **{name: _matcher(pattern) for name, pattern in PATTERNS.items()},
}

TYPES: Mapping[str, Callable[[Json], bool]] = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "integer": lambda v: not isinstance(v, bool) and (isinstance(v, int) or (isinstance(v, float) and v.is_integer())),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "any": lambda _v: True,
}


@dataclass(frozen=True, slots=True)
class Field:
    """The rule of one value. `low` and `high` bound its length, its number of items, or itself.

    An object with `fields` is closed, unless it is `loose`; `values` rules every value of a map. `target`
    names the kind an id must be found in.
    """

    type: str = "any"
    nullable: bool = False
    low: float | None = None
    high: float | None = None
    enum: tuple[Json, ...] = ()
    pattern: str | None = None
    format: str | None = None
    items: Field | None = None
    fields: Mapping[str, Field] | None = None
    loose: bool = False
    values: Field | None = None
    required: tuple[str, ...] = ()
    unique: bool = False
    target: str | None = None
    either: tuple[Field, ...] = field(default=())


Exists = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class _At:
    """Where the checker stands: the last named key, and the path within the schema."""

    name: str
    path: str

    def key(self, name: str) -> _At:
        return _At(name, f"{self.path}/properties/{name}")

    def down(self, part: str) -> _At:
        return _At(self.name, f"{self.path}/{part}")

    def problem(self, title: str, rule: str, name: str | None = None) -> Problem:
        return Problem(400, name or self.name, title, f"{self.path}/{rule}")


def start(path: str) -> _At:
    """A place to begin at that is not the root, such as one branch of a union."""
    return _At("body", path)


def _kind(value: Json) -> str:
    for name in ("boolean", "integer", "number", "string", "array", "object"):
        if TYPES[name](value):
            return name
    return "null"


def check(rule: Field, value: Json, exists: Exists, at: _At | None = None) -> Iterator[Problem]:
    """Every way in which the value breaks the rule."""
    at = at or _At("body", "")
    if value is None and rule.nullable:
        return
    if rule.either:
        yield from _either(rule, value, exists, at)
        return
    if not TYPES[rule.type](value) or (value is None and rule.type == "any"):
        yield at.problem(f"Invalid type: {_kind(value)} (expected {rule.type})", "type")
        return
    if rule.enum and value not in rule.enum:
        yield at.problem(f"No enum match for: {value}", "enum")
    yield from CHECKS.get(rule.type, _nothing)(rule, value, exists, at)


def _nothing(_rule: Field, _value: Json, _exists: Exists, _at: _At) -> Iterator[Problem]:
    return iter(())


def _either(rule: Field, value: Json, exists: Exists, at: _At) -> Iterator[Problem]:
    """One of several rules. A value of a fitting type gets the complaints of that rule."""
    fitting = [(n, r) for n, r in enumerate(rule.either) if TYPES[r.type](value)]
    if not fitting:
        yield at.problem('Data does not match any schemas from "anyOf"', "anyOf")
        return
    found = [list(check(r, value, exists, at.down(f"anyOf/{n}"))) for n, r in fitting]
    if all(found):
        yield from min(found, key=len)


def _number(rule: Field, value: Json, _exists: Exists, at: _At) -> Iterator[Problem]:
    if rule.low is not None and value < rule.low:
        yield at.problem(f"Value {value} is less than minimum {rule.low:g}", "minimum")
    if rule.high is not None and value > rule.high:
        yield at.problem(f"Value {value} is greater than maximum {rule.high:g}", "maximum")


def _string(rule: Field, value: Json, exists: Exists, at: _At) -> Iterator[Problem]:
    if rule.low is not None and len(value) < rule.low:
        yield at.problem(f"String is too short ({len(value)} chars), minimum {rule.low:g}", "minLength")
    if rule.high is not None and len(value) > rule.high:
        yield at.problem(f"String is too long ({len(value)} chars), maximum {rule.high:g}", "maxLength")
    if rule.pattern is not None and not re.match(rule.pattern, value):
        yield at.problem(f"String does not match pattern: {rule.pattern}", "pattern")
    if rule.format is not None and not FORMATS[rule.format](value):
        yield at.problem(f"Format validation failed ({rule.format})", "format")
    elif rule.target is not None and not exists(rule.target, value):
        yield at.problem(f"Related {rule.target} not found", "target")


def _array(rule: Field, value: Json, exists: Exists, at: _At) -> Iterator[Problem]:
    if rule.low is not None and len(value) < rule.low:
        yield at.problem(f"Array is too short ({len(value)}), minimum {rule.low:g}", "minItems")
    if rule.high is not None and len(value) > rule.high:
        yield at.problem(f"Array is too long ({len(value)}), maximum {rule.high:g}", "maxItems")
    if rule.unique and any(item in value[:n] for n, item in enumerate(value)):
        yield at.problem("Array items are not unique", "uniqueItems")
    if rule.items is not None:
        for item in value:
            yield from check(rule.items, item, exists, at.down("items"))


def _object(rule: Field, value: Json, exists: Exists, at: _At) -> Iterator[Problem]:
    if rule.high is not None and len(value) > rule.high:
        yield at.problem(f"Too many properties defined ({len(value)}), maximum {rule.high:g}", "maxProperties")
    for n, name in enumerate(rule.required):
        if name not in value:
            yield at.problem(f"Missing required property: {name}", f"required/{n}", name)
    for name, item in value.items():
        known = (rule.fields or {}).get(name, rule.values)
        if known is not None:
            yield from check(known, item, exists, at.key(name))
        elif rule.fields is not None and not rule.loose:
            yield at.problem("Additional properties not allowed", "additionalProperties", name)


CHECKS: Mapping[str, Callable[[Field, Json, Exists, _At], Iterator[Problem]]] = {
    "number": _number,
    "integer": _number,
    "string": _string,
    "array": _array,
    "object": _object,
}
