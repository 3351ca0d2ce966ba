"""Owns where a package's grants are: store and hash key as the environment names them, and the grants behind both."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from ..settings import text_of
from .credentials import KeyProblem, key_of
from .model import ToolRow
from .service import Grants, Recorder, unrecorded
from .store import is_redis, open_store, sqlite_path

HASH_KEY = "KUSTOMER_MCP_HASH_KEY"


@dataclass(frozen=True, slots=True)
class GrantSettings:
    """Where the grants are.

    Attributes:
        store: The path of a SQLite file, or a redis://, rediss:// or unix:// address.
        hash_key: The configured key, or an empty string: then the one beside the SQLite file is taken, or made.
    """

    store: str = field(repr=False)  # an address may hold a password
    hash_key: str = field(default="", repr=False)

    @property
    def path(self) -> Path | None:
        """The SQLite file; None where the store is a Redis server.

        Raises:
            StoreDown: The address of the store makes no sense.
        """
        return None if is_redis(self.store) else sqlite_path(self.store)


def open_grants(module: str, settings: GrantSettings, record: Recorder = unrecorded) -> Grants:
    """The grants of a package. The store itself is opened at the first use, and again after it was away.

    Args:
        module: The package's module, such as kustomer_mcp_acme.
        settings: Where the grants are.
        record: Writes changes down.

    Raises:
        KeyProblem: There is no hash key, or none that will do.
        StoreDown: The address of the store makes no sense.
    """
    store = open_store(settings.store, module)
    return Grants(store, _hash_key(settings), tool_rows(module), record)


def tool_rows(module: str) -> dict[str, ToolRow]:
    """The package's tools, as narrowings know them (tools.json)."""
    text = (resources.files(module) / "tools.json").read_text(encoding="utf-8")
    rows: Mapping[str, Mapping[str, list[str]]] = json.loads(text)["tools"]
    return {name: ToolRow(tuple(row["tags"]), tuple(row["methods"])) for name, row in rows.items()}


def default_store(module: str) -> Path:
    """Where a package's grants are where nothing else is said: the XDG state folder of its user."""
    state = os.environ.get("XDG_STATE_HOME", "")
    # The XDG specification: a relative path is to be ignored.
    folder = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return folder / module.replace("_", "-") / "grants.sqlite3"


def _hash_key(settings: GrantSettings) -> bytes:
    if settings.hash_key:
        return key_of(settings.hash_key, HASH_KEY)
    path = settings.path
    if path is None:
        raise KeyProblem(
            f"A Redis store needs {HASH_KEY} or {HASH_KEY}_FILE, the same one on every replica. Make one with: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return _key_beside(path)


def _key_beside(store: Path) -> bytes:
    """The key in the file beside a SQLite store; made where neither of them exists yet."""
    file = store.with_name(f"{store.name}.key")
    try:
        if not file.exists():
            # The key is made before the store: whoever sees a store looks for the key once more.
            if store.exists() and store.stat().st_size and not file.exists():
                raise KeyProblem(
                    f"The store {store} has no {file.name} beside it: put that file back, or set {HASH_KEY} to the key "
                    "that its secrets were hashed with"
                )
            if not file.exists():
                _make_key(file)
        if file.stat().st_mode & 0o077:
            raise KeyProblem(f"The hash key {file} can be read by others than its owner: chmod 600 {file}")
    except OSError as error:
        raise KeyProblem(f"The hash key {file} can't be made or read: {error.strerror}") from None
    try:
        return key_of(text_of(file, f"The hash key {file}"), str(file))
    except ValueError as error:
        raise KeyProblem(str(error)) from None


def _make_key(file: Path) -> None:
    """Write a key whole under another name, then give it its name: of several processes that start at once, one wins, and
    none reads half a key."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as out:
            out.write(secrets.token_urlsafe(32) + "\n")
            out.flush()
            os.fsync(out.fileno())
        _link(beside, file)
    finally:
        beside.unlink()


def _link(beside: Path, file: Path) -> None:
    try:
        os.link(beside, file)
    except FileExistsError:
        return  # another process was faster: its key is the key
