"""Every folder below cases/ is one input with what it must become: a tree, or the text of the problem.

    cases/<case>/tenant.toml            the tenant `acme`; where there is none, one that selects everything
    cases/<case>/documents/*.json|yaml  fetched as files; where there are none, shared/small.json
    cases/<case>/klasses/, standard/    pinned as they are
    cases/<case>/expected/              problem.txt, or the contracts, tools and models of each toolset, and left_out.txt

The lock is computed. `UPDATE_EXPECTED=1 python -m pytest tests/generator` writes expected/ anew.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import generator_kit as kit
import pytest

from generator.config import read_sources, read_tenant
from generator.errors import KustomerMcpError
from generator.fetch import fetch_documents
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import load, save_documents, save_klasses

CASES = sorted(path for path in kit.CASES.iterdir() if path.is_dir())
_EVERYTHING = 'org = "acme"\n'


def lay_out(case: Path, root: Path) -> None:
    """Make the folder of a case one that the commands understand."""
    documents = sorted((case / "documents").glob("*")) or [kit.HERE / "shared" / "small.json"]
    (root / "specs" / "tenants" / "acme").mkdir(parents=True)
    rows = []
    for path in documents:
        shutil.copy(path, root / "specs" / path.name)
        rows.append(f'[[document]]\nname = "{path.stem}"\nurl = "{path.name}"\n')
    (root / "specs" / "sources.toml").write_text("\n".join(rows), encoding="utf-8")
    given = case / "tenant.toml"
    toml = given.read_text(encoding="utf-8") if given.exists() else _EVERYTHING
    (root / "specs" / "tenants" / "acme" / "tenant.toml").write_text(toml, encoding="utf-8")


def run(case: Path, root: Path) -> tuple[Package, dict[str, str]]:
    """All that `fetch` and `generate` do, without the network."""
    lay_out(case, root)
    save_documents(root, fetch_documents(root, read_sources(root), lambda *_: None))
    klasses = [path for kind in ("klasses", "standard") for path in sorted((case / kind).glob("*.json"))]
    files = {f"{path.parent.name}/{path.name}": json.loads(path.read_text(encoding="utf-8")) for path in klasses}
    save_klasses(root, "acme", files)
    package = build(load(root, ["acme"]), read_tenant(root, "acme"))
    return package, render(package)


def shown(package: Package, files: dict[str, str]) -> dict[str, str]:
    """What a reviewer reads of a package: contracts, tools and models, without what is the same in all of them."""
    chosen = {
        path.removeprefix(f"{package.module}/"): text
        for path, text in files.items()
        if path.startswith((f"{package.module}/contract/", f"{package.module}/tools/", f"{package.module}/models/"))
        and not path.endswith("__init__.py")
    }
    manifest = json.loads(files["manifest.json"])
    lines = [f"{row['operation']} ({row['document']}): {row['reason']}" for row in manifest["left_out"]]
    left_out = "".join(f"{line}\n" for line in [*lines, *manifest["notes"]])
    # Not .py: what is generated is formatted by another rule than what is written.
    return {f"{path}.txt" if path.endswith(".py") else path: text for path, text in chosen.items()} | {
        "left_out.txt": left_out
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_becomes_its_expected_tree_or_problem(case: Path, tmp_path: Path) -> None:
    try:
        package, files = run(case, tmp_path)
    except KustomerMcpError as error:
        texts = {"problem.txt": f"{error}\n"}
    else:
        texts = shown(package, files)
    kit.expect_tree(case / "expected", texts)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_a_case_generates_can_be_imported_and_every_contract_has_its_function(case: Path, tmp_path: Path) -> None:
    if (case / "expected" / "problem.txt").exists():
        with pytest.raises(KustomerMcpError):
            run(case, tmp_path)
        return
    package, files = run(case, tmp_path / "in")
    folder = kit.write_tree(tmp_path / "out", files)
    with kit.importable(folder, package.module):
        for toolset in package.toolsets:
            table = kit.importlib.import_module(f"{package.module}.tools.{toolset.name}").TOOLS
            contracts = json.loads(files[f"{package.module}/contract/{toolset.name}.json"])
            assert {row["name"] for row in contracts} == set(table)
            for row in contracts:
                kit.assert_fits(row, *table[row["name"]])
