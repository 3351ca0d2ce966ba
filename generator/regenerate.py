"""Owns what `regenerate` does: fetch, drift, generate, version, changelog. Each tenant's pins and tree are written
together or not at all; what fails for one is its report; what is done already is left alone, so a rerun does the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from generator.config import read_sources, tenants
from generator.drift import tenant_report
from generator.drift_run import Fetched, Fetching, Outcome, attempt, fetch_klasses, report
from generator.errors import ConfigError, KustomerMcpError, RenderError
from generator.fetch import Progress, fetch_documents
from generator.files import change_all
from generator.findings import Report, TenantReport
from generator.ir import Json
from generator.manifest import RECORDS
from generator.package import inputs, tenant_catalog
from generator.release import Plan, plan
from generator.snapshot import LOCK, Snapshot, document_texts, dump, klass_texts, sha256
from generator.states import Documents, State, documents_from, package_of, surface_now
from generator.surface import Surface
from generator.tree import is_as_planned

_SHARD = re.compile(r"([1-9]\d{0,4})/([1-9]\d{0,4})")
Written = Callable[[str, Plan], None]


def shard(names: Sequence[str], wanted: str | None, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The tenants of one shard: every Nth of all, by name, so that each is in exactly one.

    Args:
        wanted: `K/N`, from 1; None takes the index of a Kubernetes Indexed Job from the environment, if it is there
            (JOB_COMPLETION_INDEX, from 0, of JOB_COMPLETIONS), else all.

    Raises:
        ConfigError: It is no shard.
    """
    if wanted is None and "JOB_COMPLETION_INDEX" in environment:
        index, of = environment["JOB_COMPLETION_INDEX"], environment.get("JOB_COMPLETIONS", "")
        wanted = f"{int(index) + 1}/{of}" if index.isascii() and index.isdigit() else f"{index}/{of}"
    if wanted is None:
        return tuple(names)
    found = _SHARD.fullmatch(wanted)
    if found is None or int(found[1]) > int(found[2]):
        raise ConfigError(
            f"{wanted!r} is no shard",
            ["write --shard K/N with K from 1 to N; in an Indexed Job, set JOB_COMPLETIONS to its completions"],
        )
    return tuple(sorted(names)[int(found[1]) - 1 :: int(found[2])])


@dataclass(frozen=True, slots=True)
class _Run:
    """What is the same for every tenant. `adopted` are fetched documents that take the place of the pinned ones; None where
    nothing that any package is made of has changed in them."""

    state: State
    documents: Documents
    adopted: Mapping[str, tuple[Json, dict[str, Json]]] | None
    written: Written


def regenerate(state: State, names: Sequence[str], fetching: Fetching, progress: Progress, written: Written) -> Report:
    """Bring pins and packages up to date with the world.

    Args:
        written: Told of each tenant whose files were written.

    Raises:
        ConfigError: sources.toml or the base URL can't be used.
        FetchError: The documents can't be had; nothing was changed.
    """
    fetching.check()
    made = fetch_documents(state.root, read_sources(state.root), progress)
    fresh = documents_from(made)
    adopted = made if _matters(state, fresh) else None
    run = _Run(state, fresh if adopted is not None else state.documents, adopted, written)
    fetched = fetch_klasses(state, names, fetching, progress)
    rows = []
    for name in names:
        rows.append(attempt(name, lambda name=name: _tenant(run, name, fetched.pop(name))))  # type: ignore[misc]
        progress("packages", len(rows), len(names))
    return report("Regeneration", rows)


def _matters(state: State, fresh: Documents) -> bool:
    """Whether any tenant's package is made of something that the documents say otherwise now, shard or not: so every shard
    of a run comes to the same answer. What nobody uses (an example, an answer's schema) is not worth a change of the pins.
    """
    if not state.lock["documents"]:
        return True
    pinned = state.documents
    if pinned.digests == fresh.digests and dict(pinned.base_paths) == dict(fresh.base_paths):
        return False
    if pinned.catalog == fresh.catalog and set(pinned.texts) == set(fresh.texts):
        return False
    return any(_uses(state, name, pinned) != _uses(state, name, fresh) for name in tenants(state.root))


