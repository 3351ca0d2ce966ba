"""Owns the query language of Kustomer's search: which conditions a field takes, and the body that says them. Whatever
Kustomer would refuse, or answer with nothing, is refused here with what to do instead. It sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import parse_qsl

from pydantic import MISSING

from .errors import InvalidArguments
from .validation import nearest, problem_text

Kind = Literal["any", "text", "exact", "choice", "number", "date", "boolean", "scalar"]

# What a field takes by its kind. Kustomer's reference gives each field an operator class; this is the part of each class
# that is seen at work in its examples.
OPERATORS: Mapping[Kind, tuple[str, ...]] = {
    "any": ("contains",),
    "text": ("equals", "contains", "in", "set", "not_set"),
    "exact": ("equals", "in", "set", "not_set"),
    "choice": ("equals", "in", "set", "not_set"),
    "number": ("equals", "gt", "gte", "lt", "lte", "set", "not_set"),
    "date": ("equals", "gt", "gte", "lt", "lte", "set", "not_set"),
    "boolean": ("equals", "set", "not_set"),
    "scalar": ("equals", "contains", "gt", "gte", "lt", "lte", "in", "set", "not_set"),
}
_WITHOUT_VALUE = frozenset({"set", "not_set"})
_BEFORE = frozenset({"equals", "lt", "lte"})
# Kustomer's limits: pages of one search, criteria in one list, fields to sort by, and how long ago the last update may be.
LAST_PAGE = 100
_MOST_CONDITIONS, _MOST_SORTS = 20, 5
_WINDOW = timedelta(days=2 * 366)


class Condition(Protocol):
    """One condition, such as `models.CustomerCondition(field="email", op="contains", value="@example.org")`."""

    @property
    def field(self) -> str: ...
    @property
    def op(self) -> str: ...
    @property
    def value(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Field:
    """A field that can be searched: its name on the wire, its kind, its values where they are known."""

    wire: str
    kind: Kind
    choices: tuple[str, ...] = ()
    sorts: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one kind of records: its `queryContext`, and its fields by the names that callers use."""

    context: str
    fields: Mapping[str, Field]

    def body(
        self,
        *,
        all: Sequence[Condition] | MISSING = MISSING,
        any: Sequence[Condition] | MISSING = MISSING,
        sort: Sequence[str] | MISSING = MISSING,
    ) -> dict[str, Any]:
        """The body of the request: `all` become its `and`, `any` its `or`.

        Raises:
            InvalidArguments: Every condition and field that can't be sent, at once; nothing was sent.
        """
        conditions = {"all": () if all is MISSING else all, "any": () if any is MISSING else any}
        names = () if sort is MISSING else sort
        if problems := [*self._wrong_conditions(conditions), *self._wrong_sort(names)]:
            raise InvalidArguments(problem_text(problems))
        made: dict[str, Any] = {"queryContext": self.context}
        for key, each in zip(("and", "or"), conditions.values(), strict=True):
            if each:
                made[key] = [
                    {self.fields[c.field].wire: {c.op: True if c.op in _WITHOUT_VALUE else c.value}} for c in each
                ]
        if names:
            made["sort"] = [{self.fields[n.removeprefix("-")].wire: "desc" if n[:1] == "-" else "asc"} for n in names]
        return made

    def cursor(self, cursor: str | MISSING) -> str | MISSING:
        """The cursor as it came.

        Raises:
            InvalidArguments: It leads beyond the last page that Kustomer gives.
        """
        pairs = () if cursor is MISSING else parse_qsl(cursor)
        pages = [value.lstrip("0") for name, value in pairs if name == "page" and value.isdecimal()]
        if [page for page in pages if len(page) > len(str(LAST_PAGE)) or int(page or 0) > LAST_PAGE]:
            raise InvalidArguments(
                f"Search gives {LAST_PAGE} pages at most; nothing was sent. To go on, sort by `updated_at`, add to `all` "
                '{"field": "updated_at", "op": "gte", "value": <updatedAt of the last record>} and leave out `cursor`.'
            )
        return cursor

    def _wrong_conditions(self, conditions: Mapping[str, Sequence[Condition]]) -> Iterator[str]:
        for where, each in conditions.items():
            if len(each) > _MOST_CONDITIONS:
                yield f"`{where}` takes {_MOST_CONDITIONS} conditions at most, not {len(each)}"
            for index, condition in enumerate(each):
                yield from self._wrong(where, index, condition)

    def _wrong(self, where: str, index: int, condition: Condition) -> Iterator[str]:
        """What is wrong with one condition; at most one thing, for the rest follows from it."""
        at, name, op, value = f"{where}.{index}", condition.field, condition.op, condition.value
        field = self.fields.get(name)
        if field is None:
            yield f"`{at}.field`: {_unknown(name, self.fields)}"
        elif op not in OPERATORS[field.kind]:
            yield f"`{at}.op`: `{name}` ({_WORDS[field.kind]}) takes {', '.join(OPERATORS[field.kind])}, not {op}"
        elif op in _WITHOUT_VALUE:
            if value is not MISSING:
                yield f"`{at}.value` must be left out with {op}"
        elif value is MISSING:
            yield f"`{at}.value` is required with {op}"
        elif op == "in" and not (isinstance(value, list) and value):
            yield f"`{at}.value`: in takes a list with at least one value"
        else:
            values = value if op == "in" else [value]
            problem = next((p for one in values if (p := _unfit(name, field, one))), "")
            if not problem and where == "all":
                problem = _outside(field, op, value)
            if problem:
                yield f"`{at}.value`: {problem}"

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


_WORDS: Mapping[Kind, str] = {
    "any": "any text",
    "text": "text",
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
    "any": (lambda value: isinstance(value, str), "a text"),
    "text": (lambda value: isinstance(value, str), "a text"),
    "exact": (lambda value: isinstance(value, str), "a text"),
    "choice": (lambda value: isinstance(value, str), "a text"),
    "number": (_is_number, "a number"),
    "date": (lambda value: _moment(value) is not None, "a date such as 2026-10-19 or 2026-10-19T16:34:00Z"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "scalar": (_is_scalar, "a text, a number, true or false"),
}


def _unfit(name: str, field: Field, value: Any) -> str:
    """Why a value is none of this field, or an empty string."""
    if field.choices:
        if value in field.choices:
            return ""
        near = nearest(str(value), field.choices)
        meant = f"did you mean {near!r} of " if near else "its values are "
        return f"`{name}` has no value {str(value)[:40]!r}; {meant}{', '.join(field.choices)}"
    fits, what = _FITS[field.kind]
    return "" if fits(value) else f"`{name}` takes {what}"


def _outside(field: Field, op: str, value: Any) -> str:
    """Why a condition on the last update can only find what search does not cover, or an empty string."""
    moment = _moment(value) if field.wire.endswith("_updated_at") and field.kind == "date" and op in _BEFORE else None
    if moment is None or moment > datetime.now(UTC) - _WINDOW:
        return ""
    return "search covers what was updated within two years; older records are in the archive search"


def _unknown(name: str, known: Mapping[str, Field]) -> str:
    near = nearest(name, known)
    listed = f"did you mean `{near}`" if near else f"the known ones are {', '.join(known)}"
    return f"`{name}` is no field of this search; {listed}"
