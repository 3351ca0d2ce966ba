"""Owns what `drift` does: the world as it is now, fetched into memory, against what specs/ pins. It writes nothing.

Each tenant stands for itself: what fails for one is its report, and the others go on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from generator.config import Tenant, check_base_url, read_sources
from generator.drift import tenant_report
from generator.errors import ConfigError, KustomerMcpError
from generator.fetch import Progress, fetch_documents
from generator.fetch_klasses import KlassFetcher, api_key
from generator.findings import SEVERITIES, Report, TenantReport
from generator.ir import Json
from generator.release import committed_version
from generator.rules import RULES
from generator.snapshot import dump
from generator.states import Documents, State, documents_from, surface_now
from generator.versions import FIRST, largest_bump, next_version

Fetched = Mapping[str, Json]
# For each tenant its Klass files, or what went wrong.
Outcome = Fetched | KustomerMcpError


@dataclass(frozen=True, slots=True)
class Fetching:
    """How to fetch.

    Attributes:
        base_url: Takes the place of every tenant's, where it is given.
        key_file: A file with the API key.
        max_wait: Seconds that one tenant may wait for rate limits.
        jobs: How many tenants are fetched at the same time.
    """

    base_url: str | None = None
    key_file: str | None = None
    max_wait: float = 300.0
    jobs: int = 8

    def check(self) -> None:
        """Refuse a base URL that can't be used.

        Raises:
            ConfigError: It can't.
        """
        if self.base_url and (problem := check_base_url(self.base_url)):
            raise ConfigError("--base-url (or KUSTOMER_BASE_URL) can't be used", [problem])


def drift(state: State, names: Sequence[str], fetching: Fetching, progress: Progress) -> Report:
    """What has changed upstream since specs/ was fetched.

    Raises:
        ConfigError: sources.toml or the base URL can't be used.
        FetchError: The documents can't be had.
    """
    fetching.check()
    documents = documents_from(fetch_documents(state.root, read_sources(state.root), progress))
    fetched = fetch_klasses(state, names, fetching, progress)
    return report("Drift", [attempt(name, lambda name=name: _drift(state, name, documents, fetched[name])) for name in names])  # type: ignore[misc]


def _drift(state: State, name: str, documents: Documents, fetched: Outcome) -> TenantReport:
    if isinstance(fetched, KustomerMcpError):
        raise fetched
    tenant = state.tenant(name)
    old = surface_now(state.documents, state.klasses(name), tenant)
    new = surface_now(documents, fetched, tenant)
    return versioned(state.root, tenant_report(name, old, new, tenant.drift, tenant.path))


def versioned(root: Path, made: TenantReport) -> TenantReport:
    """The report with the version that is committed, and the one that its findings lead to, ignored ones too: what callers
    are promised does not depend on what a report shows."""
    version = committed_version(root / "generated" / made.tenant)
    bump = largest_bump((*made.findings, *made.suppressed))
    return replace(made, version=version, next_version=next_version(version, bump) if version else FIRST)


def attempt(name: str, make: Callable[[], TenantReport]) -> TenantReport:
    """A tenant's report, or the report that it failed."""
    try:
        return make()
    except KustomerMcpError as error:
        return TenantReport(name, "failed", error=str(error))


def report(title: str, tenants: Iterable[TenantReport]) -> Report:
    """One report of several tenants, with the rules that it names."""
    rows = tuple(tenants)
    named = {finding.rule for tenant in rows for finding in (*tenant.findings, *tenant.suppressed)}
    return Report(title, rows, {name: rule for name, rule in RULES.items() if name in named})


def exit_code(made: Report, fail_on: Mapping[str, str]) -> int:
    """1 where a tenant failed, else 3 where one has a finding at or above its threshold, else 0.

    Args:
        fail_on: Tenant -> a severity, or `never`.
    """
    if any(tenant.state == "failed" for tenant in made.tenants):
        return 1
    return 3 if any(_reaches(tenant, fail_on[tenant.tenant]) for tenant in made.tenants) else 0


def _reaches(tenant: TenantReport, threshold: str) -> bool:
    if threshold == "never":
        return False
    return any(SEVERITIES.index(f.severity) <= SEVERITIES.index(threshold) for f in tenant.findings)


def fetch_klasses(state: State, names: Sequence[str], fetching: Fetching, progress: Progress) -> dict[str, Outcome]:
    """Every tenant's Klass files as they are now, several tenants at a time; those of one organisation one after another,
    for they share its budget."""
    return asyncio.run(_fetch_all(state, names, fetching, progress))


async def _fetch_all(state: State, names: Sequence[str], fetching: Fetching, progress: Progress) -> dict[str, Outcome]:
    room = asyncio.Semaphore(fetching.jobs)
    organisations: dict[str, asyncio.Lock] = {}
    done = 0

    async def one(name: str) -> Outcome:
        nonlocal done
        try:
            tenant = state.tenant(name)
            organisation = organisations.setdefault(f"{fetching.base_url} {tenant.base_url}", asyncio.Lock())
            async with organisation, room:
                return await _fetch_one(state, tenant, fetching)
        except KustomerMcpError as error:
            return error
        finally:
            done += 1
            progress("tenants", done, len(names))

    outcomes = await asyncio.gather(*map(one, names))
    return dict(zip(names, outcomes, strict=True))


async def _fetch_one(state: State, tenant: Tenant, fetching: Fetching) -> Fetched:
    pins = state.lock["tenants"].get(tenant.name, {}).get("files", {})
    url = fetching.base_url or tenant.base_url
    fetcher = KlassFetcher(tenant, url, api_key(tenant.name, fetching.key_file), _quiet, fetching.max_wait)
    files, _ = await fetcher.fetch(pins)
    return {name: json.loads(dump(content)) for name, content in sorted(files.items())}


def _quiet(_what: str, _done: int, _total: int) -> None:
    """Several tenants at once would talk over each other."""
