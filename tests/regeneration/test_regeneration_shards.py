"""`gather` brings the shards of one run together, and nothing of two."""

from __future__ import annotations

import shutil
from pathlib import Path

import regeneration_kit as kit

from generator.snapshot import read_lock


def shard(made: kit.Repository, folder: Path, name: str, *tenants: kit.TenantReport) -> None:
    """What one runner leaves: its report beside its specs/ and generated/."""
    kit.write_report(made, *tenants)
    for part in ("report", "specs", "generated"):
        shutil.copytree(made.root / part, folder / name / part)


def two_shards(made: kit.Repository, folder: Path) -> None:
    for number, tenant in enumerate(kit.TENANTS):
        kit.change(made, tenant)
        shard(made, folder, f"shard-{number}", kit.drifted(tenant))
        kit.back(made)


def test_each_tenants_files_and_pins_come_from_its_own_shard(plain: kit.Repository, tmp_path: Path) -> None:
    two_shards(plain, tmp_path / "shards")
    done = plain.tool("gather", str(tmp_path / "shards"), "--report", str(tmp_path / "report"))
    assert (done.code, done.out) == (0, "gathered 2 tenants\n"), done
    pins = read_lock(plain.root)["tenants"]
    for number, tenant in enumerate(kit.TENANTS):
        assert (plain.root / "generated" / tenant / "TOOLS.md").read_text(encoding="utf-8") == "changed"
        assert pins[tenant] == read_lock(tmp_path / "shards" / f"shard-{number}")["tenants"][tenant]
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == [
        "report.html", "report.json", "report.md", "report.sarif", "report.txt",
    ]  # fmt: skip
    proposed = plain.tool("propose", "--all", "--report", str(tmp_path / "report"), "--remote", "origin")
    assert proposed.out == "kustomer-mcp/all  committed\n"
    assert len([path for path in plain.files("kustomer-mcp/all") if path.endswith("TOOLS.md")]) == 2


def test_a_tenant_that_failed_stays_as_it_is_and_is_told(plain: kit.Repository, tmp_path: Path) -> None:
    two_shards(plain, tmp_path / "shards")
    shutil.rmtree(tmp_path / "shards" / "shard-1")
    kit.change(plain, "globex", "half")
    shard(plain, tmp_path / "shards", "shard-1", kit.failed("globex"))
    kit.back(plain)
    done = plain.tool("gather", str(tmp_path / "shards"), "--report", str(tmp_path / "report"))
    assert done.out == "gathered 2 tenants, 1 of which failed\n"
    assert plain.git("status", "--porcelain", "--", "generated/globex", "specs/tenants/globex") == ""


def test_shards_that_are_not_of_one_run_are_refused_and_nothing_is_written(
    plain: kit.Repository, tmp_path: Path
) -> None:
    shards = tmp_path / "shards"
    words = ("gather", str(shards), "--report", str(tmp_path / "report"))
    shards.mkdir()
    assert "there is no shard" in plain.tool(*words).err
    two_shards(plain, shards)
    shutil.copytree(shards / "shard-0", shards / "shard-2")
    assert "acme is in shard-0 and in shard-2" in plain.tool(*words).err
    shutil.rmtree(shards / "shard-2")
    for number, tenant in ((3, "initech"), (4, "hooli")):
        kit.change_documents(plain, number)
        shard(plain, shards, f"shard-{number}", kit.failed(tenant))
        kit.back(plain)
    assert "shard-3 saw other documents than shard-4" in plain.tool(*words).err
    assert plain.git("status", "--porcelain", "--", "specs", "generated") == ""


def test_documents_come_from_the_shards_that_saw_a_change(plain: kit.Repository, tmp_path: Path) -> None:
    """A shard whose tenants use nothing of what changed keeps the old pins."""
    two_shards(plain, tmp_path / "shards")
    kit.change_documents(plain)
    shard(plain, tmp_path / "shards", "shard-2", kit.failed("initech"))
    pinned = read_lock(plain.root)["documents"]
    kit.back(plain)
    assert plain.tool("gather", str(tmp_path / "shards"), "--report", str(tmp_path / "report")).code == 0
    assert read_lock(plain.root)["documents"] == pinned
    assert "x-mark" in (plain.root / "specs" / "openapi" / "workflows.json").read_text(encoding="utf-8")


def test_a_shard_that_brings_other_than_it_pinned_is_refused(plain: kit.Repository, tmp_path: Path) -> None:
    two_shards(plain, tmp_path / "shards")
    path = tmp_path / "shards" / "shard-0" / "specs" / "tenants" / "acme" / "klasses" / "order.json"
    path.write_text("{}\n", encoding="utf-8")
    done = plain.tool("gather", str(tmp_path / "shards"), "--report", str(tmp_path / "report"))
    assert done.code == 1 and "differs from its pin" in done.err


def test_a_report_that_names_a_path_for_a_tenant_is_refused(plain: kit.Repository, tmp_path: Path) -> None:
    shard(plain, tmp_path / "shards", "shard-0", kit.drifted("../../outside"))
    assert plain.tool("gather", str(tmp_path / "shards"), "--report", str(tmp_path / "report")).code == 1
