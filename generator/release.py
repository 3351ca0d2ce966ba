"""Owns how a package gets its version: the committed tree is the record, and what is made now is compared with it.

`plan` is what `generate`, `check` and `regenerate` have in common; it reads generated/<tenant>/ and writes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from generator import changelog, manifest
from generator.drift import compare
from generator.errors import SpecError
from generator.findings import Finding
from generator.ir import Json, Package
from generator.render import render
from generator.surface import Surface, surface_of
from generator.surface_files import read_package, surface_from
from generator.surface_known import Known
from generator.text import is_inside
from generator.tree import FileChange
from generator.tree import compare as compare_tree
from generator.versions import FIRST, is_version, largest_bump, next_version


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of one package.

    Attributes:
        package: With its version.
        before: The version as committed; an empty string where there is no package.
        findings: What callers can notice of it.
        files: All its files.
        changes: What of them is not as it should be.
        old: The surface as committed; None where there is no package.
        new: The surface of `package`.
    """

    package: Package
    before: str
    findings: tuple[Finding, ...]
    files: Mapping[str, str]
    changes: tuple[FileChange, ...]
    old: Surface | None
    new: Surface


@dataclass(frozen=True, slots=True)
class _Committed:
    """What stands in generated/<tenant>/; an empty version where nothing does."""

    version: str = ""
    changes: tuple[Mapping[str, Json], ...] = ()
    generator: str = ""
    tree: str = ""
    changelog: str = ""
    files: tuple[str, ...] = ()


def plan(folder: Path, package: Package) -> Plan:
    """Give a package the version that its differences from `folder` ask for, and say what would be written.

    Raises:
        SpecError: What is in `folder` can't be read as a package.
        RenderError: See render() and compare().
    """
    old = _committed(folder)
    files = render(package)
    new = surface_of(package)
    tree = manifest.tree_digest(files)
    is_other = (old.tree, old.generator) != (tree, manifest.maker(package))
    surface = _surface(folder, old, new if not is_other else None, Known(files, new))
    findings = compare(surface, new) if surface is not None else ()
    bump = largest_bump(findings, code=bool(old.version) and is_other)
    version = next_version(old.version, bump) if old.version else FIRST
    changes = tuple(map(recorded, findings)) if bump else old.changes
    package = replace(package, version=version, changes=changes, changelog=old.changelog)
    files[changelog.PATH] = changelog.text_of(package)
    files[manifest.PATH] = manifest.text_of(package, files, tree)
    found = tuple(compare_tree(folder, dict(sorted(files.items()))))
    return Plan(package, old.version, findings, files, found, surface, new)


def recorded(finding: Finding) -> dict[str, Json]:
    """A finding as the manifest keeps it."""
    return {
        "rule": finding.rule,
        "subject": finding.subject,
        "text": finding.text,
        "tools": list(finding.tools),
    }


def suspicious_texts(made: Plan) -> tuple[Finding, ...]:
    """The texts that are new and that a person must read before a model does; of a first package, all texts are new."""
    findings = made.findings if made.old is not None else compare(Surface(), made.new)
    return tuple(finding for finding in findings if finding.rule == "text-suspicious")


def committed_version(folder: Path) -> str:
    """The version of the package in a folder; an empty string where there is none."""
    return _committed(folder).version


def _surface(folder: Path, old: _Committed, released: Surface | None, made: Known) -> Surface | None:
    """The surface as committed, or None where there is no package.

    Where what is shipped is what was `released`, it is that: files that differ all the same were edited by hand, and go back.
    What was `made` now spares reading what is the same, where nobody edited anything.
    """
    if not old.version:
        return None
    try:
        found = surface_from(read_package(folder), made if _is_as_released(folder, old) else None)
    except SpecError:
        if released is None:
            raise
        return released
    if released is None:
        return found
    return replace(released, left_out=found.left_out, documents=found.documents, notes=found.notes)


def _is_as_released(folder: Path, old: _Committed) -> bool:
    """Whether the files are those that the manifest speaks of, to the byte."""
    try:
        found = {path: (folder / path).read_bytes().decode("utf-8") for path in old.files}
    except (OSError, ValueError):
        return False
    return manifest.tree_digest(found) == old.tree


def _committed(folder: Path) -> _Committed:
    try:
        text = _text(folder, manifest.PATH)
        told = _text(folder, changelog.PATH) if (folder / changelog.PATH).is_file() else ""
    except (FileNotFoundError, NotADirectoryError):
        return _Committed()
    try:
        said = json.loads(text)
        version = said["version"]
        changes = tuple(said.get("changes", ()))
        if not is_version(version) or not all(isinstance(row, dict) for row in changes):
            raise ValueError("its version or its changes are not of the form that this tool writes")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unreadable(folder, manifest.PATH, error) from None
    changes = tuple(row for row in changes if changelog.is_row(row))  # the next comparison says what others meant
    files = tuple(path for path in said.get("files", ()) if isinstance(path, str) and is_inside(path))
    return _Committed(version, changes, str(said.get("generator", "")), str(said.get("tree", "")), told, files)


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unreadable(folder, name, error) from None


def _unreadable(folder: Path, name: str, error: Exception) -> SpecError:
    mend = "take it back from version control, or delete the folder and generate it anew"
    return SpecError(f"generated/{folder.name}/{name} can't be read", [str(error), mend])
