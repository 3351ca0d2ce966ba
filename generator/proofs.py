"""Owns knowing that a package is up to date without making it: a proof is kept by the content of everything that it
depends on, so that it can't be stale; without the cache everything is made anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from generator import cache, manifest
from generator.render import fingerprint
from generator.snapshot import klass_path
from generator.states import State
from generator.tree import is_inside


def is_proven(state: State, name: str) -> bool:
    """Whether these inputs were found to give exactly this tree.

    Raises:
        ConfigError: There can be no such tenant, or its configuration is wrong.
    """
    state.tenant(name)
    key = _key(state, name)
    return key is not None and cache.find(key) is not None


def prove(state: State, name: str) -> None:
    """Keep that the tree as it stands is what its inputs give; called when that was found out by making it."""
    if (key := _key(state, name)) is not None:
        cache.keep(key, {"tenant": name})


def _key(state: State, name: str) -> str | None:
    """Inputs, generator and tree by content; None where a part can't be read, which is then said by who needs it."""
    if cache.folder() is None:
        return None
    try:
        tree = _tree_digest(state.root / "generated" / name)
        pins = state.lock["tenants"][name]["files"]
        inputs = [_digest(state.root / klass_path(name, file)) for file in sorted(pins)]
        toml = _digest(state.root / "specs" / "tenants" / name / "tenant.toml")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if inputs != [pins[file] for file in sorted(pins)]:
        return None
    return json.dumps(["proof", fingerprint(), state.documents.key, name, toml, sorted(pins.items()), tree])


def _tree_digest(folder: Path) -> str:
    """The sha256 of a package's files as its manifest names them, the manifest among them.

    Raises:
        OSError: A file is missing.
        ValueError: The manifest is none.
    """
    digest = hashlib.sha256()
    for path in json.loads((folder / manifest.PATH).read_bytes())["files"]:
        if not is_inside(path):
            raise ValueError(path)
        data = (folder / path).read_bytes()
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
