"""Owns where a finding is seen: a file of the repository and a line in it. Reading goes through one function."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from generator.findings import Finding

# Tenant and finding -> path below the repository's root, and line from 1.
Locate = Callable[[str, Finding], tuple[str, int]]


def first_line(tenant: str, finding: Finding) -> tuple[str, int]:
    """The finding's file, at its first line; the tenant's configuration where it names none."""
    return (f"generated/{tenant}/{finding.path}" if finding.path else f"specs/tenants/{tenant}/tenant.toml"), 1


def in_tree(root: Path) -> Locate:
    """Look into the files below `root`; a file that is gone gives the package's manifest, then the configuration."""

    @lru_cache
    def lines(path: str) -> tuple[str, ...] | None:
        try:
            return tuple((root / path).read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError):
            return None

    def locate(tenant: str, finding: Finding) -> tuple[str, int]:
        wanted, _ = first_line(tenant, finding)
        for path in (wanted, f"generated/{tenant}/manifest.json", f"specs/tenants/{tenant}/tenant.toml"):
            found = lines(path)
            if found is not None:
                return path, line_of(found, finding.subject)
        return wanted, 1

    return locate


def line_of(lines: tuple[str, ...], subject: str) -> int:
    """The line where a subject's innermost name stands: each of its parts is looked for after the one before.

    `argument create_x.priority` is the first `priority` that follows the first `create_x`. A part that is not there (it
    was removed) leaves the line of the part before; line 1 where nothing is found.
    """
    _, _, name = subject.partition(" ")
    at = 0
    for part in filter(None, name.split(".")):
        word = re.compile(rf"(?<![\w-]){re.escape(part)}(?![\w-])")
        following = next((number for number in range(at, len(lines)) if word.search(lines[number])), None)
        if following is None:
            break
        at = following
    return at + 1