def _uses(state: State, name: str, documents: Documents, klasses: Fetched | None = None) -> Json:
    """The hashes of what a tenant's package is made of, operation ids aside, which callers never see; what can't be built
    says why. Its Klasses are those that are pinned, where none are given."""
    try:
        tenant, klasses = state.tenant(name), state.klasses(name) if klasses is None else klasses
        made = tenant_catalog(documents.catalog, Snapshot({}, {name: klasses}), tenant)
        rows = tuple(replace(operation, operation_id="") for operation in made.operations)
        left_out = tuple(replace(row, operation_id="") for row in made.left_out)
        return inputs(replace(made, operations=rows, left_out=left_out), tenant)
    except KustomerMcpError as error:
        return str(error)


def _tenant(run: _Run, name: str, fetched: Outcome) -> TenantReport:
    if isinstance(fetched, KustomerMcpError):
        raise fetched
    tenant = run.state.tenant(name)
    folder = run.state.root / "generated" / name
    try:
        package = package_of(run.documents, fetched, tenant)
    except ConfigError as error:
        # A filter that matches nothing any more: a person has to decide, and wants to know why.
        return _undecided(run, name, fetched, str(error))
    made = plan(folder, package)
    told = tenant_report(name, made.old or Surface(), made.new, tenant.drift, tenant.path)
    if _is_worth(run, name, fetched, made):
        _write(run, name, fetched, made)
        run.written(name, made)
    return replace(told, version=made.before, next_version=made.package.version)


def _is_worth(run: _Run, name: str, fetched: Fetched, made: Plan) -> bool:
    """Whether pins are missing or not those of the tree, or anything but a note or a hash in the manifest differs; else pins
    and tree stay as they are, both of them."""
    if name not in run.state.lock["tenants"] or not run.state.lock["documents"]:
        return True
    if not made.changes:
        return _is_pinned_otherwise(run, name, fetched)
    if made.findings or run.adopted is not None:
        return True
    return any(change.path not in RECORDS for change in made.changes)


def _is_pinned_otherwise(run: _Run, name: str, fetched: Fetched) -> bool:
    """Whether the pins would give another package than the one that is there, which is made of what was fetched."""
    pins = run.state.lock["tenants"][name]["files"]
    if run.adopted is None and pins == {file: sha256(dump(content)) for file, content in fetched.items()}:
        return False
    return bool(_uses(run.state, name, run.state.documents) != _uses(run.state, name, run.documents, fetched))


def _undecided(run: _Run, name: str, fetched: Fetched, error: str) -> TenantReport:
    tenant = run.state.tenant(name)
    if name not in run.state.lock["tenants"]:
        return TenantReport(name, "failed", error=error)
    old = surface_now(run.state.documents, run.state.klasses(name), tenant)
    told = tenant_report(name, old, surface_now(run.documents, fetched, tenant), tenant.drift, tenant.path)
    return replace(told, state="failed", error=error)


def _write(run: _Run, name: str, fetched: Fetched, made: Plan) -> None:
    """Pins and tree in one step that a kill can't cut: the journal of files.py is finished by the next command."""
    root, folder = run.state.root, run.state.root / "generated" / name

    def texts() -> tuple[dict[str, str], list[str]]:
        if not is_as_planned(folder, made.changes):
            raise RenderError(
                f"generated/{name} was changed by another run meanwhile; nothing was written", ["run it again"]
            )
        writes, gone = klass_texts(root, name, fetched)
        if run.adopted is not None:
            documents = document_texts(root, run.adopted)
            writes = {**documents, **writes, LOCK: merged_lock(documents[LOCK], writes[LOCK])}
        below = f"generated/{name}/"
        writes |= {below + row.path: row.new for row in made.changes if row.new is not None}
        return writes, [*gone, *(below + row.path for row in made.changes if row.new is None)]

    change_all(root, texts, folder.parent)


def merged_lock(documents: str, klasses: str) -> str:
    """A lock with the documents of one text and the tenants of another."""
    return dump({**json.loads(klasses), "documents": json.loads(documents)["documents"]})
