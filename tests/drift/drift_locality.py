"""Owns how large a diff a mutation makes: the committed tree that it starts from, the count, and the table of all kinds.

What is counted is what a reviewer of generated/<tenant>/ reads: the files of the real plan, the changelog aside, by git itself.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import median

from drift_kit import Case, World, base_surface

from generator import changelog, release
from generator.drift import compare
from generator.errors import ConfigError
from generator.findings import Finding
from generator.ir import Package
from generator.states import package_of, surface_now, without_idle_filters
from generator.surface import Surface, surface_of
from generator.tree import FileChange

# Kinds of mutation, by how they begin -> the most files and lines that one may change.
AIMS = {"attribute": (6, 60), "operation described anew": (4, 12), "operation titled anew": (4, 12)}
_HEADING = "## Locality"
_ROW = re.compile(r"^\| (?P<kind>[^|]+) \| \d+ \|.*\|$", re.MULTILINE)
_HEAD = f"""{_HEADING}

Files and lines (added and removed, as `git diff --numstat` counts) that a mutation changes in `generated/acme/`, `CHANGELOG.md`
aside, when the package before it is a first release: median and most of all cases. A later release's manifest also drops the
lines of the release before, one a change. Aims: an attribute changes at most 6 files and 60 lines, an operation's text at
most 4 and 12; where filters match nothing any more, they are taken out of `tenant.toml` first.

| mutation | cases | files | most | lines | most |
|---|---|---|---|---|---|"""


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a tree a change touches."""

    files: int
    lines: int


@dataclass(frozen=True, slots=True)
class Made:
    """What a mutation leads to: what drift finds, the files that change, and whether the version does."""

    findings: tuple[Finding, ...]
    paths: frozenset[str]
    size: Size
    is_released: bool


def aim(kind: str) -> Size | None:
    """The most that a mutation of this kind may change; None where none is set."""
    return next((Size(*most) for start, most in AIMS.items() if kind.startswith(start)), None)


def is_within(kind: str, size: Size) -> bool:
    most = aim(kind)
    return most is None or (size.files <= most.files and size.lines <= most.lines)


def made(case: Case, base: Path) -> Made:
    """Make a mutation, and plan its release from `base`, or from the mutated package where it is the old state."""
    world = World()
    case.mutate(world)
    package, surface = _built(world)
    sides = (surface, base_surface()) if case.backwards else (base_surface(), surface)
    with tempfile.TemporaryDirectory() as name:
        folder = base
        if case.backwards:
            folder, package = commit(Path(name) / "acme", package), _base_package()
        plan = release.plan(folder, package)
        changes = [change for change in plan.changes if change.path != changelog.PATH]
        size = counted(changes, Path(name) / "sides")
    return Made(
        compare(*sides), frozenset(change.path for change in changes), size, plan.package.version != plan.before
    )


def _built(world: World) -> tuple[Package, Surface]:
    """The package that a person would come to, and the surface that drift sees: the same, built once, if no filter is idle."""
    built = world.built()
    try:
        package = package_of(*built)
    except ConfigError:
        return package_of(*built[:2], without_idle_filters(*built)[0]), surface_now(*built)
    return package, surface_of(package)


@lru_cache
def _base_package() -> Package:
    return package_of(*World().built())


def commit(folder: Path, package: Package) -> Path:
    """A package's first release, as a folder; a plain one, for no kill has to be survived here."""
    for path, text in release.plan(folder, package).files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return folder


def base_tree(folder: Path) -> Path:
    """The tree that mutations start from."""
    return commit(folder, _base_package())


def counted(changes: Iterable[FileChange], folder: Path) -> Size:
    """The size of changes, by git, which needs both sides as files; nothing of how a person set git up counts."""
    for change in changes:
        for side, text in (("old", change.old), ("new", change.new)):
            if text is not None:
                path = folder / side / change.path
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
    for side in ("old", "new"):
        (folder / side).mkdir(parents=True, exist_ok=True)
    command = ["git", "diff", "--no-index", "--numstat", "--no-renames", "old", "new"]
    plain = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(command, cwd=folder, env=plain, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return Size(len(rows), sum(int(added) + int(removed) for added, removed, _ in rows))


# -------------------------------------------------------------------------------------------------- the table


def row(kind: str, sizes: Iterable[Size]) -> str:
    """A kind's row of the table."""
    rows = list(sizes)
    files, lines = ([getattr(size, name) for size in rows] for name in ("files", "lines"))
    return f"| {kind} | {len(rows)} | {median(files):g} | {max(files)} | {median(lines):g} | {max(lines)} |"


def published(text: str) -> dict[str, str]:
    """Kind -> its row in a document that holds the table."""
    section = text.partition(_HEADING)[2]
    return {found["kind"]: found[0] for found in _ROW.finditer(section)}


def section(rows: Mapping[str, str]) -> str:
    """The table as Markdown."""
    return "\n".join([_HEAD, *(rows[kind] for kind in sorted(rows))]) + "\n"


def with_rows(text: str, rows: Mapping[str, str]) -> str:
    """A document with these rows in place of those of the same kinds."""
    return text.partition(_HEADING)[0].rstrip("\n") + "\n\n" + section({**published(text), **rows})
