"""Owns the figures of fleets: many tenants that share their documents, made by a seeded script; whole processes and one.

`python -m bench.fleet [TENANTS] [CHANGED]` measures 1,000 tenants of which 50 change, or as many as it is told.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.everything import ROOT
from bench.processes import Ran, run
from bench.table import Row, Section, text

_SEED = 20261122
_KLASSES = (5, 60)
_ATTRIBUTES = (3, 14)
_AIM_UNCHANGED, _AIM_CHANGED = 0.05, 0.5
_BASE = "[tools]\nmethods = {methods}\ntags = {tags}\n{rest}"
# What a tenant may do, six ways.
SELECTIONS = tuple(
    f'org = "fleet"\n{_BASE.format(methods=json.dumps(methods), tags=json.dumps(tags), rest=rest)}'
    for methods, tags, rest in (
        (["read"], ["customers", "conversations"], ""),
        (["read"], ["custom_objects", "customers"], ""),
        (["read", "write"], ["customers", "conversations", "custom_objects"], ""),
        (["read", "write"], ["customers", "notes", "messages", "custom_objects"], 'detail = "lean"\n'),
        (["read", "write", "custom"], ["conversations", "companies", "custom_objects"], 'detail = "lean"\n'),
        (["read", "write"], ["drafts", "customers", "slas"], "dry_run = true\n"),
    )
)
_KINDS = (
    ("Str", "string"),
    ("Num", "number"),
    ("Bool", "boolean"),
    ("At", "date"),
    ("Txt", "string"),
    ("Id", "string"),
)


def klass(name: str, dice: random.Random) -> dict[str, Any]:
    """A Klass with attributes of every kind, a third of the texts with choices."""
    attributes: dict[str, Any] = {}
    for number in range(dice.randint(*_ATTRIBUTES)):
        suffix, kind = dice.choice(_KINDS)
        row: dict[str, Any] = {"type": kind, "displayName": f"Field {number}"}
        if suffix == "Str" and dice.random() < 0.34:
            row["enumeration"] = [f"choice {letter}" for letter in "abcdef"[: dice.randint(2, 6)]]
        attributes[f"field{number}{suffix}"] = row
    return {
        "name": name,
        "displayName": name.replace("-", " ").capitalize(),
        "standard": False,
        "attributes": attributes,
    }


def write_fleet(root: Path, count: int) -> list[str]:
    """specs/ of `count` tenants below `root`; gives their names."""
    from generator.snapshot import LOCK, dump, klass_path, sha256

    shutil.copytree(ROOT / "specs" / "openapi", root / "specs" / "openapi")
    shutil.copyfile(ROOT / "specs" / "sources.toml", root / "specs" / "sources.toml")
    lock = json.loads((ROOT / LOCK).read_text(encoding="utf-8"))
    lock["tenants"] = {}
    standard = {f"standard/{name}.json": {**klass(name, random.Random(name)), "standard": True} for name in ("company", "conversation", "customer", "message")}  # fmt: skip
    for number in range(count):
        name, dice = f"t{number:04}", random.Random(_SEED + number)
        words = dice.sample(range(1000), dice.randint(*_KLASSES))
        files = {**standard, **{f"klasses/thing-{word}.json": klass(f"thing-{word}", dice) for word in words}}
        texts = {path: dump(content) for path, content in files.items()}
        for path, content in texts.items():
            target = root / klass_path(name, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        (root / "specs" / "tenants" / name / "tenant.toml").write_text(SELECTIONS[number % 6], encoding="utf-8")
        lock["tenants"][name] = {"files": {path: sha256(content) for path, content in texts.items()}}
    (root / LOCK).write_text(dump(lock), encoding="utf-8")
    return sorted(lock["tenants"])


def change(root: Path, names: list[str]) -> None:
    """One more attribute on the first custom Klass of each."""
    from generator.snapshot import load_klasses, read_lock, save_klasses

    lock = read_lock(root)
    for name in names:
        files = load_klasses(root, name, lock)
        first = min(path for path in files if path.startswith("klasses/"))
        files[first]["attributes"]["changedNum"] = {"type": "number", "displayName": "Changed"}
        save_klasses(root, name, files)


def _command(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "generator.cli", "-C", str(root), *words]


def measured(root: Path, count: int, changed: int) -> Section:
    """Rows for a fleet: check of all, twice the fleet's half for the slope, generation of those that changed, memory."""
    names = write_fleet(root, count)
    environment = os.environ | {"KUSTOMER_MCP_CACHE": str(root / "cache")}
    start = time.perf_counter()
    run(_command(root, "generate"), environment)
    first = time.perf_counter() - start
    half = run(_command(root, "check", *names[: count // 2]), environment)
    all_of = run(_command(root, "check"), environment)
    step = max(count // changed, 1)
    touched = names[::step][:changed]
    change(root, touched)
    again = run(_command(root, "generate", *touched), environment)
    rest = run(_command(root, "check"), environment)
    return Section("Fleet", f"{count} tenants of 5 to 60 Klasses, six selections, one process, cache on.", list(_rows(count, len(touched), first, half, all_of, again, rest)))  # fmt: skip


def _rows(count: int, touched: int, first: float, half: Ran, all_of: Ran, again: Ran, rest: Ran) -> Iterator[Row]:
    yield Row("generate, nothing there, a tenant", first / count, "s")
    yield Row("check, unchanged, a tenant", all_of.seconds / count, "s", aim=_AIM_UNCHANGED)
    yield Row("check, unchanged, a tenant: processor time", all_of.processor_seconds / count, "s")
    yield Row("check of all over check of half (2 is linear)", all_of.seconds / half.seconds, "x", aim=2.5)
    yield Row(f"generate, {touched} changed, a tenant", again.seconds / touched, "s", aim=_AIM_CHANGED)
    yield Row(f"generate, {touched} changed, a tenant: processor time", again.processor_seconds / touched, "s")
    yield Row("check after it, a tenant", rest.seconds / count, "s", aim=_AIM_UNCHANGED)
    yield Row("check of all: peak memory", all_of.peak_mb, "MB")
    yield Row("check of half: peak memory", half.peak_mb, "MB")
    yield Row("generate of the changed: peak memory", again.peak_mb, "MB")


def main() -> None:
    count, changed = (int(word) for word in (*sys.argv[1:3], *("1000", "50")[len(sys.argv) - 1 :]))
    folder = Path(tempfile.mkdtemp())
    try:
        print(text(measured(folder, count, changed)))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
