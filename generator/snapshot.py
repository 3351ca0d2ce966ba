"""Owns specs/: what is fetched, normalised (volatile fields dropped, keys sorted) and pinned by sha256 in lock.json.

specs/sources.toml                      by hand: where the documents come from
specs/openapi/<document>.json           fetched
specs/tenants/<tenant>/tenant.toml      by hand
specs/tenants/<tenant>/klasses/*.json   fetched, one Klass a file; standard/*.json likewise
specs/lock.json                         sha256 of everything fetched
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from generator import quirks
from generator.config import TENANT_NAME
from generator.errors import SpecError
from generator.files import change_all, recover

Json = Any
LOCK = "specs/lock.json"
# A tenant's outbound accounts, beside its Klass files.
ACCOUNTS = "accounts.json"
# The Klasses that its organisation has and does not offer, with their status, so that they are never taken for vanished.
HIDDEN = "hidden.json"
UNPINNED = "specs/ is not what lock.json pins"
_LOCK_ANEW = "take it back from version control, or delete it and fetch everything anew"
_KLASS_FILE = re.compile(r"(klasses|standard)/[0-9A-Za-z_-]{1,255}(\.[0-9a-f]{8})?\.json|(accounts|hidden)\.json")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What specs/ holds: documents by name, and each tenant's Klass files by their path below its folder."""

    documents: Mapping[str, Json]
    klasses: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    base_paths: Mapping[str, str] = field(default_factory=dict)


def klasses_in(files: Mapping[str, Json]) -> dict[str, Json]:
    """Of a tenant's pinned files those that hold a Klass."""
    return {name: content for name, content in files.items() if name not in (ACCOUNTS, HIDDEN)}


def document_path(name: str) -> str:
    return f"specs/openapi/{name}.json"


def klass_path(tenant: str, name: str) -> str:
    return f"specs/tenants/{tenant}/{name}"


def klass_files(names: Collection[str]) -> dict[str, str]:
    """The file of each custom Klass. Where case does not count, `Order` and `order` would be one: those that are not in lower
    case get a mark that no name has."""
    alike = Counter(name.lower() for name in names)
    return {name: f"klasses/{_marked(name) if alike[name.lower()] > 1 else name}.json" for name in names}


def _marked(name: str) -> str:
    return name if name == name.lower() else f"{name[:200]}.{sha256(name)[:8]}"


def dump(value: Json) -> str:
    """The one way in which specs/ spells JSON.

    Raises:
        SpecError: A value that JSON or UTF-8 can't hold.
    """
    try:
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"
        text.encode("utf-8")
    except (ValueError, TypeError, RecursionError) as error:
        raise SpecError("a fetched value can't be written as UTF-8 JSON", [str(error)]) from None
    return text


def compact(value: Json, default: Callable[[Json], Json] | None = None) -> str:
    """A value for hashing: keys sorted, no white space; `default` as json.dumps has it.

    Raises:
        SpecError: A value that JSON or UTF-8 can't hold.
    """
    try:
        text = json.dumps(
            value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=default
        )
        text.encode("utf-8")
    except (ValueError, TypeError) as error:
        raise SpecError("an input can't be written as UTF-8 JSON", [str(error)]) from None
    return text


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def normalise_klass(klass: Json, metadata: Json, *, standard: bool) -> Json:
    """What is kept of a Klass and its metadata: whatever changes only when a person changes the schema."""
    attributes = {
        name: _stable(value) if isinstance(value, dict) else value
        for name, value in (metadata or {}).items()
        if isinstance(name, str)
    }
    return {**_stable(klass), "standard": standard, "attributes": attributes}


def _stable(value: Mapping[str, Json]) -> dict[str, Json]:
    kept = {key: inner for key, inner in value.items() if key not in quirks.VOLATILE}
    if kept.get("deletedAt"):
        kept["deletedAt"] = "deleted"  # that it is deleted matters, not when
    if isinstance(kept.get("enumeration"), list):
        kept["enumeration"] = sorted(kept["enumeration"], key=str)
    return kept


def read_lock(root: Path) -> dict[str, Json]:
    """Read specs/lock.json; empty where there is none.

    Raises:
        SpecError: It is no JSON object.
    """
    path = root / LOCK
    if not path.exists():
        return {"documents": {}, "tenants": {}}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{LOCK} can't be read", [str(error), _LOCK_ANEW]) from None
    if not _is_lock(lock):
        raise SpecError(f"{LOCK} is no lock file", [_LOCK_ANEW])
    return dict(lock)


