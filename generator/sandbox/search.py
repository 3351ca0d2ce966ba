"""Owns the meaning of a search body: criteria, operators, sorting. Must not page or render."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from generator.sandbox import custom
from generator.sandbox.bodies import BODIES
from generator.sandbox.clock import parse
from generator.sandbox.errors import bad
from generator.sandbox.indexed import finder
from generator.sandbox.masking import metadata_name
from generator.sandbox.resources import resource
from generator.sandbox.store import Json, Record
from generator.sandbox.world import Org

CONTEXTS = ("customer", "conversation", "conversation_time", "message", "company", "note", "kobject")
ALWAYS = ("id", "createdAt", "updatedAt", "modifiedAt", "rev", "importedAt")
EXTRA: Mapping[str, tuple[str, ...]] = {
    "customer": ("displayName", "firstName", "lastName", "conversationCounts"),
    "conversation": (
        "messageCount",
        "noteCount",
        "sla",
        "firstResponse",
        "channels",
        "ended",
        "endedAt",
        "snooze",
    ),
    "kobject": ("status", "assignedUser", "klass"),
    "conversation_time": ("handleTime", "handleAt", "channels", "messageTime", "messageAt"),
}
# Search says one thing of a list in the singular.
ALIASES: Mapping[str, str] = {
    "email": "emails",
    "phone": "phones",
    "externalIds": "externalIds",
    "customerId": "customer",
    "conversationId": "conversation",
    "companyId": "company",
}


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda m: m[1].upper(), name)


def _scalars(value: Json) -> Iterator[Json]:
    """Every scalar in a value: a list of e-mails is searched by each of them."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _scalars(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _scalars(item)
    elif value is not None:
        yield value


def _text(value: Json) -> str:
    return str(value).lower()


def _ordered(test: Callable[[Json, Json], bool]) -> Callable[[list[Json], Json], bool]:
    """Compares as numbers, as moments, or as text, whichever both sides are."""

    def compare(found: list[Json], wanted: Json) -> bool:
        return any(test(*_comparable(item, wanted)) for item in found)

    return compare


def _comparable(left: Json, right: Json) -> tuple[Json, Json]:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left, right
    moments = (parse(str(left)), parse(str(right)))
    return moments if all(moments) else (_text(left), _text(right))


def _equals(found: list[Json], wanted: Json) -> bool:
    return any(a == b for a, b in (_comparable(item, wanted) for item in found))


def _among(found: list[Json], wanted: Json) -> bool:
    return any(_equals(found, one) for one in (wanted if isinstance(wanted, list) else [wanted]))


OPERATORS: Mapping[str, Callable[[list[Json], Json], bool]] = {
    "equals": _equals,
    "not_equals": lambda found, wanted: not _equals(found, wanted),
    "contains": lambda found, wanted: any(_text(wanted) in _text(item) for item in found),
    "not_contains": lambda found, wanted: not any(_text(wanted) in _text(item) for item in found),
    "starts_with": lambda found, wanted: any(_text(item).startswith(_text(wanted)) for item in found),
    "gt": _ordered(lambda a, b: bool(a > b)),
    "gte": _ordered(lambda a, b: bool(a >= b)),
    "lt": _ordered(lambda a, b: bool(a < b)),
    "lte": _ordered(lambda a, b: bool(a <= b)),
    "in": _among,
    "not_in": lambda found, wanted: not _among(found, wanted),
    # Published examples give these two true or an empty text; what they say does not depend on it.
    "set": lambda found, wanted: bool(found) is (wanted is not False),
    "not_set": lambda found, wanted: bool(found) is (wanted is False),
}


@dataclass(frozen=True, slots=True)
class Term:
    """What a criterion's name means: of which kind, and which attribute, custom or not."""

    kind: str
    attribute: str
    is_custom: bool = False


def known(kind: str) -> frozenset[str]:
    """The standard attributes search may name for a kind: what its bodies and its shape know."""
    family = kind.partition(".")[0]
    rules = [BODIES[name].fields or {} for name in BODIES if name.partition(".")[0] == family]
    wire = resource(kind)
    return frozenset((*ALWAYS, *EXTRA.get(family, ()), *wire.defaults, *wire.refs)).union(*rules)


def _custom_term(org: Org, kind: str, name: str) -> Term | None:
    """`kobject_custom_<klass>_<attribute>` names its Klass, the others only the attribute."""
    attribute = name
    if kind == "kobject":
        # Klasses and attributes may hold underscores themselves: the longest Klass's name that fits is meant.
        klasses = [known.removeprefix("kobject.") for known in org.metadata if known.startswith("kobject.")]
        klass = max((one for one in klasses if name.startswith(f"{one}_")), key=len, default="")
        attribute, kind = name.removeprefix(f"{klass}_"), f"kobject.{klass}"
    definitions = custom.live(org.metadata.get(metadata_name(kind), {}).get("properties", {}))
    return Term(kind, attribute, True) if attribute in definitions else None


