"""Owns comparing texts with the files that hold them. `UPDATE_EXPECTED=1` writes those anew; such tests are skipped, not passed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"


def expecting(folder: Path) -> Callable[[str, str], None]:
    """Compares a text with the file of that name in a folder."""

    def expect(name: str, text: str) -> None:
        path = folder / name
        if UPDATE:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            pytest.skip(f"written anew: {name}")
        assert path.read_text(encoding="utf-8") == text, f"{name}; UPDATE_EXPECTED=1 writes the expected files anew"

    return expect
