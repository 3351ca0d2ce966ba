"""Owns the disk cache, by content: a wrong or broken entry is made anew, never trusted."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import tempfile
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Any

VARIABLE = "KUSTOMER_MCP_CACHE"


def folder() -> Path | None:
    """Where the cache is, or None where KUSTOMER_MCP_CACHE is `off`."""
    said = os.environ.get(VARIABLE, "")
    if said == "off":
        return None
    return Path(said) if said else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kustomer-mcp"


def find(key: str) -> dict[str, Any] | None:
    """What was kept under this key, or None; the key must name everything that the value depends on."""
    base = folder()
    return None if base is None else _read(base / _name(key))


def keep(key: str, value: dict[str, Any]) -> None:
    """Keep a value made of JSON under its key, if the cache is on."""
    base = folder()
    if base is not None:
        _write(base / _name(key), value)


def values(value: Any) -> list[Any]:
    """A dataclass as the list of its values, as `default` of json.dumps: what a key or a hash is made of.

    Raises:
        TypeError: It is none, and nothing that JSON holds.
    """
    return [getattr(value, name) for name in _names(value.__class__)]


@lru_cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(row.name for row in fields(kind))


def find_object(key: str) -> Any:
    """What `keep_object` kept under this key, or None; only the generator's own dataclasses are ever made of it."""
    base = folder()
    if base is None:
        return None
    try:
        digest, _, data = (base / _name(key)).read_bytes().partition(b"\n")
        if hashlib.sha256(data).hexdigest().encode() != digest:
            return None
        return _Reader(io.BytesIO(data)).load()
    except (OSError, pickle.UnpicklingError, AttributeError, EOFError, IndexError, TypeError, ValueError):
        return None


def keep_object(key: str, value: Any) -> None:
    """Keep a value made of plain data and of dataclasses of ir.py."""
    base = folder()
    if base is not None:
        data = pickle.dumps(value, protocol=5)
        _write_bytes(base / _name(key), hashlib.sha256(data).hexdigest().encode() + b"\n" + data)


class _Reader(pickle.Unpickler):
    """Pickle is some ten times as fast as JSON here; what it may call is limited to the classes of ir.py."""

    def find_class(self, module: str, name: str) -> Any:
        if module != "generator.ir" or not name.isidentifier():
            raise pickle.UnpicklingError(f"{module}.{name} is no class of ir.py")
        return super().find_class(module, name)


def _name(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def _read(path: Path) -> dict[str, Any] | None:
    try:
        digest, _, text = path.read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(text.encode("utf-8")).hexdigest() != digest:
            return None
        value: dict[str, Any] = json.loads(text)
    except (OSError, ValueError):
        return None
    return value


def _write(path: Path, value: dict[str, Any]) -> None:
    text = json.dumps(value, sort_keys=True)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    _write_bytes(path, f"{digest}\n{text}".encode())


def _write_bytes(path: Path, data: bytes) -> None:
    with suppress(OSError):  # a cache that can't be written costs time, nothing else
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