def term(org: Org, name: str) -> Term:
    kind = max((c for c in CONTEXTS if name.startswith(c + "_")), key=len, default="")
    rest = name.removeprefix(kind + "_")
    found: Term | None = None
    if kind and rest.startswith("custom_"):
        found = _custom_term(org, kind, rest.removeprefix("custom_"))
    elif kind:
        attribute = ALIASES.get(camel(rest), camel(rest))
        found = Term(kind, attribute) if attribute in known(kind) or finder(kind, attribute) else None
    if found is None:
        raise bad(name, "Unknown search attribute", f"/queryContext/{name}")
    return found


def _related(org: Org, record: Record, kind: str) -> list[Record]:
    """The records of a kind a criterion of that kind is tested on, seen from this one."""
    own = record.kind.partition(".")[0]
    if kind == record.kind or kind == own:
        return [record]
    up = record.ref(kind)
    if up is not None:
        target = org.tables.get(kind, up)
        return [target] if target else []
    kinds = [k for k in org.tables.kinds() if k == kind or k.startswith(kind + ".")]
    if own in ("customer", "conversation", "company"):
        return [r for k in kinds for r in org.tables.where(k, **{own: record.id})]
    return []


def values(org: Org, record: Record, wanted: Term) -> list[Json]:
    found: list[Json] = []
    indexed = None if wanted.is_custom else finder(wanted.kind, wanted.attribute)
    for one in _related(org, record, wanted.kind):
        if indexed is not None:
            found.extend(_scalars(indexed(org, one)))
            continue
        held = (one.attributes.get("custom") or {}) if wanted.is_custom else one.attributes
        alone = {"id": one.id, **{name: ref.id for name, ref in one.refs.items()}} if not wanted.is_custom else {}
        found.extend(_scalars({**alone, **held}.get(wanted.attribute)))
    return found


def _criterion(org: Org, record: Record, name: str, tests: Json) -> bool:
    if name in SECTIONS:
        return SECTIONS[name](org, record, tests)
    if not isinstance(tests, Mapping) or not tests:
        raise bad(name, "Invalid type (expected object)", f"/{name}/type")
    for operator in tests:
        if operator not in OPERATORS:
            raise bad(name, f"Unknown operator: {operator}", f"/{name}/{operator}")
    found = values(org, record, term(org, name))
    return all(OPERATORS[operator](found, wanted) for operator, wanted in tests.items())


def _each(org: Org, record: Record, section: Json) -> list[bool]:
    """All criteria of a section, each tested, so that a wrong one is found whatever the others say."""
    parts = section if isinstance(section, list) else [section]
    if len(parts) > 20:
        raise bad("and", f"Array is too long ({len(parts)}), maximum 20", "/maxItems")
    if not all(isinstance(part, Mapping) for part in parts):
        raise bad("and", "Invalid type (expected object)", "/items/type")
    return [_criterion(org, record, name, tests) for part in parts for name, tests in part.items()]


SECTIONS: Mapping[str, Callable[[Org, Record, Json], bool]] = {
    "and": lambda org, record, section: all(_each(org, record, section)),
    "or": lambda org, record, section: any(_each(org, record, section)),
    "not": lambda org, record, section: not any(_each(org, record, section)),
}


def matches(org: Org, record: Record, body: Mapping[str, Json]) -> bool:
    """Whether a record meets every section of the body; an empty section asks nothing."""
    met = [test(org, record, body[name]) for name, test in SECTIONS.items() if body.get(name)]
    return all(met)


def sorts(body: Mapping[str, Json], default: str) -> list[tuple[str, bool]]:
    """The names to sort by, each with whether it falls."""
    said = body.get("sort") or {default: "desc"}
    parts = said if isinstance(said, list) else [said]
    return [(name, way == "desc") for part in parts for name, way in part.items()]


def sort(org: Org, records: list[Record], body: Mapping[str, Json], default: str) -> list[Record]:
    """Sorted by all names, the first one foremost; what lacks a value comes last, whichever way."""
    for name, falls in reversed(sorts(body, default)):
        wanted = term(org, name)
        found = {id(record): values(org, record, wanted) for record in records}
        there = [record for record in records if found[id(record)]]
        lacking = [record for record in records if not found[id(record)]]
        there.sort(key=lambda record, found=found: _sortable(found[id(record)][0]), reverse=falls)  # type: ignore[misc]
        records = [*there, *lacking]
    return records


def _sortable(value: Json) -> tuple[int, Json]:
    """Numbers by size, moments by time, anything else as text."""
    if isinstance(value, int | float):
        return (0, value)
    moment = parse(str(value))
    return (1, moment) if moment else (2, _text(value))
