"""Owns what is made once a run and shared by its processes, and the tenant that selects every operation."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from generator.config import Tenant
from generator.package import build
from generator.render import render
from generator.snapshot import load

ROOT = Path(__file__).parents[2]
EVERYTHING = "everything"


@contextmanager
def locked(folder: Path, name: str) -> Iterator[bool]:
    """Says whether this process is the first; the others wait until it is done."""
    with (folder / f"{name}.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / f"{name}.done"
        yield not done.exists()
        done.touch()


def make_everything(folder: Path) -> None:
    """Generate the package of a tenant without any filter, with acme's Klasses."""
    snapshot = load(ROOT, ["acme"])
    snapshot = replace(snapshot, klasses={EVERYTHING: snapshot.klasses["acme"]})
    tenant = Tenant(EVERYTHING, "tenant.toml", "https://everything.api.kustomerapp.com", title="Everything")
    for path, text in render(build(snapshot, tenant)).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
