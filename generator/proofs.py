"""Owns knowing that a package is up to date without making it: a proof is kept by the content of everything that it
depends on, so that it can't be stale; without the cache everything is made anew."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generator import cache, manifest
from generator.render import fingerprint
from generator.snapshot import klass_path
from generator.states import State
from generator.text import is_inside


def is_proven(state: State, name: str) -> bool:
    """Whether these inputs were found to give exactly this tree.

    Raises:
        ConfigError: There can be no such tenant, or its configuration is wrong.
    """
    state.tenant(name)
    if cache.folder() is None:
        return False
    try:
        tree = _tree_digest(_committed(state.root / "generated" / name))
    except (OSError, ValueError, KeyError, TypeError):
        return False
    key = _key(state, name, tree)
    return key is not None and cache.find(key) is not None


def prove(state: State, name: str, files: Mapping[str, str]) -> None:
    """Keep that a tenant's inputs give these files; called when that was found out by making them.

    The files are those that were made, and the configuration the one that they were made of: what somebody writes to the disk
    meanwhile is not proven.
    """
    if cache.folder() is None:
        return
    tree = _tree_digest((path, text.encode("utf-8")) for path, text in sorted(files.items()))
    if (key := _key(state, name, tree)) is not None:
        cache.keep(key, {"tenant": name})


def _key(state: State, name: str, tree: str) -> str | None:
    """Inputs, generator and tree by content; None where a part can't be read, which is then said by who needs it."""
    try:
        pins = state.lock["tenants"][name]["files"]
        inputs = [_digest(state.root / klass_path(name, file)) for file in sorted(pins)]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if inputs != [pins[file] for file in sorted(pins)]:
        return None
    key = ["proof", fingerprint(), state.documents.key, state.tenant(name), sorted(pins.items()), tree]
    return json.dumps(key, default=cache.values)


def _committed(folder: Path) -> Iterator[tuple[str, bytes]]:
    """A package's files as its manifest names them, the manifest among them.

    Raises:
        OSError: A file is missing.
        ValueError: The manifest is none.
    """
    for path in json.loads((folder / manifest.PATH).read_bytes())["files"]:
        if not is_inside(path):
            raise ValueError(path)
        yield path, (folder / path).read_bytes()


def _tree_digest(files: Iterable[tuple[str, bytes]]) -> str:
    digest = hashlib.sha256()
    for path, data in files:
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
