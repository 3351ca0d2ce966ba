"""A small change upstream is a small change in the package: only the files that show it, and only added lines."""

from __future__ import annotations

import copy
import difflib
import json
from typing import Any

import generator_kit as kit
import pytest

from generator.config import read_tenant
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot

MODULE = "kustomer_mcp_acme"


@pytest.fixture(scope="module")
def before(real: Snapshot) -> dict[str, str]:
    return render(build(real, read_tenant(kit.ROOT, "acme")))


def _change(real: Snapshot) -> tuple[Any, Any]:
    """The documents and acme's Klasses, to be changed."""
    return copy.deepcopy(dict(real.documents)), copy.deepcopy(dict(real.klasses["acme"]))


def _after(documents: Any, klasses: Any) -> dict[str, str]:
    return render(build(Snapshot(documents, {"acme": klasses}), read_tenant(kit.ROOT, "acme")))


def lines(before: dict[str, str], after: dict[str, str]) -> dict[str, list[str]]:
    """Every changed file with its changed lines, `-` and `+`; a new or a gone file has all of them."""
    rows = {}
    for path in sorted(before.keys() | after.keys()):
        old, new = (files.get(path, "").splitlines() for files in (before, after))
        found = [line for line in difflib.ndiff(old, new) if line[0] in "+-"]
        if found:
            rows[path] = found
    return rows


