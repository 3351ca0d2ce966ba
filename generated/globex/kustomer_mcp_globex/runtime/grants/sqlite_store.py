"""Owns grants in one SQLite file, shared by the workers and commands of one machine.

Reads, counts and last uses take some tens of microseconds and are done on the event loop; where another process holds the
file just then, and for every change, a thread does the waiting, and a change is on the disk when it returns.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from . import sqlite_repeats
from .sqlite_file import SqliteFile, T, Work
from .store import Kind, Record, ScopeTaken

_VERSION = 1
_SCHEMA = (
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE records (
        kind TEXT NOT NULL, id TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL, created_at REAL NOT NULL,
        expires_at REAL, scope TEXT NOT NULL, last_used_at REAL, revision INTEGER NOT NULL, PRIMARY KEY (kind, id))""",
    "CREATE UNIQUE INDEX record_digest ON records (kind, digest)",
    "CREATE UNIQUE INDEX record_scope ON records (kind, scope) WHERE scope != ''",
    "CREATE INDEX record_expiry ON records (expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE counts (id TEXT PRIMARY KEY, minute INTEGER NOT NULL, calls INTEGER NOT NULL) WITHOUT ROWID",
    sqlite_repeats.TABLE,
)
_COLUMNS = "id, digest, body, created_at, expires_at, scope, last_used_at, revision"
_LIVE = "(expires_at IS NULL OR expires_at > ?)"
_BY_DIGEST = f"SELECT {_COLUMNS} FROM records WHERE kind = ? AND digest = ? AND {_LIVE}"  # noqa: S608
_BY_ID = f"SELECT {_COLUMNS} FROM records WHERE kind = ? AND id = ? AND {_LIVE}"  # noqa: S608
_BY_SCOPE = f"SELECT {_COLUMNS} FROM records WHERE kind = 'grant' AND scope = ? AND {_LIVE}"  # noqa: S608
_ALL = f"SELECT {_COLUMNS} FROM records WHERE kind = ? AND {_LIVE} ORDER BY created_at, id"  # noqa: S608
_ADD = f"INSERT INTO records (kind, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
_REPLACE = f"""UPDATE records SET digest = ?, body = ?, expires_at = ?, scope = ?, revision = revision + 1
    WHERE kind = ? AND id = ? AND revision = ? AND {_LIVE}"""  # noqa: S608
_TOUCH = "UPDATE records SET last_used_at = ? WHERE kind = ? AND id = ? AND digest = ?"
_COUNT = """INSERT INTO counts (id, minute, calls) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET
    calls = CASE minute WHEN excluded.minute THEN calls + 1 ELSE 1 END, minute = excluded.minute RETURNING calls"""


class SqliteStore:
    """A store in one file.

    Args:
        path: The file; it and its folder are made at the first use, for their owner only.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, _VERSION, _SCHEMA)

    async def agree(self, check: str) -> str:
        def work(db: sqlite3.Connection) -> str:
            db.execute("INSERT INTO facts VALUES ('check', ?) ON CONFLICT DO NOTHING", (check,))
            return str(db.execute("SELECT value FROM facts WHERE name = 'check'").fetchone()[0])

        return await self._file.change(work)

    async def add(self, kind: Kind, record: Record, now: float) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute(_ADD, (kind, *_values(record)))

        await self._file.change(lambda db: _with_scope(db, now, work))

    async def replace(self, kind: Kind, record: Record, now: float) -> bool:
        new = (record.digest, record.body, record.expires_at, record.scope)

        def work(db: sqlite3.Connection) -> bool:
            return db.execute(_REPLACE, (*new, kind, record.id, record.revision, now)).rowcount == 1

        return await self._file.change(lambda db: _with_scope(db, now, work))

    async def remove(self, kind: Kind, id: str, now: float) -> Record | None:
        def work(db: sqlite3.Connection) -> Record | None:
            found = _one(db.execute(_BY_ID, (kind, id, now)))
            db.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, id))
            db.execute("DELETE FROM counts WHERE id = ?", (id,))
            return found

        return await self._file.change(work)

    async def by_digest(self, kind: Kind, digest: str, now: float) -> Record | None:
        return await self._file.soon(lambda db: _one(db.execute(_BY_DIGEST, (kind, digest, now))))

    async def by_id(self, kind: Kind, id: str, now: float) -> Record | None:
        return await self._file.soon(lambda db: _one(db.execute(_BY_ID, (kind, id, now))))

    async def by_scopes(self, scopes: Sequence[str], now: float) -> list[Record]:
        def work(db: sqlite3.Connection) -> list[Record]:
            found = [_one(db.execute(_BY_SCOPE, (scope, now))) for scope in scopes]
            return sorted((one for one in found if one), key=lambda one: (one.created_at, one.id))

        return await self._file.soon(work)

    async def all(self, kind: Kind, now: float) -> list[Record]:
        return await self._file.wait(lambda db: [Record(*row) for row in db.execute(_ALL, (kind, now))])

    async def touch(self, kind: Kind, record: Record, now: float) -> None:
        await self._file.soon(lambda db: _done(db.execute(_TOUCH, (now, kind, record.id, record.digest))))

    async def hit(self, id: str, minute: int) -> int:
        return await self._file.soon(lambda db: int(db.execute(_COUNT, (id, minute)).fetchall()[0][0]))

    async def claim(self, name: str, value: str, seconds: float, now: float) -> str | None:
        return await self._file.change(lambda db: sqlite_repeats.claim(db, name, value, now + seconds, now))

    async def settle(self, name: str, value: str, seconds: float, now: float) -> None:
        await self._file.change(lambda db: sqlite_repeats.settle(db, name, value, now + seconds))

    async def unclaim(self, name: str) -> None:
        await self._file.change(lambda db: sqlite_repeats.unclaim(db, name))

    async def ready(self) -> None:
        """Takes the file's write lock for a moment: a full disk or a file for reading only is found out here."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO facts VALUES ('ready', '1') ON CONFLICT (name) DO UPDATE SET value = excluded.value"
            )

        await self._file.soon(work)

    async def aclose(self) -> None:
        self._file.close()


def _with_scope(db: sqlite3.Connection, now: float, work: Work[T]) -> T:
    """Do a change after expired records are gone, so that none of them holds a scope."""
    db.execute("DELETE FROM counts WHERE minute < ?", (int(now // 60) - 1,))
    db.execute("DELETE FROM records WHERE expires_at <= ?", (now,))
    try:
        return work(db)
    except sqlite3.IntegrityError as error:
        if "records.scope" in str(error):
            raise ScopeTaken from None
        raise


def _values(record: Record) -> tuple[str | float | int | None, ...]:
    first = (record.id, record.digest, record.body, record.created_at, record.expires_at)
    return (*first, record.scope, record.last_used_at, record.revision)


def _one(cursor: sqlite3.Cursor) -> Record | None:
    row = cursor.fetchone()
    cursor.close()
    return None if row is None else Record(*row)


def _done(cursor: sqlite3.Cursor) -> None:
    cursor.close()
