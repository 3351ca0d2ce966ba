"""Owns what is made once a run and shared by its processes, and the tenant that selects every operation."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
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


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process without any configuration but what is given here."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KUSTOMER_", "PYTHON"))}
    return subprocess.run(
        [str(word) for word in words], env=kept | environment, capture_output=True, text=True, timeout=300, check=False
    )


def mypy(shared_folder: Path, *words: str | Path, **environment: str) -> tuple[list[str], int]:
    """What mypy --strict says, line by line, and its exit code."""
    done = run(
        sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", os.devnull,
        "--cache-dir", shared_folder / "mypy", *words, **environment,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines(), done.returncode
