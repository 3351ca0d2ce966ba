"""The commands on the emulator: what drifts is told and nothing is written; what fails is no drift and no emptiness."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fleet_kit import Json, changelog, manifest, report, rules_found, run, tree

from generator.ir import Package
from generator.sandbox import Fault, Sandbox
from generator.sandbox.world import Org
from generator.snapshot import dump


def acme(sandbox: Sandbox) -> Org:
    return sandbox.world.org("acme")


def properties(sandbox: Sandbox, klass: str = "order") -> Json:
    """The attributes of a Klass's metadata, to be changed."""
    return acme(sandbox).metadata[f"kobject.{klass}"]["properties"]


def words(text: str) -> str:
    """A report without its line breaks."""
    return " ".join(text.split())


def add_attribute(sandbox: Sandbox, name: str = "pointsNum", klass: str = "order") -> None:
    properties(sandbox, klass)[name] = {"name": name, "type": "number", "displayName": "Points"}


def drop_choice(sandbox: Sandbox) -> None:
    properties(sandbox)["orderStatusStr"]["enumeration"].remove("paid")


# ------------------------------------------------------------------------------------------------ drift


def test_without_drift_nothing_is_said_the_code_is_0_and_nothing_is_written(sandbox: Sandbox, root: Path) -> None:
    before = tree(root)
    result = run(root, "drift", "--format", "json")
    assert result.exit_code == 0
    assert {name: row["state"] for name, row in report(result).items()} == {"acme": "clean", "globex": "clean"}
    assert tree(root) == before


def test_drift_is_told_with_its_tools_and_the_code_is_3_and_nothing_is_written(sandbox: Sandbox, root: Path) -> None:
    add_attribute(sandbox)
    drop_choice(sandbox)
    before = tree(root)
    result = run(root, "drift", "--format", "json")
    assert result.exit_code == 3
    row = report(result)["acme"]
    assert rules_found(row) == [
        ("attribute-choice-removed", "attribute order.orderStatusStr"),
        ("attribute-added", "attribute order.pointsNum"),
    ]
    assert (row["version"], row["next_version"]) == ("1.0.0", "2.0.0")
    assert row["findings"][0]["path"] == "kustomer_mcp_acme/klasses/order.json"
    assert {change["name"] for change in row["changes"]} == {
        "create_a_kustomer_order_custom_object", "update_a_kustomer_order_custom_object_by_id",
        "kustomer_order_custom_objects_search",
    }  # fmt: skip
    assert tree(root) == before


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--fail-on", "never"], 0),
        (["--fail-on", "breaking"], 0),
        (["--fail-on", "warning"], 0),
        (["--fail-on", "info"], 3),
    ],
)
def test_the_code_follows_the_threshold(sandbox: Sandbox, root: Path, words: list[str], code: int) -> None:
    add_attribute(sandbox)
    assert run(root, "drift", "acme", *words).exit_code == code


