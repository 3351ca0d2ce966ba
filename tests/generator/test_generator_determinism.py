"""The same inputs give the same bytes, whatever their order, the folder, the hash seed or the locale."""

from __future__ import annotations

import copy
import json
import random
import shutil
from pathlib import Path
from typing import Any

import generator_kit as kit
import pytest

from generator import render as rendering
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot, dump
from generator.tree import apply, compare

# Lists whose order says nothing.
_SETS = {"required", "enum", "tags", "parameters"}


def shuffled(value: Any, dice: random.Random, key: str = "") -> Any:
    """The same document with its keys, and those lists whose order has no meaning, in another order."""
    if isinstance(value, dict):
        rows = [(name, shuffled(inner, dice, name)) for name, inner in value.items()]
        dice.shuffle(rows)
        return dict(rows)
    if isinstance(value, list):
        rows = [shuffled(inner, dice) for inner in value]
        if key in _SETS and not (key == "tags" and rows and isinstance(rows[0], str)):
            dice.shuffle(rows)
        return rows
    return value


def case(name: str) -> dict[str, Any]:
    return json.loads(next((kit.CASES / name / "documents").glob("*.json")).read_text(encoding="utf-8"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", ["published-defects", "union-bodies", "query-styles"])
def test_the_order_of_keys_and_of_lists_without_meaning_changes_nothing(name: str, seed: int) -> None:
    document = case(name)
    other = shuffled(copy.deepcopy(document), random.Random(seed))
    assert json.dumps(other) != json.dumps(document)
    before = render(build(Snapshot({"core": document}, {"acme": {}}), kit.tenant()))
    after = render(build(Snapshot({"core": other}, {"acme": {}}), kit.tenant()))
    assert before == after


@pytest.mark.parametrize("seed", range(2))
def test_the_order_within_the_nine_documents_changes_no_tool(real: Snapshot, seed: int) -> None:
    dice = random.Random(seed)
    documents = list(real.documents.items())
    dice.shuffle(documents)
    other = Snapshot({name: shuffled(value, dice) for name, value in documents}, real.klasses)
    before, after = (build(each, kit.tenant("acme")) for each in (real, other))
    assert [t for t, u in zip(before.tools, after.tools, strict=True) if t != u] == []
    assert before.toolsets == after.toolsets and before.left_out == after.left_out


def test_two_spellings_of_a_klass_give_one_file(real: Snapshot) -> None:
    dice = random.Random(1)
    assert real.klasses["acme"]
    for name, content in real.klasses["acme"].items():
        assert dump(shuffled(content, dice)) == dump(content), name


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of its own with specs/ of the repository's tenant acme."""
    return _copy(tmp_path_factory.mktemp("here"))


def _copy(folder: Path) -> Path:
    shutil.copytree(kit.ROOT / "specs", folder / "specs")
    return folder


_SURROUNDINGS = {
    "hash seed 1 and the C locale": {"PYTHONHASHSEED": "1", "LC_ALL": "C", "PYTHONUTF8": "0"},
    "hash seed 2 and Turkish": {"PYTHONHASHSEED": "2", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"},
}  # fmt: skip


@pytest.mark.parametrize("surroundings", _SURROUNDINGS)
def test_the_committed_package_comes_out_byte_for_byte_in_another_process_folder_and(
    surroundings: str, tmp_path: Path
) -> None:
    root = _copy(tmp_path / "another folder ü")
    variables = {"KUSTOMER_MCP_CACHE": "off", "PYTHONIOENCODING": "utf-8", **_SURROUNDINGS[surroundings]}
    done = kit.command(root, "generate", "acme", variables=variables)
    assert done.returncode == 0, done.stderr
    there = kit.read_tree(root / "generated" / "acme")
    again = render(build(kit.real(), _acme()))
    assert there == {path: text.encode() for path, text in again.items()}


def _acme() -> Any:
    from generator.config import read_tenant

    return read_tenant(kit.ROOT, "acme")


def test_generating_twice_is_an_empty_plan(tmp_path: Path) -> None:
    files = kit.rendered(kit.things())
    apply(tmp_path / "acme", compare(tmp_path / "acme", files))
    assert compare(tmp_path / "acme", kit.rendered(kit.things())) == []


def test_rendering_in_one_process_or_in_several_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_MCP_CACHE", "off")
    package = build(Snapshot({"core": case("published-defects")}, {"acme": {}}), kit.tenant())
    assert len(package.toolsets) >= rendering._PARALLEL_FROM
    several = render(package)
    monkeypatch.setattr(rendering, "_PARALLEL_FROM", 1000)
    assert render(package) == several


def test_a_broken_cache_entry_is_made_anew_and_never_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUSTOMER_MCP_CACHE", str(tmp_path))
    right = kit.rendered(kit.things())
    entries = sorted(tmp_path.iterdir())
    assert entries
    for number, entry in enumerate(entries):
        text = entry.read_text(encoding="utf-8")
        entry.write_text(["", text[:-20], text.replace("Things", "Thongs"), "[]"][number % 4], encoding="utf-8")
    assert kit.rendered(kit.things()) == right
    for entry in entries:
        entry.write_text(entry.read_text(encoding="utf-8").replace("async", "evil!"), encoding="utf-8")
    assert kit.rendered(kit.things()) == right


def test_a_cache_that_can_not_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = kit.rendered(kit.things())
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("KUSTOMER_MCP_CACHE", str(tmp_path / "file" / "below"))
    assert kit.rendered(kit.things()) == right