def taken_away(changed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Lines that are gone, without the hashes of the manifest, counts, and the comma that a new last row puts behind the old."""
    gone = {}
    for path, rows in changed.items():
        added = {row[2:].strip().rstrip(",") for row in rows if row[0] == "+"}
        kept = [row for row in rows if row[0] == "-" and row[2:].strip().rstrip(",") not in added]
        if path == "manifest.json":
            kept = [row for row in kept if not _is_hash(row)]
        if kept:
            gone[path] = kept
    return gone


def _is_hash(row: str) -> bool:
    return ('.json": "' in row or '"tree": "' in row) and len(row.rsplit('"', 2)[-2]) == 64


def test_one_attribute_more_on_a_klass_adds_lines_where_that_klass_is_shown(
    real: Snapshot, before: dict[str, str]
) -> None:
    documents, klasses = _change(real)
    klasses["klasses/order.json"]["attributes"]["loyaltyPointsNum"] = {"type": "number", "displayName": "Points"}
    changed = lines(before, _after(documents, klasses))
    assert list(changed) == [
        "TOOLS.md",
        f"{MODULE}/contract/custom_objects.json",
        f"{MODULE}/klasses/order.json",
        f"{MODULE}/models/custom_objects.py",
        f"{MODULE}/tools/custom_objects.py",
        "manifest.json",
    ]
    assert _rewritten(changed) == {}
    assert [row for row in changed["manifest.json"] if not _is_hash(row)] == []
    assert all(
        "loyaltyPointsNum" in row or "Points" in row or len(row.split()) < 4
        for row in changed[f"{MODULE}/models/custom_objects.py"]
    )
    [searched] = changed[f"{MODULE}/tools/custom_objects.py"]
    assert "kobject_custom_order_loyaltyPointsNum" in searched, "one row of the table of what can be searched"


def test_one_attribute_more_on_customers_changes_no_other_toolset(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    klasses["standard/customer.json"]["attributes"]["aaaStr"] = {"type": "string", "displayName": "First"}
    changed = lines(before, _after(documents, klasses))
    assert list(changed) == [
        "TOOLS.md",
        f"{MODULE}/contract/customers.json",
        f"{MODULE}/klasses/customer.json",
        f"{MODULE}/models/customers.py",
        f"{MODULE}/tools/customers.py",
        "manifest.json",
    ]
    assert len(changed[f"{MODULE}/tools/customers.py"]) == 1
    assert _rewritten(changed) == {}


def _rewritten(changed: dict[str, list[str]]) -> dict[str, list[str]]:
    """Lines that went, but for what a search's contract says in one line: short lists of fields, what may be sorted by."""
    rows = {
        path: [row for row in gone if not ("/contract/" in path and ('"pattern"' in row or '"enum"' in row))]
        for path, gone in taken_away(changed).items()
    }
    return {path: gone for path, gone in rows.items() if gone}


def test_one_klass_more_adds_its_tools_and_its_name_and_renames_nothing(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    klasses["klasses/pet.json"] = kit.klass("pet", {"breedStr": {"type": "string", "displayName": "Breed"}})
    after = _after(documents, klasses)
    changed = lines(before, after)
    assert {path.rpartition("/")[2] for path in changed} == {
        "TOOLS.md", "README.md", "manifest.json", "pyproject.toml", "server.py", "custom_objects.json", "custom_objects.py",
        "doctor.json", "pet.json", "prompts.json", "tools.json",
    }  # fmt: skip
    old, new = (json.loads(files["manifest.json"])["tools"] for files in (before, after))
    assert set(new) - set(old) == {
        "create_a_kustomer_pet_custom_object",
        "kustomer_pet_custom_objects_search",
        "update_a_kustomer_pet_custom_object_by_id",
    }
    assert {name: new[name] for name in old} == old
    gone = taken_away({path: rows for path, rows in changed.items() if path.endswith("models/custom_objects.py")})
    assert all("Literal[" in row for rows in gone.values() for row in rows), "only lists of Klass names are respelled"
    doctors = [json.loads(files[f"{MODULE}/doctor.json"])["tools"] for files in (before, after)]
    assert {name: doctors[1][name] for name in doctors[0]} == doctors[0]
    told = [files[f"{MODULE}/prompts.json"].replace('"pet", ', "").replace("pet, ", "") for files in (before, after)]
    assert ["".join(text.split()) for text in told][:1] * 2 == ["".join(text.split()) for text in told]


def test_one_field_more_in_a_body_changes_that_tool_alone(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    schema = _body(documents["core-resources"], "/conversations/{id}/notes", "post")
    schema["properties"]["aField"] = {"type": "string", "description": "A new field"}
    after = _after(documents, klasses)
    changed = lines(before, after)
    assert list(changed) == [
        f"{MODULE}/contract/notes.json",
        f"{MODULE}/models/notes.py",
        f"{MODULE}/tools/notes.py",
        "manifest.json",
    ]
    path = f"{MODULE}/contract/notes.json"
    assert set(taken_away(changed)) <= {path}
    old, new = ({row["name"]: row for row in json.loads(files[path])} for files in (before, after))
    [name] = [name for name in old | new if old.get(name) != new.get(name)]
    assert name == "create_a_kustomer_conversation_note"
    had, has = (_named(contracts[name]) for contracts in (old, new))
    assert has - had == {"a_field"} and had <= has, "what no longer fits is named in `more`"
    kept = [{key: value for key, value in row[name].items() if key != "inputSchema"} for row in (old, new)]
    assert kept[0] == kept[1]


def _named(contract: Any) -> set[str]:
    """The arguments that a contract shows or names."""
    properties = contract["inputSchema"]["properties"]
    return set(properties) | (kit.moved(properties["more"]) if "more" in properties else set())


def test_one_nested_object_more_renames_no_class(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    schema = _body(documents["core-resources"], "/conversations/{id}/notes", "post")
    schema["properties"]["aaaNested"] = {
        "type": "object",
        "properties": {"inner": {"type": "object", "properties": {"x": {"type": "string"}}}},
    }
    changed = lines(before, _after(documents, klasses))
    models = taken_away({path: rows for path, rows in changed.items() if "/models/" in path})
    assert [row for rows in models.values() for row in rows if "class " in row] == []
    added = [row[2:] for row in changed[f"{MODULE}/models/notes.py"] if row.startswith("+ class")]
    assert len(added) == 2


def test_one_operation_more_adds_one_tool_and_reorders_nothing(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    documents["core-resources"]["paths"]["/notes/pinned"] = {
        "get": kit.operation("GetPinnedNotes", "Notes", description="List pinned notes.")
    }
    after = _after(documents, klasses)
    changed = lines(before, after)
    assert list(changed) == [
        "README.md",
        "TOOLS.md",
        f"{MODULE}/contract/notes.json",
        f"{MODULE}/doctor.json",
        f"{MODULE}/models/notes.py",
        f"{MODULE}/tools.json",
        f"{MODULE}/tools/notes.py",
        "manifest.json",
        "pyproject.toml",
    ]
    assert all("tools" in row for rows in taken_away(changed).values() for row in rows), "only the count of tools"
    assert "list_all_kustomer_note_pinned" in after["TOOLS.md"]


def test_one_operation_more_in_a_toolset_that_is_not_selected_changes_the_manifest_alone(
    real: Snapshot, before: dict[str, str]
) -> None:
    documents, klasses = _change(real)
    documents["workflows"]["paths"]["/workflows/drafts"] = {"get": kit.operation("X", "Workflows")}
    changed = lines(before, _after(documents, klasses))
    assert list(changed) == ["manifest.json"]
    assert taken_away(changed) == {}


def test_another_title_of_a_document_changes_nothing(real: Snapshot, before: dict[str, str]) -> None:
    documents, klasses = _change(real)
    documents["core-resources"]["info"]["title"] = "Renamed"
    assert lines(before, _after(documents, klasses)) == {}


def _body(document: Any, path: str, method: str) -> Any:
    schema = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
