"""Owns the semantic version of a package: what findings do to it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from generator.findings import Bump, Finding

FIRST = "1.0.0"
_VERSION = re.compile(r"(\d{1,9})\.(\d{1,9})\.(\d{1,9})")
_ORDER: tuple[Bump, ...] = ("major", "minor", "patch", "")


def is_version(text: object) -> bool:
    """Whether a text is a version of this form."""
    return isinstance(text, str) and _VERSION.fullmatch(text) is not None


def largest_bump(findings: Iterable[Finding], *, code: bool = False) -> Bump:
    """The largest that any finding asks for; a patch where nothing but the code of the package has changed."""
    asked = {finding.bump for finding in findings} | ({"patch"} if code else set())
    return next((bump for bump in _ORDER if bump in asked), "")


def next_version(version: str, bump: Bump) -> str:
    """The version after a bump.

    >>> next_version("1.4.2", "major"), next_version("1.4.2", "minor"), next_version("1.4.2", "patch"), next_version("1.4.2", "")
    ('2.0.0', '1.5.0', '1.4.3', '1.4.2')
    """
    found = _VERSION.fullmatch(version)
    major, minor, patch = map(int, found.groups()) if found else (1, 0, 0)
    return {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
        "": version,
    }[bump]
