"""docs/security.md names a test for each threat: they must be there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
_ROW = re.compile(r"^\| \*\*(?P<threat>.+?)\*\*.* \| (?P<tests>[^|]+) \|$", re.MULTILINE)


def test_every_test_that_the_page_names_exists() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", sources, re.MULTILINE))
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 30
    assert named <= there, f"no such test: {sorted(named - there)}"


def test_every_threat_has_a_test() -> None:
    rows = _ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) >= 25
    assert [threat for threat, tests in rows if "`test_" not in tests] == []
