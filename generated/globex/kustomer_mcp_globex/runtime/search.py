"""Owns the query language of Kustomer's search: which operators a field takes, and the body that says them. What a contract
does not allow is refused here with what to do instead; what it allows is sent. It sends nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl

from pydantic import MISSING

from .answer import Answer
from .errors import InvalidArguments
from .validation import nearest, problem_text

Kind = Literal["any", "text", "exact", "choice", "number", "date", "boolean", "scalar"]

_TEXTS = ("equals", "contains", "in", "set")
# What a field takes by its kind; a field with choices takes what a text does. The contracts show the same.
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "text": _TEXTS,
    "exact": _TEXTS,
    "choice": _TEXTS,
    "number": ("equals", "gte", "lte", "set"),
    "date": ("gte", "lte", "set"),
    "boolean": ("equals", "set"),
    "scalar": ("equals", "contains", "gte", "lte", "in", "set"),
}
# Kustomer's limits: pages of one search, criteria in one list, fields to sort by, and how long ago the last update may be.
# A condition has two operators at most, and `any_text` is a criterion as well.
LAST_PAGE = 100
_MOST_CRITERIA, _MOST_SORTS = 20, 5
_MOST_CONDITIONS = (_MOST_CRITERIA - 1) // 2
_WINDOW = timedelta(days=2 * 366)


class Condition(Protocol):
    """One condition, such as `models.CustomerCondition(field="email", contains="@example.org")`: a field, at most two
    operators with their values, which must both hold, and `any`, which makes it one of several alternatives."""

    @property
    def field(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be searched: its name on the wire, its kind, its values where they are known."""

    wire: str
    kind: Kind
    choices: tuple[str, ...] = ()
    sorts: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        """The operators that it takes."""
        return _TEXTS if self.choices else OPERATORS[self.kind]


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one kind of records: its `queryContext`, and its fields by the names that callers use."""

    context: str
    fields: Mapping[str, Field]

    def body(
        self,
        *,
        any_text: str | MISSING = MISSING,
        where: Sequence[Condition] | MISSING = MISSING,
        sort: Sequence[str] | MISSING = MISSING,
    ) -> dict[str, Any]:
        """The body of the request: conditions with `any` become its `or`, all others its `and`.

        Raises:
            InvalidArguments: Every condition and field that can't be sent, at once; nothing was sent.
        """
        conditions, names = () if where is MISSING else where, () if sort is MISSING else sort
        if problems := [*self._wrong_conditions(conditions), *self._wrong_sort(names)]:
            raise InvalidArguments(problem_text(problems))
        needed = [] if any_text is MISSING else [{self._any_text.wire: {"contains": any_text}}]
        either: list[dict[str, Any]] = []
        for condition in conditions:
            (either if _is_alternative(condition) else needed).extend(self._criteria(condition))
        made: dict[str, Any] = {"queryContext": self.context}
        made |= {key: criteria for key, criteria in (("and", needed), ("or", either)) if criteria}
        if names:
            made["sort"] = [{self.fields[n.removeprefix("-")].wire: "desc" if n[:1] == "-" else "asc"} for n in names]
        return made

    @property
    def _any_text(self) -> Field:
        return next(field for field in self.fields.values() if field.kind == "any")

    def _criteria(self, condition: Condition) -> Iterator[dict[str, Any]]:
        """One criterion an operator; without any, that the field has a value."""
        field = self.fields[condition.field]
        for op, value in (given(condition) or {"set": True}).items():
            if op == "set":
                yield {field.wire: {"set" if value else "not_set": True}}
            else:
                yield {field.wire: {"equals" if op == "contains" and _is_whole(field) else op: value}}

    def noted(self, answer: Answer, where: Sequence[Condition] | MISSING) -> Answer:
        """The answer, with what may explain that nothing was found."""
        notes = [note for condition in (() if where is MISSING else where) for note in self._notes(condition)]
        return replace(answer, content={**answer.content, "notices": notes}) if notes else answer

    def _notes(self, condition: Condition) -> Iterator[str]:
        name, field = condition.field, self.fields[condition.field]
        for op, value in given(condition).items():
            texts = [] if op == "set" else value if isinstance(value, list) else [value]
            if field.choices:
                yield from (_unknown_choice(name, field, one) for one in texts if one not in field.choices)
            elif op == "contains" and _is_whole(field):
                yield f"`{name}` holds ids or words that are compared whole: `contains` was sent as `equals`."
            if op == "lte" and not _is_alternative(condition) and _is_outside(field, value):
                yield "Search covers what was updated within two years; older records are in the archive search."

    def cursor(self, cursor: str | MISSING) -> str | MISSING:
        """The cursor as it came.

        Raises:
            InvalidArguments: It leads beyond the last page that Kustomer gives.
        """
        pairs = () if cursor is MISSING else parse_qsl(cursor)
        pages = [value.lstrip("0") for name, value in pairs if name == "page" and value.isdecimal()]
        if [page for page in pages if len(page) > len(str(LAST_PAGE)) or int(page or 0) > LAST_PAGE]:
            raise InvalidArguments(
                f"Search gives {LAST_PAGE} pages at most; nothing was sent. To go on, sort by `updated_at`, add to `where` "
                '{"field": "updated_at", "gte": <updatedAt of the last record>} and leave out `cursor`.'
            )
        return cursor

    def _wrong_conditions(self, conditions: Sequence[Condition]) -> Iterator[str]:
        if len(conditions) > _MOST_CONDITIONS:
            yield f"`where` takes {_MOST_CONDITIONS} conditions at most, not {len(conditions)}"
        for index, condition in enumerate(conditions):
            yield from self._wrong(f"where.{index}", condition)

    def _wrong(self, at: str, condition: Condition) -> Iterator[str]:
        """What is wrong with one condition; at most one thing an operator, for the rest follows from it."""
        name, operators = condition.field, given(condition)
        field = self.fields.get(name)
        if field is None or field.kind == "any":
            yield f"`{at}.field`: {_unknown(name, {n: f for n, f in self.fields.items() if f.kind != 'any'})}"
            return
        if len(operators) + (getattr(condition, "any", MISSING) is not MISSING) > 2:
            yield f"`{at}` takes two operators at most, and only one beside `any`; make further conditions of the others"
        for op, value in operators.items():
            if op not in field.takes:
                takes = ", ".join(field.takes)
                yield f"`{at}.{op}`: `{name}` ({'a text' if field.choices else _WORDS[field.kind]}) takes {takes}"
            elif problem := _unfit(name, field, op, value):
                yield f"`{at}.{op}`: {problem}"

    def _wrong_sort(self, names: Sequence[str]) -> Iterator[str]:
        known = {field: row for field, row in self.fields.items() if row.sorts}
        if len(names) > _MOST_SORTS:
            yield f"`sort` takes {_MOST_SORTS} fields at most, not {len(names)}"
        for index, name in enumerate(names):
            plain = name.removeprefix("-")
            if plain in known:
                continue
            if plain in self.fields:
                yield f"`sort.{index}`: Kustomer does not sort by `{plain}`, but by {', '.join(known)}"
            else:
                yield f"`sort.{index}`: {_unknown(plain, known)}"


def given(condition: Condition) -> dict[str, Any]:
    """The operators of a condition, with their values, in one order."""
    pairs = ((op, getattr(condition, "in_" if op == "in" else op, MISSING)) for op in OPERATORS["scalar"])
    return {op: value for op, value in pairs if value is not MISSING}


def _is_alternative(condition: Condition) -> bool:
    return getattr(condition, "any", MISSING) is True


def _is_whole(field: Field) -> bool:
    """Whether Kustomer compares whole values of it, never parts of a text."""
    return bool(field.choices) or field.kind in ("exact", "choice")


_WORDS: Mapping[Kind, str] = {
    "text": "a text",
    "exact": "an id or a word",
    "choice": "one of several values",
    "number": "a number",
    "date": "a date",
    "boolean": "yes or no",
    "scalar": "any value",
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _moment(value: Any) -> datetime | None:
    """A date (`2026-10-19`) or a date and time, in UTC where it says nothing else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) and value[4:5] == "-" else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | bool) or _is_number(value)


