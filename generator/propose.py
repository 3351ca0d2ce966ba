"""Owns proposing what `regenerate` changed: a branch with one commit, and a pull request that follows it until it is gone.

The branch that is checked out, the files and the index stay as they are. A branch of this tool holds one commit on top of
the base, and that commit names its own tree: a branch whose last commit does not was changed by a person, and is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from generator.config import tenants
from generator.errors import ProposeError
from generator.findings import SEVERITIES, Report, TenantReport
from generator.forge import LABEL, Forge, Proposal
from generator.git import Git
from generator.reports import markdown, words
from generator.revisions import diff
from generator.snapshot import LOCK, dump, read_lock

PREFIX = "kustomer-mcp/"
ALL = "all"
_TRAILER = "Kustomer-Mcp-Tree"
_OURS = ("specs/", "generated/")
_SHARED = ("specs/openapi", "specs/sources.toml")
_MOST_LINES = 20
_NOTE = (
    "\n---\nMade by `kustomer-mcp propose`. The next run replaces the commit of this branch, and closes this when the "
    "drift is gone; it stops where it finds a commit that it did not make.\n"
)

Action = Literal["opened", "updated", "committed", "unchanged", "closed", "deleted", "no drift", "left", "stopped"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to propose.

    Attributes:
        names: The tenants to propose; those that the report says nothing of are an error.
        per_tenant: One pull request for each tenant, as long as the documents, which all share, are as they were.
        base: The branch to merge into; empty: the one that is checked out.
        remote: Where branches live; empty: here only.
    """

    names: tuple[str, ...]
    per_tenant: bool = False
    base: str = ""
    remote: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one branch. `stopped` asks for a person; `detail` says why, or where to look."""

    branch: str
    action: Action
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What one branch holds: these tenants, and the documents if `shared`. `successor` takes the place of one to be retired."""

    name: str
    tenants: tuple[str, ...]
    shared: bool = False
    successor: str = ""

    @property
    def branch(self) -> str:
        return PREFIX + self.name


class _Run:
    """One run: what is checked out, which branches there are, and whose change may be decided."""

    def __init__(self, root: Path, git: Git, forge: Forge | None, report: Report, options: Options) -> None:
        self.root, self.git, self.forge, self.report, self.options = root, git, forge, report, options
        self.head = git.head()
        self.head_tree = git.tree_of(self.head)
        self.base = options.base or git.branch()
        if not self.base:
            raise ProposeError("no branch is checked out", ["name the branch to merge into with --base"])
        self.branches = git.branches(options.remote, PREFIX)
        self.base_lock = json.loads(git.file(self.head, LOCK) or '{"documents": {}, "tenants": {}}')
        self.lock = read_lock(root)
        self.moved = self._moved()

    def _moved(self) -> set[str]:
        """The tenants with a file or a pin that is not as in the base; of a fleet, most have none."""
        before, now = self.base_lock["tenants"], self.lock["tenants"]
        found = {name for name in {*before, *now} if before.get(name) != now.get(name)}
        return found | {name for path in self.git.touched(*_OURS) if (name := _tenant_of(path))}

    def tree(self, scope: _Scope) -> str:
        """The base with what the scope's tenants (and the documents) are on disk."""
        paths = [path for name in scope.tenants for path in (f"specs/tenants/{name}", f"generated/{name}")]
        lock = {**self.base_lock, "tenants": dict(self.base_lock["tenants"])}
        if scope.shared:
            paths += _SHARED
            lock = {**self.lock, "tenants": lock["tenants"]}
        for name in scope.tenants:
            if name in self.lock["tenants"]:
                lock["tenants"][name] = self.lock["tenants"][name]
            else:
                lock["tenants"].pop(name, None)
        return self.git.tree(self.head, paths, {LOCK: dump(lock)} if lock != self.base_lock else {})


