"""Owns the figures of fleets: many tenants that share their documents, made by a seeded script; whole processes and one.

`python -m bench.fleet [--tenants 1000] [--changed 50] [--folder F]`; with a folder what is there is kept, so that the
first generation, which takes long, can be run beforehand, and again after it was cut off. `make bench` holds it too.
"""

from __future__ import annotations

import argparse
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
from bench.fleet_world import add_attribute, emulated, key_of
from bench.processes import Ran, run
from bench.table import Row, Section, text
from generator.sandbox import running

_SEED = 20261122
_KLASSES = (5, 60)
_ATTRIBUTES = (3, 14)
_AIM_UNCHANGED, _AIM_CHANGED = 0.05, 0.5
# Peak memory of all over that of half, at most.
_FLAT = 1.2
TENANTS, CHANGED = 1000, 50
_BASE = "[tools]\nmethods = {methods}\ntags = {tags}\n{rest}"
_STANDARD = ("company", "conversation", "customer", "message")
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
    """specs/ of `count` tenants below `root`, those that it lacks; gives their names."""
    from generator.snapshot import LOCK, dump, read_lock

    shutil.copytree(ROOT / "specs" / "openapi", root / "specs" / "openapi", dirs_exist_ok=True)
    shutil.copyfile(ROOT / "specs" / "sources.toml", root / "specs" / "sources.toml")
    pinned = read_lock(root)["tenants"]
    names = [f"t{number:04}" for number in range(count)]
    for number, name in enumerate(names):
        if name not in pinned:
            pinned[name] = {"files": _write_tenant(root, name, number)}
    documents = json.loads((ROOT / LOCK).read_text(encoding="utf-8"))["documents"]
    (root / LOCK).write_text(dump({"documents": documents, "tenants": pinned}), encoding="utf-8")
    return names


def _write_tenant(root: Path, name: str, number: int) -> dict[str, str]:
    """One tenant's files; gives their pins."""
    from generator.snapshot import dump, klass_path, sha256

    dice = random.Random(_SEED + number)
    words = dice.sample(range(1000), dice.randint(*_KLASSES))
    files = {f"standard/{word}.json": {**klass(word, random.Random(word)), "standard": True} for word in _STANDARD}
    files |= {f"klasses/thing-{word}.json": klass(f"thing-{word}", dice) for word in words}
    texts = {path: dump(content) for path, content in files.items()}
    for path, content in texts.items():
        target = root / klass_path(name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
    (root / "specs" / "tenants" / name / "tenant.toml").write_text(SELECTIONS[number % 6], encoding="utf-8")
    return {path: sha256(content) for path, content in texts.items()}


def change(root: Path, names: list[str]) -> None:
    """One more attribute on the first custom Klass of each."""
    from generator.snapshot import load_klasses, read_lock, save_klasses

    lock = read_lock(root)
    for name in names:
        files = load_klasses(root, name, lock)
        attributes = files[min(path for path in files if path.startswith("klasses/"))]["attributes"]
        attributes[f"changed{len(attributes)}Num"] = {"type": "number", "displayName": "Changed"}
        save_klasses(root, name, files)


def _command(root: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "generator.cli", "-C", str(root), *words]


def measured(root: Path, count: int, changed: int) -> Section:
    """Rows for a fleet: check of all, and of half for the slope; what changed, generated and regenerated; memory."""
    root.mkdir(parents=True, exist_ok=True)
    names = write_fleet(root, count)
    environment = os.environ | {"KUSTOMER_MCP_CACHE": str(root / "cache")}
    new = _first(root, names, environment)
    half = run(_command(root, "check", *names[: count // 2]), environment)
    all_of = run(_command(root, "check", *names), environment)
    touched = names[:: max(count // changed, 1)][:changed]
    change(root, touched)
    again = run(_command(root, "generate", *touched), environment)
    rest = run(_command(root, "check", *names), environment)
    fetched = _regenerated(root, touched, environment)
    how = f"{count} tenants of 5 to 60 Klasses, six selections, one process, cache on; {len(touched)} change, an attribute each."
    rows = [*new, *_check_rows(count, half, all_of, rest), *_changed_rows(len(touched), again, fetched)]
    return Section("Fleet", how, rows)


def _first(root: Path, names: list[str], environment: dict[str, str]) -> list[Row]:
    """Generate what is not there yet: one of each selection first, which tells how long the rest will take."""
    left = [name for name in names if not (root / "generated" / name / "manifest.json").is_file()]
    few, many = left[: len(SELECTIONS)], left[len(SELECTIONS) :]
    start = time.perf_counter()
    if few:
        run(_command(root, "generate", *few), environment)
    if many:
        minutes = (time.perf_counter() - start) / len(few) * len(many) / 60
        print(f"Fleet: the first generation of {len(many)} more tenants takes about {minutes:.0f} min.", flush=True)
    # All, for those that another version of the generator made.
    run(_command(root, "generate", *names), environment)
    return [Row("generate, nothing there, a tenant", (time.perf_counter() - start) / len(left), "s")] if left else []


def _regenerated(root: Path, names: list[str], environment: dict[str, str]) -> Ran:
    """Fetch, drift and generate of tenants of which one attribute is new upstream, over HTTP."""
    world = emulated(root, names)
    for name in names:
        add_attribute(world.orgs[name])
    keys = {f"KUSTOMER_API_KEY_{name.upper()}": key_of(name) for name in names}
    with running(world) as sandbox:
        return run(_command(root, "regenerate", "--base-url", sandbox.url, *names), environment | keys)


def _check_rows(count: int, half: Ran, all_of: Ran, rest: Ran) -> Iterator[Row]:
    yield Row("check, unchanged, a tenant", all_of.seconds / count, "s", aim=_AIM_UNCHANGED)
    yield Row("check, unchanged, a tenant: processor time", all_of.processor_seconds / count, "s")
    yield Row("check of all over check of half (2 is linear)", all_of.seconds / half.seconds, "x", aim=2.5)
    yield Row("the same in processor time", all_of.processor_seconds / half.processor_seconds, "x", aim=2.5)
    yield Row("check of half: peak memory", half.peak_mb, "MB")
    yield Row("check of all: peak memory", all_of.peak_mb, "MB", aim=_FLAT * half.peak_mb)
    yield Row("check after some changed, a tenant", rest.seconds / count, "s", aim=_AIM_UNCHANGED)


def _changed_rows(touched: int, again: Ran, fetched: Ran) -> Iterator[Row]:
    for what, ran, aim in (("generate", again, _AIM_CHANGED), ("regenerate, with fetching", fetched, None)):
        yield Row(f"{what}, changed, a tenant", ran.seconds / touched, "s", aim=aim)
        yield Row(f"{what}, changed, a tenant: processor time", ran.processor_seconds / touched, "s")
        yield Row(f"{what}, changed: peak memory", ran.peak_mb, "MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fleet")
    parser.add_argument("--tenants", type=int, default=TENANTS, help="How many there are")
    parser.add_argument("--changed", type=int, default=CHANGED, help="How many of them change")
    parser.add_argument("--folder", type=Path, help="Keep the fleet here, and use what is there already")
    said = parser.parse_args()
    folder = said.folder or Path(tempfile.mkdtemp())
    try:
        print(text(measured(folder, said.tenants, said.changed)))
    finally:
        if said.folder is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
