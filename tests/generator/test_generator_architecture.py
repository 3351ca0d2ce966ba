"""One door each for network, templates, formatter, model engine and command line."""

from __future__ import annotations

import ast
from pathlib import Path

import generator_kit as kit
import pytest

DOORS = {
    "httpx": {"fetch.py", "fetch_klasses.py", "forge.py"},
    "jinja2": {"render.py"},
    "black": {"render.py"},
    "datamodel_code_generator": {"models.py"},
    "click": {"cli.py", "drift_cli.py", "propose_cli.py", "terminal.py"},
    "yaml": {"documents.py"},
}


def imports(path: Path) -> set[str]:
    """Every top-level package that a file imports, at any depth of its code."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found


@pytest.mark.parametrize("library", DOORS)
def test_a_library_is_imported_through_its_one_door(library: str) -> None:
    files = [path for path in (kit.ROOT / "generator").glob("*.py") if path.name != "demo.py"]
    assert {path.name for path in files if library in imports(path)} == DOORS[library]
