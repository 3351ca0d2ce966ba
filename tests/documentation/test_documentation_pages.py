"""The pages of docs/ say what the code says: every key, every setting, every command; and what they tell to run runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from runpy import run_path
from typing import Any

import pytest
from kustomer_mcp_acme.runtime.edge import settings as serving

from generator import config
from generator.sandbox import running

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands between a heading and the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {heading!r}"
    return found[1]


def rows(text: str) -> dict[str, list[str]]:
    """First cell of each row of the tables, without its ticks -> the other cells."""
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:1] == "|"]
    return {row[0].strip("`| "): row[1:] for row in cells if not row[0].startswith("---")}


# ------------------------------------------------------------------------------------------ configuration


@pytest.mark.parametrize("name", config._TENANT_KEYS)
def test_every_key_of_a_tenant_has_its_row_and_no_row_is_of_a_key_that_there_is_not(name: str) -> None:
    heading = f"`[{name}]`" if name else "Top level"
    keys = {key for key, kind in config._TENANT_KEYS[name].items() if kind is not dict or name}
    assert set(rows(section(page("configuration.md"), heading))) - {"key"} == keys


def test_every_table_of_a_tenant_has_a_section() -> None:
    tables = [key for key, kind in config._TENANT_KEYS[""].items() if kind is dict]
    assert [name for name in tables if f"\n## `[{name}]`\n" not in page("configuration.md")] == []


def test_every_key_of_a_source_has_its_row() -> None:
    assert set(rows(section(page("configuration.md"), "Documents: `specs/sources.toml`"))) >= set(config._SOURCE_KEYS)


def test_every_draft_channel_and_method_is_named() -> None:
    said = set(re.findall(r"`([a-z-]+)`", page("configuration.md")))
    assert {*config.DRAFT_CHANNELS, *config._METHODS, *config._REGIONS} <= said


# ------------------------------------------------------------------------------------------------ serving


def shown(value: Any) -> str:
    """A default as the page writes it."""
    if value in ("", ()):
        return "empty"
    return (
        f"`{str(value).lower()}`"
        if isinstance(value, bool)
        else f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
    )


def test_every_setting_has_its_row_with_its_default() -> None:
    defaults = {field.name: field.default for field in fields(serving.Serving)}
    assert set(defaults) == set(serving._PARSERS)
    said = rows(section(page("serving.md"), "Settings"))
    expected = {serving.PREFIX + name.upper(): shown(value) for name, value in defaults.items()}
    assert {name: said.get(name, ["has no row"])[0] for name in expected} == expected


def test_every_secret_is_said_to_come_from_a_file_too() -> None:
    text = section(page("serving.md"), "Settings")
    assert [name for name in serving._SECRETS if f"`{name.upper()}`" not in text] == []


def test_no_page_names_a_variable_that_nothing_reads() -> None:
    code = "\n".join(
        path.read_text(encoding="utf-8")
        for folder in ("generator", "templates/runtime")
        for path in (ROOT / folder).rglob("*.py")
    )
    known = {serving.PREFIX + name.upper() for name in serving._PARSERS} | set(re.findall(r"KUSTOMER_[A-Z_]+", code))
    said = {
        name for path in DOCS.glob("*.md") for name in re.findall(r"KUSTOMER_[A-Z_]*[A-Z]", path.read_text("utf-8"))
    }
    said = {name.removesuffix("_FILE") for name in said if not name.startswith("KUSTOMER_API_KEY_")}  # <TENANT>
    assert said - {name.rstrip("_") for name in known} == set()


# ----------------------------------------------------------------------------------------------- commands


def test_the_reference_is_what_the_commands_say_of_themselves() -> None:
    made: dict[str, str] = run_path(str(ROOT / ".ci" / "reference.py"))["pages"]()
    for name, text in made.items():
        if os.environ.get("UPDATE_EXPECTED"):
            (DOCS / name).write_text(text, encoding="utf-8", newline="\n")
        assert page(name) == text, f"docs/{name} is out of date: run python .ci/reference.py"


def test_what_getting_started_tells_to_run_runs(tmp_path: Path) -> None:
    blocks = re.findall(r"<!-- run -->\n```sh\n(.*?)```", page("getting-started.md"), re.DOTALL)
    assert len(blocks) == 2
    bin_folder, project = tmp_path / "bin", tmp_path / "project"
    bin_folder.mkdir()
    project.mkdir()
    # The package is not installed but found, which a test of its own does (tests/package): that takes most of a minute.
    for name, does in {
        "kustomer-mcp": f'exec env PYTHONPATH="{ROOT}" "{sys.executable}" -m generator.cli "$@"',
        "kustomer-mcp-mycompany": f'exec env PYTHONPATH=generated/mycompany "{sys.executable}" -m kustomer_mcp_mycompany "$@"',
        "pip": 'test "$1" = install && test -f "$2/pyproject.toml"',
    }.items():
        (bin_folder / name).write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    with running() as sandbox:
        script = "set -eu\n" + "\n".join(blocks).replace("http://127.0.0.1:8787", sandbox.url)
        assert sandbox.url in script
        environment = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "HOME": str(tmp_path)}
        done = subprocess.run(
            ["sh", "-c", script], cwd=project, env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mycompany: up to date" in done.stdout
    assert " 0 failed" in done.stdout
