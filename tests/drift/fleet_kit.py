"""Owns what the tests of whole runs share: a folder with specs/ and generated/, and the commands on the emulator."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from drift_kit import ROOT

from generator.cli import main

Json = Any


def copy_root(folder: Path) -> Path:
    """The repository's own specs/ and generated/, to be changed."""
    for name in ("specs", "generated"):
        shutil.copytree(ROOT / name, folder / name)
    return folder


def run(root: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["-C", str(root), *words])


def tree(root: Path, *below: str) -> dict[str, bytes]:
    """Every file below some folders of a root."""
    paths = [path for name in below or ("specs", "generated") for path in sorted((root / name).rglob("*"))]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def manifest(root: Path, tenant: str = "acme") -> Json:
    return json.loads((root / "generated" / tenant / "manifest.json").read_text(encoding="utf-8"))


def changelog(root: Path, tenant: str = "acme") -> str:
    return (root / "generated" / tenant / "CHANGELOG.md").read_text(encoding="utf-8")


def report(result: Result) -> dict[str, Json]:
    """The report of a command run with --format json, by tenant."""
    return {row["tenant"]: row for row in json.loads(result.stdout)["tenants"]}


def rules_found(row: Json) -> list[tuple[str, str]]:
    return [(finding["rule"], finding["subject"]) for finding in row["findings"]]