def test_a_report_can_be_written_to_a_file_in_every_format(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:
    add_attribute(sandbox)
    for form in ("text", "json", "markdown", "github", "sarif", "html"):
        result = run(root, "drift", "acme", "--format", form, "--output", str(tmp_path / "out" / form))
        assert (result.exit_code, result.stdout) == (3, "")
        assert "order.pointsNum" in (tmp_path / "out" / form).read_text(encoding="utf-8")


def test_a_report_that_can_not_be_written_is_an_error_that_says_where(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = run(root, "drift", "acme", "--output", str(tmp_path / "file" / "report.txt"))
    assert result.exit_code == 1
    assert "can't be written to" in result.stderr and "--output" in result.stderr


def test_a_disabled_klass_is_told_apart_from_a_vanished_one(sandbox: Sandbox, root: Path) -> None:
    klass = acme(sandbox).klass("shipment")
    assert klass is not None
    klass.attributes["status"] = "existing_only"
    result = run(root, "drift", "acme", "--format", "json")
    assert ("klass-hidden", "klass shipment") in rules_found(report(result)["acme"])


def test_a_klass_with_a_deletion_mark_is_deleted_and_not_there(sandbox: Sandbox, root: Path) -> None:
    klass = acme(sandbox).klass("shipment")
    assert klass is not None
    klass.attributes["deletedAt"] = "2026-11-01T00:00:00.000Z"
    result = run(root, "drift", "acme", "--format", "json")
    assert ("klass-deleted", "klass shipment") in rules_found(report(result)["acme"])


@pytest.mark.parametrize("fault", ["401", "500", "no JSON", "cut short", "half"])
@pytest.mark.parametrize("command", ["drift", "regenerate"])
def test_what_fails_for_one_tenant_is_an_error_that_changes_nothing_and_stops_no_other(
    sandbox: Sandbox, root: Path, command: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "401":
        monkeypatch.setenv("KUSTOMER_API_KEY_ACME", "wrong")
    elif fault == "no JSON":
        sandbox.faults.not_json(times=1)
    elif fault == "half":
        sandbox.faults.order(Fault(500, path="/v1/metadata/kobject.shipment"))
    elif fault == "500":
        sandbox.faults.answer(500, times=1)
    else:
        sandbox.faults.reset(times=1)
    before = tree(root)
    result = run(root, command, "--jobs", "1")
    assert result.exit_code == 1
    assert tree(root) == before
    assert "acme failed; nothing was changed" in words(result.stdout)
    again = run(root, command, "globex")
    assert again.exit_code == 0


def test_an_organisation_that_lists_no_klass_is_an_error_and_not_everything_removed(
    sandbox: Sandbox, root: Path
) -> None:
    _drop_klasses(acme(sandbox))
    before = tree(root)
    for command in ("drift", "regenerate"):
        result = run(root, command, "acme")
        assert result.exit_code == 1 and "lists no Klass where some are pinned" in words(result.stdout)
        assert tree(root) == before


def _drop_klasses(org: Org) -> None:
    for name in ("order", "shipment", "subscription", "warranty-claim"):
        klass = org.klass(name)
        assert klass is not None
        klass.attributes["status"] = "elsewhere"


def test_a_shrunken_document_is_an_error_and_not_operations_removed(sandbox: Sandbox, root: Path) -> None:
    point_core_at_a_file(
        root, lambda document: document["paths"].clear() or document["paths"].update({"/x": {"get": {}}})
    )
    before = tree(root)
    for command in ("drift", "regenerate"):
        result = run(root, command)
        assert result.exit_code == 1 and "has 1 operations where" in words(result.stderr)
        assert tree(root) == before


def point_core_at_a_file(root: Path, change: Callable[[Json], object]) -> None:
    """Let core-resources come from a file of its own, changed."""
    document = json.loads((root / "specs/openapi/core-resources.json").read_text(encoding="utf-8"))
    change(document)
    (root.parent / "core.json").write_text(json.dumps(document), encoding="utf-8")
    sources = root / "specs" / "sources.toml"
    text = sources.read_text(encoding="utf-8")
    assert '"bundled:core-resources"' in text
    sources.write_text(text.replace('"bundled:core-resources"', '"../../core.json"'), encoding="utf-8")


# ------------------------------------------------------------------------------------------- regenerate


def test_regenerating_without_drift_is_an_empty_plan(sandbox: Sandbox, root: Path) -> None:
    before = tree(root)
    assert run(root, "regenerate").exit_code == 0
    assert tree(root) == before


@pytest.mark.parametrize("lost", ["the tenant's pins", "every pin"])
def test_regenerating_pins_anew_what_lost_its_pins_although_the_package_is_as_it_should_be(
    sandbox: Sandbox, root: Path, lost: str
) -> None:
    before = tree(root)
    path = root / "specs" / "lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    del lock["tenants"]["acme"]
    path.write_text(dump(lock if lost == "the tenant's pins" else {"documents": {}, "tenants": {}}), encoding="utf-8")
    assert run(root, "regenerate", "--all").exit_code == 0
    assert run(root, "check").exit_code == 0
    assert {name for name, text in tree(root).items() if before.get(name) != text} <= {"specs/lock.json"}


def test_regenerating_pins_what_a_package_is_made_of_already(sandbox: Sandbox, root: Path) -> None:
    """Kustomer changes, is fetched, and takes the change back before anybody generates: the package needs nothing."""
    before = tree(root)
    add_attribute(sandbox)
    assert run(root, "fetch", "acme", "--only", "klasses").exit_code == 0
    assert run(root, "check", "acme").exit_code == 3
    del properties(sandbox)["pointsNum"]
    assert run(root, "regenerate", "acme").exit_code == 0
    assert run(root, "check", "acme").exit_code == 0
    assert tree(root) == before


def test_regenerating_brings_pins_packages_versions_and_changelogs_up_to_date(sandbox: Sandbox, root: Path, tmp_path: Path) -> None:  # fmt: skip
    add_attribute(sandbox)
    drop_choice(sandbox)
    globex = tree(root, "specs/tenants/globex", "generated/globex")
    result = run(root, "regenerate", "--report", str(tmp_path / "report"))
    assert result.exit_code == 0
    assert manifest(root)["version"] == "2.0.0"
    assert [row["rule"] for row in manifest(root)["changes"]] == ["attribute-choice-removed", "attribute-added"]
    text = changelog(root)
    assert text.index("## 2.0.0") < text.index("### Breaking") < text.index("### New") < text.index("## 1.0.0")
    assert 'does not take "paid" any more' in text and "order.pointsNum is new" in text
    assert run(root, "check").exit_code == 0
    assert tree(root, "specs/tenants/globex", "generated/globex") == globex
    assert {path.name for path in (tmp_path / "report").iterdir()} >= {"report.json", "report.md", "report.html"}
    after = tree(root)
    assert run(root, "regenerate").exit_code == 0
    assert tree(root) == after


def test_one_more_attribute_is_a_minor_version_and_a_text_a_patch(sandbox: Sandbox, root: Path) -> None:
    add_attribute(sandbox)
    run(root, "regenerate", "acme")
    assert manifest(root)["version"] == "1.1.0"
    properties(sandbox)["pointsNum"]["displayName"] = "Bonus points"
    run(root, "regenerate", "acme")
    assert manifest(root)["version"] == "1.1.1"
    properties(sandbox)["pointsNum"]["modifiedAt"] = "2026-11-22T00:00:00.000Z"
    before = tree(root)
    run(root, "regenerate", "acme")
    assert tree(root) == before


def test_a_document_that_differs_only_where_nobody_looks_changes_no_pin(sandbox: Sandbox, root: Path) -> None:
    def change(document: Json) -> None:
        document["paths"]["/notes/{id}"]["delete"]["responses"]["204"] = {"description": "Gone"}
        for item in document["paths"].values():
            for operation in item.values():
                operation["operationId"] += "Respelled"

    point_core_at_a_file(root, change)
    before = tree(root)
    assert run(root, "drift").exit_code == 0
    assert run(root, "regenerate").exit_code == 0
    assert tree(root) == before


def test_a_document_that_matters_is_adopted_by_all_that_it_touches(sandbox: Sandbox, root: Path) -> None:
    def change(document: Json) -> None:
        document["paths"]["/notes/{id}"]["delete"]["description"] = "Delete one note for good."

    point_core_at_a_file(root, change)
    globex = tree(root, "generated/globex")
    assert run(root, "regenerate").exit_code == 0
    assert manifest(root)["version"] == "1.0.1"
    assert manifest(root)["changes"][0]["tools"] == ["delete_a_kustomer_note_by_id"]
    assert manifest(root, "globex")["version"] == "1.0.0"
    assert b"for good" in tree(root, "specs/openapi")["specs/openapi/core-resources.json"]
    assert {p for p, raw in tree(root, "generated/globex").items() if globex[p] != raw} <= {
        "generated/globex/manifest.json"
    }
    assert run(root, "check").exit_code == 0


def test_a_filter_that_matches_nothing_any_more_is_told_with_what_is_gone_and_left_to_a_person(sandbox: Sandbox, root: Path) -> None:  # fmt: skip
    klass = acme(sandbox).klass("shipment")
    assert klass is not None
    klass.attributes["status"] = "disabled"
    before = tree(root)
    result = run(root, "regenerate", "acme")
    assert result.exit_code == 1
    assert "kustomer_shipment_custom_objects_search" in result.stdout and "matches no tool" in words(result.stdout)
    assert tree(root) == before


def test_shards_part_the_tenants_and_an_indexed_job_names_its_own(sandbox: Sandbox, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    first, second = (run(root, "regenerate", "--shard", f"{k}/2").stdout for k in (1, 2))
    assert "acme" in first and "globex" not in first
    assert "globex" in second and "acme" not in second
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    monkeypatch.setenv("JOB_COMPLETIONS", "2")
    assert run(root, "regenerate").stdout == second
    monkeypatch.setenv("JOB_COMPLETIONS", "")
    assert run(root, "regenerate").exit_code == 1
    for wrong in ("0/2", "3/2", "x", "1/0"):
        assert run(root, "regenerate", "--shard", wrong).exit_code == 1


# --------------------------------------------------------------------------------------- diff and history


def _git(root: Path, *words: str) -> None:
    name = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    subprocess.run(["git", "-C", str(root), *name, *words], check=True, capture_output=True)


def test_diff_tells_what_changed_since_a_revision_and_since_a_folder(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    _git(root, "init", "-q")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "first")
    add_attribute(sandbox)
    run(root, "regenerate", "acme")
    wanted = [("attribute-added", "attribute order.pointsNum")]
    since = run(root, "diff", "HEAD", "--format", "json")
    assert since.exit_code == 0 and rules_found(report(since)["acme"]) == wanted
    assert (report(since)["acme"]["version"], report(since)["acme"]["next_version"]) == ("1.0.0", "1.1.0")
    assert rules_found(report(since)["globex"]) == []
    assert run(root, "diff", "HEAD", "--fail-on", "info").exit_code == 3
    only_specs = tmp_path / "old"
    subprocess.run(["git", "-C", str(root), "worktree", "add", "-q", str(only_specs), "HEAD"], check=True)
    for folder in (only_specs, only_specs / "generated", only_specs / "generated" / "acme"):
        assert rules_found(report(run(root, "diff", str(folder), "acme", "--format", "json"))["acme"]) == wanted, folder
    shutil.rmtree(only_specs / "generated")
    assert rules_found(report(run(root, "diff", str(only_specs), "acme", "--format", "json"))["acme"]) == wanted
    for wrong in ("nonsense", "--output=x", str(tmp_path / "nowhere")):
        assert run(root, "diff", "--", wrong).exit_code == 1
    nobody = run(root, "diff", "HEAD", "acme", "nobody")
    assert nobody.exit_code == 1 and "there is no nobody here" in nobody.stderr and "acme, globex" in nobody.stderr


def test_a_rerun_after_a_failure_proposes_what_the_first_run_found(
    sandbox: Sandbox, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _git(root, "init", "-q", "-b", "main")
    _git(root, "add", "-A")
    _git(root, "commit", "-qm", "first")
    drop_choice(sandbox)
    words = ("regenerate", "--report", str(root.parent / "report"))
    monkeypatch.setenv("KUSTOMER_API_KEY_GLOBEX", "wrong")
    assert run(root, *words).exit_code == 1
    monkeypatch.setenv("KUSTOMER_API_KEY_GLOBEX", "sandbox-globex")
    assert run(root, *words).exit_code == 0
    assert run(root, "propose", "--report", str(root.parent / "report")).exit_code == 0
    message = subprocess.run(["git", "-C", str(root), "log", "-1", "--format=%B", "kustomer-mcp/all"], check=True, capture_output=True, text=True).stdout  # fmt: skip
    assert message.startswith("Follow Kustomer's schema: acme 1.0.0 to 2.0.0 (1 breaking)\n")
    assert 'order.orderStatusStr does not take "paid" any more' in message


def test_what_was_edited_by_hand_goes_back_and_is_no_new_version(root: Path) -> None:
    before = tree(root)
    for path in ("README.md", "kustomer_mcp_acme/contract/notes.json"):
        file = root / "generated" / "acme" / path
        file.write_text(file.read_text(encoding="utf-8").replace("note", "nota"), encoding="utf-8")
    assert run(root, "check", "acme").exit_code == 3
    assert run(root, "generate", "acme").exit_code == 0
    assert tree(root) == before


def test_words_added_to_the_changelog_stay_and_a_section_that_was_lost_comes_back(sandbox: Sandbox, root: Path) -> None:
    file = root / "generated" / "acme" / "CHANGELOG.md"
    text = file.read_text(encoding="utf-8").replace("The first version.", "The first version, for the winter season.")
    file.write_text(text, encoding="utf-8")
    assert run(root, "check", "acme").exit_code == 0
    add_attribute(sandbox)
    run(root, "regenerate", "acme")
    assert "for the winter season" in changelog(root)
    whole = changelog(root)
    file.write_text(whole.replace("## 1.1.0", "## Lost"), encoding="utf-8")
    assert run(root, "check", "acme").exit_code == 3
    run(root, "generate", "acme")
    assert "## 1.1.0" in changelog(root) and "order.pointsNum is new" in changelog(root)


def test_another_runtime_is_a_patch_and_says_that_callers_see_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from generator import manifest as records
    from generator import release, render

    def other(package: Package) -> dict[str, str]:
        files = render.render(package)
        path = f"{package.module}/runtime/answer.py"
        files = {**files, path: files[path] + "\n# another\n"}
        return {**files, records.PATH: records.text_of(package, files, records.tree_digest(files))}

    monkeypatch.setattr(release, "render", other)
    monkeypatch.setattr("generator.proofs.is_proven", lambda *_: False)
    assert run(root, "generate", "acme").exit_code == 0
    assert manifest(root)["version"] == "1.0.1"
    assert "Nothing that callers see has changed" in changelog(root)
    assert run(root, "generate", "acme").exit_code == 0
    assert manifest(root)["version"] == "1.0.1"


# --------------------------------------------------------------------------------------------- [drift]


def _configure(root: Path, text: str) -> None:
    file = root / "specs" / "tenants" / "acme" / "tenant.toml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\n[drift]\n{text}\n", encoding="utf-8")


def test_a_tenant_sets_severities_thresholds_and_what_to_ignore(sandbox: Sandbox, root: Path) -> None:
    add_attribute(sandbox)
    _configure(root, 'severity = {"attribute-added" = "warning"}\nfail_on = "breaking"')
    result = run(root, "drift", "acme", "--format", "json")
    assert result.exit_code == 0
    assert [finding["severity"] for finding in report(result)["acme"]["findings"]] == ["warning"]


def test_what_is_ignored_is_left_out_and_named_and_still_counts_for_the_version(sandbox: Sandbox, root: Path) -> None:
    add_attribute(sandbox)
    _configure(
        root,
        'ignore = [{rule = "attribute-added", subject = "attribute order.*", reason = "they add one a day"}, '
        '{rule = "filter-matches-nothing", subject = "filter*", reason = "we tidy up later"}]',
    )
    row = report(run(root, "drift", "acme", "--format", "json"))["acme"]
    assert (row["state"], row["findings"], row["next_version"]) == ("clean", [], "1.1.0")
    assert [finding["subject"] for finding in row["suppressed"]] == ["attribute order.pointsNum"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('severity = {"atribute-added" = "warning"}', "did you mean 'attribute-added'"),
        ('severity = {"attribute-added" = "loud"}', "none of breaking, warning, info"),
        ('fail_on = "sometimes"', "none of info, warning, breaking, never"),
        ("fail_on = false", "none of info, warning, breaking, never"),
        ("ignored = []", "unknown key"),
        ('ignore = [{rule = "tool-gone", subject = "*", reason = "x"}]', "no rule"),
        ('ignore = [{rule = "tool-added", subject = "*"}]', "exactly rule, subject"),
        (
            'ignore = [{rule = "tool-added", subject = "tool nonsense_*", reason = "x"}]',
            "some suppressions match nothing",
        ),
        (
            'ignore = [{rule = "tool-removed", subject = "attribute order.orderStatusStr", reason = "x"}]',
            "its subjects look like 'tool ",
        ),
    ],
)
def test_a_wrong_drift_table_is_an_error_that_says_which(sandbox: Sandbox, root: Path, text: str, said: str) -> None:
    _configure(root, text)
    result = run(root, "drift", "acme")
    assert result.exit_code == 1
    assert said in words(result.output)
