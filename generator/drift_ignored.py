"""Owns what a tenant ignores of drift: whether a change is meant, and that every suppression can match something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from generator.drift_changes import Change
from generator.drift_config import DriftConfig
from generator.errors import ConfigError
from generator.ir import Json
from generator.surface import Surface

# Rules that speak of something else than what their id begins with.
_ABOUT = {
    "base-url-changed": ("package",),
    "confirmation-added": ("tool",),
    "confirmation-removed": ("tool",),
    "left-out-reason-changed": ("operation",),
    "operation-moved": ("tool",),
    "roles-changed": ("tool",),
    "server-text-changed": ("package",),
    "text-suspicious": ("tool", "argument", "klass", "attribute", "package"),
}


def about(rule: str) -> tuple[str, ...]:
    """The first words that subjects of a rule can have."""
    return _ABOUT.get(rule, (rule.partition("-")[0],))


def is_ignored(change: Change, config: DriftConfig) -> bool:
    return any(row.rule == change.rule and fnmatchcase(change.subject, row.subject) for row in config.ignore)


def refuse_idle(config: DriftConfig, old: Surface, new: Surface, where: str) -> None:
    """A suppression must match something that is there and that its rule speaks of, whether or not it changes now."""
    subjects = tuple(_subjects(old)) + tuple(_subjects(new)) if config.ignore else ()
    problems = []
    for row in config.ignore:
        meant = [subject for subject in subjects if subject.partition(" ")[0] in about(row.rule)]
        if not any(fnmatchcase(subject, row.subject) for subject in meant):
            problems.append(
                f"[drift] ignore: {row.rule} can't match {row.subject!r}, for nothing that it speaks of in this package is "
                f"called so; {_example(row.rule, meant)}"
            )
    if problems:
        raise ConfigError(f"{where}: some suppressions match nothing", problems)


def _example(rule: str, subjects: list[str]) -> str:
    if subjects:
        return f"its subjects look like {subjects[0]!r}"
    return f"its subjects begin with {' or '.join(repr(word) for word in about(rule))}, and there is none"


def _subjects(surface: Surface) -> Iterator[str]:
    """Everything that a finding could be about."""
    for name, tool in surface.tools.items():
        yield f"tool {name}"
        yield from (f"argument {name}.{path}" for path in _paths(tool.arguments, ""))
        yield from (f"argument {name}.{own}" for own in tool.own)
        yield from (f"operation {key}" for key in tool.operations)
    for klass in surface.klasses.values():
        yield f"klass {klass['name']}"
        yield from (f"attribute {klass['name']}.{row['name']}" for row in klass["attributes"])
    yield from (f"operation {operation}" for operation, _ in surface.left_out)
    yield from (f"document {name}" for name in surface.documents)
    yield from (f"prompt {name}" for name in surface.prompts)
    yield from (f"package {fact}" for fact in surface.facts)
    yield "filter"  # one is told of only once it is idle: until then, `*` and `filter*` match that there are filters
    yield from (f"filter {said}" for said in surface.idle_filters)


def _paths(fields: Mapping[str, Json], before: str) -> Iterator[str]:
    for name, field in fields.items():
        path, shape = before + name, field.shape
        yield path
        while "items" in shape:
            path, shape = f"{path}[]", shape["items"]
            yield path
        yield from _paths(shape.get("fields", {}), f"{path}.")