def _is_lock(lock: Json) -> bool:
    """Whether every pin has its parts, and every name stays below its folder."""
    if not isinstance(lock, dict) or not all(isinstance(lock.get(key), dict) for key in ("documents", "tenants")):
        return False
    documents = lock["documents"].items()
    files = [pins.get("files") if isinstance(pins, dict) else None for pins in lock["tenants"].values()]
    return (
        all(TENANT_NAME.fullmatch(name) for name in (*lock["documents"], *lock["tenants"]))
        and all(isinstance(pin, dict) and isinstance(pin.get("sha256"), str) for _, pin in documents)
        and all(isinstance(pin.get("operations", 0), int) for _, pin in documents)
        and all(isinstance(pins, dict) for pins in files)
        and all(_KLASS_FILE.fullmatch(name) for pins in files for name in pins or ())
    )


def load(root: Path, tenants: Iterable[str]) -> Snapshot:
    """Load and verify what is pinned: every document, and the Klasses of the tenants named.

    Raises:
        SpecError: A file is missing, differs from its pin, or nothing is pinned; all problems at once.
    """
    recover(root)
    lock = read_lock(root)
    problems: list[str] = []
    documents = {
        name: _pinned(root, document_path(name), pin["sha256"], problems)
        for name, pin in sorted(lock["documents"].items())
    }
    klasses: dict[str, dict[str, Json]] = {}
    for tenant in tenants:
        pins = lock["tenants"].get(tenant)
        if pins is None:
            problems.append(_nothing_fetched(tenant))
            continue
        klasses[tenant] = _pinned_klasses(root, tenant, pins, problems)
    if not documents:
        problems.append("no document is fetched yet; run `kustomer-mcp fetch`")
    if problems:
        raise SpecError(UNPINNED, problems)
    base_paths = {name: pin["base_path"] for name, pin in lock["documents"].items() if "base_path" in pin}
    return Snapshot(documents, klasses, base_paths)


def pinned_text(root: Path, path: str, digest: str, problems: list[str]) -> str | None:
    """The text of a file that is as it is pinned; else None, and `problems` says why."""
    try:
        text = (root / path).read_text(encoding="utf-8", errors="replace")  # bytes that are no text differ from any pin
    except FileNotFoundError:
        problems.append(f"{path} is missing; run `kustomer-mcp fetch`")
        return None
    if sha256(text) != digest:
        problems.append(f"{path} differs from its pin; run `kustomer-mcp fetch` to fetch and pin it anew")
        return None
    return text


def _pinned(root: Path, path: str, digest: str, problems: list[str]) -> Json:
    text = pinned_text(root, path, digest, problems)
    return {} if text is None else json.loads(text)


def _pinned_klasses(root: Path, tenant: str, pins: Json, problems: list[str]) -> dict[str, Json]:
    return {
        name: _pinned(root, klass_path(tenant, name), digest, problems)
        for name, digest in sorted(pins["files"].items())
    }


def load_klasses(root: Path, tenant: str, lock: Mapping[str, Json]) -> dict[str, Json]:
    """One tenant's Klass files, verified; for those who have read the lock already.

    Raises:
        SpecError: A file is missing, differs from its pin, or nothing is pinned.
    """
    pins = lock["tenants"].get(tenant)
    if pins is None:
        raise SpecError(UNPINNED, [_nothing_fetched(tenant)])
    problems: list[str] = []
    files = _pinned_klasses(root, tenant, pins, problems)
    if problems:
        raise SpecError(UNPINNED, problems)
    return files


def _nothing_fetched(tenant: str) -> str:
    return f"{tenant}: nothing is fetched yet; run `kustomer-mcp fetch {tenant}`"


Documents = Mapping[str, tuple[Json, dict[str, Json]]]


def save_documents(root: Path, documents: Documents) -> None:
    """Write documents with their pins (url, etag, operations) at once: all or nothing."""
    change_all(root, lambda: (document_texts(root, documents), ()))


def document_texts(root: Path, documents: Documents) -> dict[str, str]:
    """The texts of documents and of the lock that pins them, by path below `root`."""
    lock = read_lock(root)
    texts = {name: dump(document) for name, (document, _) in documents.items()}
    lock["documents"] = {name: {**documents[name][1], "sha256": sha256(text)} for name, text in sorted(texts.items())}
    return {document_path(name): text for name, text in texts.items()} | {LOCK: dump(lock)}


def save_klasses(root: Path, tenant: str, files: Mapping[str, Json]) -> None:
    """Write a tenant's Klass files and their pins at once, and delete those that its old pins name and that are gone."""
    change_all(root, lambda: klass_texts(root, tenant, files))


def klass_texts(root: Path, tenant: str, files: Mapping[str, Json]) -> tuple[dict[str, str], list[str]]:
    """The texts of a tenant's Klass files and of the lock that pins them, by path below `root`; and the paths to delete."""
    lock = read_lock(root)
    old = set(lock["tenants"].get(tenant, {}).get("files", {}))
    texts = {name: dump(content) for name, content in sorted(files.items())}
    lock["tenants"][tenant] = {"files": {name: sha256(text) for name, text in texts.items()}}
    writes = {klass_path(tenant, name): text for name, text in texts.items()} | {LOCK: dump(lock)}
    return writes, [klass_path(tenant, name) for name in sorted(old - set(texts))]