# Kind -> whether a value fits, and what would.
_FITS: Mapping[Kind, tuple[Callable[[Any], bool], str]] = {
    "number": (_is_number, "a number"),
    "date": (lambda value: _moment(value) is not None, "a date such as 2026-10-19T16:34:00Z"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "scalar": (_is_scalar, "a text, a number, true or false"),
}


def _unfit(name: str, field: Field, op: str, value: Any) -> str:
    """Why a value is none of this operator and field, or an empty string."""
    if op == "set":
        return "" if isinstance(value, bool) else "set takes true or false"
    if op == "in":
        texts = isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value)
        return "" if texts else "in takes a list with at least one text"
    if op == "contains" or field.choices or field.kind not in _FITS:
        return "" if isinstance(value, str) else f"`{name}` takes a text"
    fits, what = _FITS[field.kind]
    return "" if fits(value) else f"`{name}` takes {what}"


def _unknown_choice(name: str, field: Field, value: str) -> str:
    near = nearest(value, field.choices)
    meant = f"did you mean {near!r} of " if near else "they are "
    return f"`{name}` had no value {value[:40]!r} when this package was made; {meant}{', '.join(field.choices)}."


def _is_outside(field: Field, value: Any) -> bool:
    """Whether nothing that was last updated before a moment is covered by search."""
    moment = _moment(value) if field.wire.endswith("_updated_at") and field.kind == "date" else None
    return moment is not None and moment <= datetime.now(UTC) - _WINDOW


def _unknown(name: str, known: Mapping[str, Field]) -> str:
    near = nearest(name, known)
    listed = f"did you mean `{near}`" if near else f"the known ones are {', '.join(known)}"
    return f"`{name}` is no field of this search; {listed}"
