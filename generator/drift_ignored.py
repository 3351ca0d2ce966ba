"""Owns what a tenant ignores of drift: whether a change is meant, and that every suppression can match something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from generator.drift_changes import Change
from generator.drift_config import DriftConfig
from generator.errors import ConfigError
from generator.ir import Json
from generator.surface import Surface


def is_ignored(change: Change, config: DriftConfig) -> bool:
    return any(row.rule == change.rule and fnmatchcase(change.subject, row.subject) for row in config.ignore)


def refuse_idle(config: DriftConfig, old: Surface, new: Surface, where: str) -> None:
    """A suppression must match something that is there, whether or not it changes now."""
    subjects = tuple(_subjects(old)) + tuple(_subjects(new))
    problems = [
        f"[drift] ignore: nothing in this package is called {row.subject!r} (rule {row.rule}); subjects look like {example}"
        for row in config.ignore
        if not any(fnmatchcase(subject, row.subject) for subject in subjects)
        for example in [", ".join(repr(s) for s in _examples(subjects))]
    ]
    if problems:
        raise ConfigError(f"{where}: some suppressions match nothing", problems)


def _examples(subjects: tuple[str, ...]) -> list[str]:
    return [next(s for s in subjects if s.startswith(kind)) for kind in ("tool ", "klass ", "attribute ", "argument ") if any(s.startswith(kind) for s in subjects)]  # fmt: skip


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
    yield from (f"filter {said}" for said in surface.idle_filters)


def _paths(fields: Mapping[str, Json], before: str) -> Iterator[str]:
    for name, field in fields.items():
        path, shape = before + name, field.shape
        yield path
        while "items" in shape:
            path, shape = f"{path}[]", shape["items"]
            yield path
        yield from _paths(shape.get("fields", {}), f"{path}.")