def propose(root: Path, git: Git, forge: Forge | None, report: Report, options: Options) -> list[Outcome]:
    """Bring branches and pull requests in line with the files on disk; one branch that can't be does not stop the others.

    Args:
        root: The folder that holds specs/ and generated/, as `regenerate` left them.
        git: The repository.
        forge: Where pull requests are; None makes branches only.
        report: What `regenerate` found; tenants that failed are left as they are, branches and all.
        options: How.

    Raises:
        ProposeError: Nothing could be proposed.
    """
    said = {tenant.tenant: tenant for tenant in report.tenants}
    if unknown := [name for name in options.names if name not in said]:
        raise ProposeError(
            "the report says nothing of some tenants", [f"{name}: regenerate it first" for name in unknown]
        )
    if options.per_tenant and ALL in options.names:
        raise ProposeError(f"the tenant {ALL} would share its branch with all tenants", ["propose with --one-pr"])
    run = _Run(root, git, forge, report, options)
    run.report = _with_earlier(run, report)
    settled = tuple(name for name in options.names if said[name].state != "failed")
    outcomes = []
    for scope in _scopes(run, settled):
        try:
            outcomes.append(_settle(run, scope, settled))
        except ProposeError as error:
            outcomes.append(Outcome(scope.branch, "stopped", str(error)))
    return outcomes


def _with_earlier(run: _Run, report: Report) -> Report:
    """The report with what an earlier run found and wrote: one that is run again after a failure finds those tenants as they
    should be, and the branch changes them all the same."""
    quiet = [tenant.tenant for tenant in report.tenants if tenant.state == "clean" and tenant.tenant in run.moved]
    if not quiet:
        return report
    since = diff(run.root, run.head, quiet)
    found = {tenant.tenant: tenant for tenant in since.tenants if tenant.state == "drifted"}
    rows = tuple(found.get(tenant.tenant, tenant) for tenant in report.tenants)
    return replace(report, tenants=rows, rules={**report.rules, **since.rules})


def _scopes(run: _Run, settled: tuple[str, ...]) -> Iterator[_Scope]:
    """The branches to be, then those whose place another takes.

    Documents are every tenant's: proposed with one of them, the others' packages would be out of date in that branch. So
    a change of the documents is one pull request for all, however the rest is cut.
    """
    shared = run.tree(_Scope(ALL, (), shared=True)) != run.head_tree
    if shared and (absent := sorted(set(tenants(run.root)) - set(run.options.names))):
        raise ProposeError(
            "the documents changed, which all tenants share",
            [f"regenerate and propose all tenants together; {', '.join(absent[:5])} "
             f"{'is' if len(absent) == 1 else 'are'} not among those named"],
        )  # fmt: skip
    if run.options.per_tenant and not shared:
        yield from (_Scope(name, (name,)) for name in settled)
        if PREFIX + ALL in run.branches:
            yield _Scope(ALL, (), successor="one pull request for each tenant")
        return
    yield _Scope(ALL, settled, shared=True)
    for name in settled:
        if PREFIX + name in run.branches and name != ALL:
            yield _Scope(name, (), successor="one pull request for all tenants")


def _settle(run: _Run, scope: _Scope, settled: tuple[str, ...]) -> Outcome:
    old = run.branches.get(scope.branch, "")
    if not (old or scope.shared or run.moved.intersection(scope.tenants)):
        return Outcome(scope.branch, "no drift")
    if old:
        _check_ours(run.git, scope.branch, old)
        if others := _others(run, old, settled):
            said = ", ".join(others[:5])
            return Outcome(scope.branch, "left", f"it holds changes of {said}, and nothing is known of those this time")
    tree = run.tree(scope)
    if tree == run.head_tree:
        return _retire(run, scope, old)
    report = _part(run.report, scope, run.options.names)
    made = ""
    if not (old and _says_the_same(run, old, tree)):
        made = run.git.commit(tree, run.head, _message(report, tree))
        run.git.set_branch(run.options.remote, scope.branch, made, old)
    return _follow(run, scope.branch, report, is_new=bool(made))


def _check_ours(git: Git, branch: str, commit: str) -> None:
    """Refuse a branch whose last commit is not one of this tool's, just as it was made."""
    named = re.search(rf"^{_TRAILER}: ([0-9a-f]+)$", git.message(commit), re.MULTILINE)
    if named is None or named[1] != git.tree_of(commit) or len(git.parents(commit)) != 1:
        problem = f"the last is {commit[:12]}: {words.clean(git.message(commit).partition(chr(10))[0], 80)}"
        advice = (
            "merge the branch, or move those commits to another one and delete this one; then run the command again"
        )
        raise ProposeError(f"{branch} holds commits that this tool did not make; it was left alone", [problem, advice])


