"""Owns the disk cache of rendered toolsets, by content: a wrong or broken entry is made anew, never trusted."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

VARIABLE = "KUSTOMER_MCP_CACHE"


def folder() -> Path | None:
    """Where the cache is, or None where KUSTOMER_MCP_CACHE is `off`."""
    said = os.environ.get(VARIABLE, "")
    if said == "off":
        return None
    return Path(said) if said else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kustomer-mcp"


def find(key: str) -> dict[str, str] | None:
    """What was kept under this key, or None; the key must name everything that the value depends on."""
    base = folder()
    return None if base is None else _read(base / _name(key))


def keep(key: str, value: dict[str, str]) -> None:
    """Keep a value under its key, if the cache is on."""
    base = folder()
    if base is not None:
        _write(base / _name(key), value)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def _read(path: Path) -> dict[str, str] | None:
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(text.encode("utf-8")).hexdigest() != digest:
            return None
        value: dict[str, str] = json.loads(text)
    except (OSError, ValueError):
        return None
    return value


def _write(path: Path, value: dict[str, str]) -> None:
    text = json.dumps(value, sort_keys=True)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(f"{digest}\n{text}")
        os.replace(temporary, path)
    except OSError:
        return  # a cache that can't be written costs time, nothing else
