"""Owns generated/: compares it with what should be there, and is the only one that writes it, whole or not at all.

Only files that the old manifest names are ever deleted; whatever else a person put there stays.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from generator.errors import RenderError
from generator.files import replace_tree
from generator.text import is_inside

Sign = Literal["+", "~", "-"]


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file that is not as it should be; `old` or `new` is None where there is none."""

    sign: Sign
    path: str
    old: str | None
    new: str | None

    def diff(self) -> str:
        """The change as a unified diff."""
        old, new = ((text or "").splitlines(keepends=True) for text in (self.old, self.new))
        names = (
            "/dev/null" if self.old is None else f"a/{self.path}",
            "/dev/null" if self.new is None else f"b/{self.path}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in difflib.unified_diff(old, new, *names))


def compare(folder: Path, files: Mapping[str, str]) -> list[FileChange]:
    """What `generate` would change in `folder`, sorted by path.

    Raises:
        RenderError: A person's own file, or one that is no UTF-8 text, stands where a generated one must go.
    """
    changes = []
    owned = _owned(folder)
    strangers = []
    for path, new in files.items():
        old = _read(folder / path)
        if old is None:
            changes.append(FileChange("+", path, None, new))
        elif old != new:
            changes.append(FileChange("~", path, old, new))
            if owned is not None and path not in owned:
                strangers.append(f"{path}: it is not the generator's; move it away, or delete it")
    if strangers:
        raise RenderError(f"{folder.name}: files of yours are where generated ones must go", strangers)
    gone = sorted((owned or set()) - set(files))
    changes += [FileChange("-", path, old, None) for path in gone if (old := _read(folder / path)) is not None]
    return sorted(changes, key=lambda change: change.path)


def apply(folder: Path, changes: Iterable[FileChange]) -> None:
    """Make the changes, all or none.

    Raises:
        RenderError: They could not be made, or another run was faster; the tree is whole.
    """
    rows = list(changes)
    if rows:
        writes = {row.path: row.new for row in rows if row.new is not None}
        gone = [row.path for row in rows if row.new is None]
        replace_tree(folder, writes, gone, lambda: is_as_planned(folder, rows))


def is_as_planned(folder: Path, changes: Iterable[FileChange]) -> bool:
    """Whether a folder is still what the changes were planned for."""
    return all(_read(folder / row.path) == row.old for row in changes)


def _owned(folder: Path) -> set[str] | None:
    """The files that the old manifest names, or None where there is no manifest that can be read."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        named = manifest["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(named, list):
        return None
    return {path for path in named if isinstance(path, str) and is_inside(path)}


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (IsADirectoryError, UnicodeDecodeError) as error:
        raise RenderError(f"{path.name} can't be read as text", [str(error)]) from None