def _others(run: _Run, old: str, settled: tuple[str, ...]) -> list[str]:
    """The tenants that a branch changes and that this run can't decide on: they failed, or were not asked for."""
    found = {_tenant_of(path) for path in run.git.changed(run.git.parents(old)[0], old)}
    return sorted(found - {"", *settled})


def _tenant_of(path: str) -> str:
    """The tenant whose file it is, or an empty string."""
    match path.split("/"):
        case ["specs", "tenants", name, *_] | ["generated", name, _, *_]:
            return name
    return ""


def _says_the_same(run: _Run, old: str, tree: str) -> bool:
    """Whether a branch already changes the same files in the same way, and the base's have not moved beneath it."""
    (parent,) = run.git.parents(old)
    moved = run.git.changed(old, tree) + run.git.changed(parent, run.head)
    return not any(path.startswith(_OURS) for path in moved)


def _follow(run: _Run, branch: str, report: Report, *, is_new: bool) -> Outcome:
    if run.forge is None:
        return Outcome(branch, "committed" if is_new else "unchanged")
    worst = words.worst(finding for tenant in report.tenants for finding in tenant.findings)
    body = markdown.render(report, markdown.LIMIT - markdown.size(_NOTE)) + _NOTE
    wanted = Proposal(branch, run.base, report.title, body, LABEL + worst if worst else "")
    found = run.forge.find(branch)
    if found is None:
        return Outcome(branch, "opened", run.forge.open(wanted).url)
    if not found.is_as(wanted):
        run.forge.update(found, wanted)
        return Outcome(branch, "updated", found.url)
    return Outcome(branch, "updated" if is_new else "unchanged", found.url)


def _retire(run: _Run, scope: _Scope, old: str) -> Outcome:
    """Close the pull request and delete the branch of a drift that is gone; without a branch there is neither."""
    if not old:
        return Outcome(scope.branch, "no drift")
    why = f"Its place is taken by {scope.successor}." if scope.successor else "The drift is gone."
    found = run.forge.find(scope.branch) if run.forge else None
    if run.forge and found:
        run.forge.close(found, f"{why} This branch is deleted.")
    run.git.set_branch(run.options.remote, scope.branch, "", old)
    return Outcome(scope.branch, "closed" if found else "deleted", found.url if found else why)


def _part(report: Report, scope: _Scope, names: Iterable[str]) -> Report:
    """What the report says of a scope, titled for it; the shared one tells of the tenants that failed as well."""
    wanted = set(names) if scope.shared else set(scope.tenants)
    kept = tuple(tenant for tenant in report.tenants if tenant.tenant in wanted)
    return replace(report, title=_title(kept), tenants=kept)


def _title(kept: tuple[TenantReport, ...]) -> str:
    drifted = [tenant for tenant in kept if tenant.state == "drifted"]
    one = drifted[0] if len(drifted) == 1 else None
    if one:
        return f"Follow Kustomer's schema: {one.tenant} {words.versions(one)} ({words.counts(one)})".replace(
            " →", " to"
        )
    said = words.counts(Report("", kept))
    what = words.counted(len(drifted), "tenant") if drifted else ", ".join(tenant.tenant for tenant in kept[:3])
    return f"Follow Kustomer's schema: {what} ({said})"


def _message(report: Report, tree: str) -> str:
    """The commit's message: what changed, breaking first, and the tree by which the commit is known as this tool's."""
    rows = [(tenant, finding) for tenant in report.tenants for finding in tenant.findings]
    rows.sort(key=lambda row: SEVERITIES.index(row[1].severity))
    lines = [
        f"- {tenant.tenant}: {finding.severity}: {words.apart(words.clean(finding.text, 200))}"
        for tenant, finding in rows
    ]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"- and {words.counted(len(lines) - _MOST_LINES, 'more finding')}"]
    failed = [tenant.tenant for tenant in report.tenants if tenant.state == "failed"]
    if failed:
        lines.append(f"- failed, and left as before: {', '.join(failed)}")
    told = "\n".join(lines) or "What tools are is as it was."
    return f"{report.title}\n\n{told}\n\n{_TRAILER}: {tree}\n"
