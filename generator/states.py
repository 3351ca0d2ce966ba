"""Owns one state of specs/, from which the packages of many tenants are built: what depends on the documents alone is
done once for all of them, and kept on disk by content. It writes nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from generator import cache
from generator.config import Tenant, read_tenant
from generator.errors import ConfigError, SpecError
from generator.files import recover
from generator.ir import Catalog, Json, Package
from generator.klasses import read_klasses
from generator.package import document_catalog, full_catalog, package, tenant_catalog
from generator.render import fingerprint
from generator.selection import known_tags
from generator.snapshot import (
    UNPINNED,
    Snapshot,
    document_path,
    dump,
    klasses_in,
    load_klasses,
    pinned_text,
    read_lock,
    sha256,
)
from generator.surface import Surface, surface_of


@dataclass
class Documents:
    """The documents of one state: their texts by name, and what is put before their paths.

    Raises:
        SpecError: From `catalog`, where a document can't become tools.
    """

    texts: Mapping[str, str]
    base_paths: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def digests(self) -> dict[str, str]:
        """The sha256 of each."""
        return {name: sha256(text) for name, text in self.texts.items()}

    @cached_property
    def key(self) -> str:
        """Everything that the catalog depends on."""
        return json.dumps([fingerprint(), self.digests, dict(self.base_paths)], sort_keys=True)

    @cached_property
    def catalog(self) -> Catalog:
        """What the documents offer, parsed once; from the disk cache where it has it."""
        key = f"documents {self.key}"
        kept = cache.find_object(key)
        if isinstance(kept, Catalog):
            return kept
        made = document_catalog(Snapshot({n: json.loads(t) for n, t in self.texts.items()}, {}, self.base_paths))
        cache.keep_object(key, made)
        return made


def pinned_documents(root: Path, lock: Mapping[str, Json]) -> Documents:
    """The documents that specs/ pins, verified.

    Raises:
        SpecError: One is missing or differs from its pin, or none is pinned.
    """
    texts: dict[str, str] = {}
    problems: list[str] = []
    for name, pin in sorted(lock["documents"].items()):
        text = pinned_text(root, document_path(name), pin["sha256"], problems)
        if text is not None:
            texts[name] = text
    if not lock["documents"]:
        problems.append("no document is fetched yet; run `kustomer-mcp fetch`")
    if problems:
        raise SpecError(UNPINNED, problems)
    return Documents(texts, {n: p["base_path"] for n, p in lock["documents"].items() if "base_path" in p})


def documents_from(made: Mapping[str, tuple[Json, Mapping[str, Json]]]) -> Documents:
    """Documents as they were fetched, spelled as specs/ would."""
    texts = {name: dump(document) for name, (document, _) in sorted(made.items())}
    return Documents(texts, {n: pin["base_path"] for n, (_, pin) in made.items() if "base_path" in pin})


@dataclass
class State:
    """What `root`/specs/ holds, read on demand: lock, documents and configurations once, Klass files each time.

    Raises:
        SpecError: From what it reads, where that is not what is pinned.
    """

    root: Path
    _tenants: dict[str, Tenant] = field(default_factory=dict)

    @cached_property
    def lock(self) -> dict[str, Json]:
        recover(self.root, self.root / "generated")
        return read_lock(self.root)

    @cached_property
    def documents(self) -> Documents:
        return pinned_documents(self.root, self.lock)

    def tenant(self, name: str) -> Tenant:
        """A tenant's configuration, as it was when it was first asked for."""
        if name not in self._tenants:
            self._tenants[name] = read_tenant(self.root, name)
        return self._tenants[name]

    def klasses(self, name: str) -> dict[str, Json]:
        """The pinned Klass files of a tenant."""
        return load_klasses(self.root, name, self.lock)

    def package(self, name: str) -> Package:
        """The package that specs/ gives a tenant."""
        return package_of(self.documents, self.klasses(name), self.tenant(name))


def package_of(documents: Documents, klasses: Mapping[str, Json], tenant: Tenant) -> Package:
    """The package of one tenant.

    Raises:
        SpecError: What is pinned can't become tools.
        ConfigError: The tenant's filters match nothing, or leave nothing.
    """
    snapshot = Snapshot({}, {tenant.name: klasses})
    return package(tenant_catalog(documents.catalog, snapshot, tenant), snapshot, tenant)


def surface_now(documents: Documents, klasses: Mapping[str, Json], tenant: Tenant) -> Surface:
    """The surface of a package, also where filters match nothing any more: those are named in it.

    A Klass that is gone may leave a glob without a match, which `generate` refuses; drift has to tell of the Klass.
    """
    try:
        return surface_of(package_of(documents, klasses, tenant))
    except ConfigError:
        kept, idle = without_idle_filters(documents, klasses, tenant)
        if kept == tenant:
            raise
    return replace(surface_of(package_of(documents, klasses, kept)), idle_filters=idle)


def without_idle_filters(
    documents: Documents, klasses: Mapping[str, Json], tenant: Tenant
) -> tuple[Tenant, tuple[str, ...]]:
    """The tenant without the globs and tags that match nothing, and those in words."""
    custom = [klass.name for klass in read_klasses(klasses_in(klasses)) if not klass.standard]
    kept, idle = _kept(tenant, {"klasses_include": custom, "klasses_exclude": custom}, "klasses")
    catalog = full_catalog(documents.catalog, Snapshot({}, {tenant.name: klasses}), kept)
    tools = [operation.tool for operation in catalog.operations]
    known = {"include": tools, "exclude": tools, "confirm": tools, "tags": known_tags(catalog)}
    kept, more = _kept(kept, known, "tools")
    return kept, (*idle, *more)


_POSITIVE = ("include", "tags", "klasses_include")


def _kept(tenant: Tenant, known: Mapping[str, list[str]], section: str) -> tuple[Tenant, tuple[str, ...]]:
    values, idle = {}, []
    for key, names in known.items():
        given: tuple[str, ...] = getattr(tenant, key)
        values[key] = tuple(glob for glob in given if any(fnmatchcase(name, glob) for name in names))
        if key in _POSITIVE and not values[key]:
            values[key] = given  # an empty list would select everything
        gone = [glob for glob in given if glob not in values[key]]
        idle += [f"[{section}] {key.removeprefix('klasses_')} {glob!r}" for glob in gone]
    return replace(tenant, **values), tuple(idle)  # type: ignore[arg-type]
