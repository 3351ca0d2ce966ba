"""Owns bringing the shards of one regeneration together: each has its own folder with report/, specs/ and generated/."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from generator.config import check_tenant_name
from generator.errors import ProposeError
from generator.files import write_all
from generator.findings import Report
from generator.ir import Json
from generator.reports import json as as_json
from generator.snapshot import LOCK, dump, load, read_lock

REPORT = "report/report.json"
_SHARED = ("specs/openapi", "specs/sources.toml")


def gather(root: Path, folder: Path) -> Report:
    """Copy what each shard made of its own tenants to `root`, and make one report of theirs.

    A tenant that failed, or whose shard is missing, stays as it is. Run it again after a kill: it only ever copies.

    Raises:
        ProposeError: There is no shard, two have the same tenant, or they saw different documents.
        SpecError: A report can't be read, or what a shard brought is not what it pinned.
    """
    found = sorted(path.parents[1] for path in folder.glob(f"*/{REPORT}"))
    if not found:
        raise ProposeError(f"there is no shard in {folder}", [f"expected {folder}/<shard>/{REPORT}"])
    reports = [as_json.read((shard / REPORT).read_text(encoding="utf-8"), f"{shard.name}/{REPORT}") for shard in found]
    locks = [read_lock(shard) for shard in found]
    lock = read_lock(root)
    # A shard whose tenants use nothing of what changed in the documents keeps the pins that it began with.
    moved = [number for number, row in enumerate(locks) if row["documents"] != lock["documents"]]
    _check(reports, found, {found[number].name: locks[number]["documents"] for number in moved})
    if moved:
        lock["documents"] = locks[moved[0]]["documents"]
        for path in _SHARED:
            _copy(found[moved[0]] / path, root / path)
    for shard, report, its_lock in zip(found, reports, locks, strict=True):
        for tenant in report.tenants:
            check_tenant_name(tenant.tenant)
            if tenant.state != "failed":
                _copy(shard / "specs" / "tenants" / tenant.tenant, root / "specs" / "tenants" / tenant.tenant)
                _copy(shard / "generated" / tenant.tenant, root / "generated" / tenant.tenant)
                lock["tenants"][tenant.tenant] = its_lock["tenants"][tenant.tenant]
    write_all(root, {LOCK: dump(lock)})
    load(root, [tenant.tenant for report in reports for tenant in report.tenants if tenant.state != "failed"])
    tenants = sorted((tenant for report in reports for tenant in report.tenants), key=lambda tenant: tenant.tenant)
    return Report(
        reports[0].title, tuple(tenants), {key: rule for report in reports for key, rule in report.rules.items()}
    )


def _check(reports: list[Report], found: list[Path], documents: Mapping[str, Json]) -> None:
    """Refuse two shards with one tenant, and two that saw the documents change in different ways."""
    problems = []
    seen: dict[str, str] = {}
    for shard, report in zip(found, reports, strict=True):
        for tenant in report.tenants:
            if tenant.tenant in seen:
                problems.append(f"{tenant.tenant} is in {seen[tenant.tenant]} and in {shard.name}")
            seen[tenant.tenant] = shard.name
    first = next(iter(documents), "")
    others = [name for name, pins in documents.items() if pins != documents[first]]
    if others:
        problems.append(f"{first} saw other documents than {', '.join(others)}; they changed meanwhile: run all again")
    if problems:
        raise ProposeError("the shards are not of one run", problems)


def _copy(source: Path, target: Path) -> None:
    """Make `target` what `source` is; where there is no source, there is no target."""
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
