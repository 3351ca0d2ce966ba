"""Owns a package of acme's whose deletions are to be confirmed and whose writes can be tried. Must not hold an expectation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from generator.config import Tenant
from generator.package import build
from generator.render import render
from generator.snapshot import load

ROOT = Path(__file__).parents[2]


def careful_package(folder: Path) -> str:
    """Write the package; its module's name."""
    name = "access-careful"
    pinned = load(ROOT, ["acme"])
    tenant = Tenant(
        name,
        "tenant.toml",
        "https://acme.api.kustomerapp.com",
        title="Careful",
        tags=("notes",),
        dry_run=True,
        confirm=("delete_*",),
    )
    package = build(replace(pinned, klasses={name: {}}), tenant)
    for path, text in render(package).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    return package.module
