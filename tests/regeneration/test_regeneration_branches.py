"""`propose` keeps branches in line with the files on disk, and never touches what is a person's."""

from __future__ import annotations

import json

import regeneration_kit as kit


def test_a_change_becomes_a_branch_with_one_commit_and_leaves_the_checkout_as_it_is(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    report = kit.write_report(plain, kit.drifted("acme"), kit.clean("globex"))
    before = plain.git("status", "--porcelain", "--untracked-files=no")
    done = plain.tool("propose", "--report", report, "--remote", "origin")
    assert (done.code, done.out) == (0, "kustomer-mcp/all  committed\n")
    assert plain.git("status", "--porcelain", "--untracked-files=no") == before
    assert plain.git("branch", "--show-current") == "main"
    changed = plain.files("kustomer-mcp/all")
    assert changed[0] == "generated/acme/TOOLS.md" and changed[1] == "specs/lock.json" and len(changed) == 3
    message = plain.git("log", "-1", "--format=%B", "kustomer-mcp/all", at=plain.remote)
    assert message.startswith(
        "Follow Kustomer's schema: acme 1.0.0 to 2.0.0 (1 breaking)\n\n- acme: breaking: create_x lost"
    )


def test_the_same_twice_is_nothing_new_and_another_change_replaces_the_commit(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    words = ("propose", "--report", kit.write_report(plain, kit.drifted("acme")), "--remote", "origin")
    plain.tool(*words)
    first = plain.git("rev-parse", "kustomer-mcp/all", at=plain.remote)
    assert plain.tool(*words).out == "kustomer-mcp/all  unchanged\n"
    assert plain.git("rev-parse", "kustomer-mcp/all", at=plain.remote) == first
    kit.change(plain, "acme", "again")
    assert plain.tool(*words).out == "kustomer-mcp/all  committed\n"
    assert plain.git("rev-list", "--count", "main..kustomer-mcp/all", at=plain.remote) == "1"


def test_the_branch_is_deleted_when_the_drift_is_gone(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    plain.tool("propose", "--report", kit.write_report(plain, kit.drifted("acme")), "--remote", "origin")
    kit.back(plain)
    words = ("propose", "--report", kit.write_report(plain, kit.clean("acme")), "--remote", "origin")
    assert plain.tool(*words).out == "kustomer-mcp/all  deleted: The drift is gone.\n"
    assert plain.branches() == ["main"]
    assert plain.tool(*words).out == "kustomer-mcp/all  no drift\n"


def test_without_a_remote_branches_are_made_here_and_nothing_is_pushed(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    words = ("propose", "--report", kit.write_report(plain, kit.drifted("acme")))
    assert plain.tool(*words).out == "kustomer-mcp/all  committed\n"
    assert plain.tool(*words).out == "kustomer-mcp/all  unchanged\n"
    assert plain.branches() == ["main"]
    assert "kustomer-mcp/all" in plain.git("branch", "--format=%(refname:short)")
    kit.back(plain)
    kit.write_report(plain, kit.clean("acme"))
    assert plain.tool(*words).out.startswith("kustomer-mcp/all  deleted")


def test_each_tenant_gets_a_branch_with_its_own_files_and_pins_alone(plain: kit.Repository) -> None:
    for tenant in kit.TENANTS:
        kit.change(plain, tenant)
    report = kit.write_report(plain, *map(kit.drifted, kit.TENANTS))
    done = plain.tool("propose", "--report", report, "--per-tenant", "--remote", "origin")
    assert done.out == "kustomer-mcp/acme  committed\nkustomer-mcp/globex  committed\n"
    on_disk = json.loads((plain.root / "specs" / "lock.json").read_text(encoding="utf-8"))
    for tenant, other in (kit.TENANTS, kit.TENANTS[::-1]):
        branch = f"kustomer-mcp/{tenant}"
        assert not [path for path in plain.files(branch) if other in path]
        lock, base = (json.loads(plain.git("show", f"{rev}:specs/lock.json")) for rev in (f"origin/{branch}", "main"))
        assert lock["tenants"] == {**base["tenants"], tenant: on_disk["tenants"][tenant]}


def test_changed_documents_are_one_branch_for_all_however_the_rest_is_cut(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    report = kit.write_report(plain, *map(kit.drifted, kit.TENANTS))
    words = ("propose", "--report", report, "--per-tenant", "--remote", "origin")
    plain.tool(*words)
    assert plain.branches() == ["kustomer-mcp/acme", "main"]
    kit.change_documents(plain)
    assert plain.tool(*words).out == (
        "kustomer-mcp/all  committed\n"
        "kustomer-mcp/acme  deleted: Its place is taken by one pull request for all tenants.\n"
    )
    assert "specs/openapi/workflows.json" in plain.files("kustomer-mcp/all")
    refused = plain.tool("propose", "acme", "--report", report, "--per-tenant", "--remote", "origin")
    assert refused.code == 1 and "globex is not among those named" in refused.err


def taken_over(plain: kit.Repository) -> tuple[tuple[str, ...], kit.Repository]:
    """The words that proposed a branch, and a person's clone of it with a change of theirs."""
    kit.change(plain, "acme")
    words = ("propose", "--report", kit.write_report(plain, kit.drifted("acme")), "--remote", "origin")
    plain.tool(*words)
    person = kit.Repository(plain.root.parent / "person", plain.remote, {})
    plain.git("clone", "-q", "-b", "kustomer-mcp/all", str(plain.remote), str(person.root))
    (person.root / "generated" / "acme" / "TOOLS.md").write_text("mine", encoding="utf-8")
    return words, person


def test_a_branch_with_a_persons_commit_is_left_alone_and_named(plain: kit.Repository) -> None:
    words, person = taken_over(plain)
    person.commit_and_push("My own words", "kustomer-mcp/all")
    theirs = plain.git("rev-parse", "kustomer-mcp/all", at=plain.remote)
    for prepare in (lambda: kit.change(plain, "acme", "again"), lambda: kit.back(plain)):
        prepare()
        done = plain.tool(*words)
        assert done.code == 1 and "holds commits that this tool did not make" in done.out and "My own words" in done.out
        assert plain.git("rev-parse", "kustomer-mcp/all", at=plain.remote) == theirs


def test_an_amended_commit_counts_as_a_persons(plain: kit.Repository) -> None:
    words, person = taken_over(plain)
    person.git("commit", "-q", "--amend", "--no-edit", "-a")
    person.git("push", "-q", "--force", "origin", "HEAD:kustomer-mcp/all")
    assert plain.tool(*words).code == 1


def test_a_tenant_that_failed_keeps_its_branch_and_does_not_stop_the_others(plain: kit.Repository) -> None:
    for tenant in kit.TENANTS:
        kit.change(plain, tenant)
    words = ("propose", "--report", "report", "--per-tenant", "--remote", "origin")
    kit.write_report(plain, *map(kit.drifted, kit.TENANTS))
    plain.tool(*words)
    kit.back(plain)
    kit.write_report(plain, kit.failed("acme"), kit.clean("globex"))
    assert plain.tool(*words).out == "kustomer-mcp/globex  deleted: The drift is gone.\n"
    assert plain.branches() == ["kustomer-mcp/acme", "main"]


def test_a_branch_for_all_that_holds_a_failed_tenants_change_is_left_as_it_was(plain: kit.Repository) -> None:
    kit.change(plain, "acme")
    words = ("propose", "--report", "report", "--remote", "origin")
    kit.write_report(plain, kit.drifted("acme"), kit.clean("globex"))
    plain.tool(*words)
    kit.back(plain)
    kit.write_report(plain, kit.failed("acme"), kit.clean("globex"))
    done = plain.tool(*words)
    assert done.code == 0 and done.out.startswith("kustomer-mcp/all  left: it holds changes of acme")
    assert "kustomer-mcp/all" in plain.branches()


def test_a_base_that_moved_elsewhere_moves_nothing_and_one_that_moved_beneath_rebuilds_the_branch(
    plain: kit.Repository,
) -> None:
    kit.change(plain, "acme")
    words = ("propose", "--report", kit.write_report(plain, kit.drifted("acme")), "--per-tenant", "--remote", "origin")
    plain.tool(*words)
    plain.git("stash", "-q")
    plain.commit_and_push("Elsewhere")
    plain.git("stash", "pop", "-q")
    assert plain.tool(*words).out == "kustomer-mcp/acme  unchanged\n"
    plain.git("stash", "-q")
    kit.change(plain, "globex")
    plain.commit_and_push("Beneath")
    kit.change(plain, "acme")
    assert plain.tool(*words).out == "kustomer-mcp/acme  committed\n"
    assert plain.git("merge-base", "origin/main", "origin/kustomer-mcp/acme") == plain.git("rev-parse", "origin/main")


def test_a_repository_that_holds_the_folder_deeper_down_is_served_alike(plain: kit.Repository) -> None:
    inner = kit.Repository(plain.root / "tools", plain.remote, {})
    inner.root.mkdir()
    for name in ("specs", "generated"):
        plain.git("mv", name, f"tools/{name}")
    inner.commit_and_push("Deeper")
    kit.change(inner, "acme")
    words = ("propose", "--report", kit.write_report(inner, kit.drifted("acme")), "--per-tenant", "--remote", "origin")
    assert inner.tool(*words).out == "kustomer-mcp/acme  committed\n"
    assert all(path.startswith("tools/") for path in plain.files("kustomer-mcp/acme"))
    assert inner.tool(*words).out == "kustomer-mcp/acme  unchanged\n"


def test_what_cannot_be_proposed_is_said_plainly(plain: kit.Repository) -> None:
    report = kit.write_report(plain, kit.drifted("acme"))
    assert "the report says nothing" in plain.tool("propose", "globex", "--report", report).err
    assert "holds no report.json" in plain.tool("propose", "--report", "specs").err
    plain.git("checkout", "-q", "--detach")
    assert "--base" in plain.tool("propose", "--report", report).err
    assert plain.tool("propose", "--report", report, "--base", "main").code == 0
