"""Owns the connections to one SQLite file: made for its owner only, opened anew when the file was exchanged, patient in a thread
and quick on the event loop. It and what works on its connections are the only importers of sqlite3."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from .model import StoreDown

_PATIENCE_MS = 5_000
# Seconds between one try on the event loop and the next.
_PAUSES = (0.0, 0.001, 0.004)

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class SqliteFile:
    """A file that several workers and commands use.

    Args:
        path: The file; it and its folder are made at the first use.
        version: The version of its tables.
        schema: The statements that make them.
    """

    def __init__(self, path: Path, version: int, schema: Sequence[str]) -> None:
        self._path = path
        self._version = version
        self._schema = schema
        self._inode: tuple[int, int] | None = None
        self._quick: sqlite3.Connection | None = None
        self._patient: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        # One thread: the others would only wait for the lock, and threads that were started stay.
        self._turn = anyio.CapacityLimiter(1)

    def close(self) -> None:
        """Close both connections; the next use opens them again."""
        with self._lock:
            self._close()

    async def soon(self, work: Work[T]) -> T:
        """Do a short work here, or in a thread where the file is not open yet or stays busy.

        Another work, of this process's threads or of another's, takes some tens of microseconds: it is tried again at once
        and a few times more. A thread each time would make the next one find the file busy, and so on under load.
        """
        for pause in _PAUSES if self._quick is not None else ():
            try:
                with _store_down(self._path):
                    return work(self._connected()[0])
            except _Busy:
                await anyio.sleep(pause)
        return await self.wait(work)

    async def wait(self, work: Work[T]) -> T:
        """Do a work in a thread, as long as it takes."""
        return await anyio.to_thread.run_sync(self._patiently, work, limiter=self._turn)

    async def change(self, work: Work[T]) -> T:
        """Do a work whole or not at all, in a thread."""

        def whole(db: sqlite3.Connection) -> T:
            db.execute("BEGIN IMMEDIATE")
            try:
                made = work(db)
                db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            return made

        return await self.wait(whole)

    def _patiently(self, work: Work[T]) -> T:
        # The address is looked at before the lock is taken: _connected takes it itself.
        try:
            with _store_down(self._path):
                patient = self._connected()[1]
                with self._lock:
                    return work(patient)
        except _Busy:
            seconds = _PATIENCE_MS // 1000
            raise StoreDown(f"The store of grants {self._path} was locked by others for {seconds} s") from None

    def _connected(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        """Both connections to the file that stands at the path now."""
        try:
            facts = self._path.stat()
        except FileNotFoundError:
            if self._inode is not None:
                # Never made anew here: an empty store would say that every grant was revoked.
                raise StoreDown(
                    f"The store of grants {self._path} is gone: put it back, or restart the server"
                ) from None
            facts = None
        if facts is None or self._inode != (facts.st_dev, facts.st_ino) or not self._quick or not self._patient:
            with self._lock:
                return self._open()
        return self._quick, self._patient

    def _open(self) -> tuple[sqlite3.Connection, sqlite3.Connection]:
        if self._quick and self._patient and self._inode == _identity(self._path):
            return self._quick, self._patient  # another thread was faster
        self._close()
        _make_private(self._path)
        inode = _identity(self._path)
        self._patient = _connection(self._path, _PATIENCE_MS, "FULL")
        try:
            self._prepare(self._patient)
            self._quick = _connection(self._path, 0, "NORMAL")
        except BaseException:
            self._close()
            raise
        self._inode = inode
        return self._quick, self._patient

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Turn WAL on and make the tables, once for all processes."""
        _turn_wal_on(db)
        found = _version_of(db)
        if found == 0:
            db.execute("BEGIN IMMEDIATE")
            if _version_of(db) == 0:  # else another process was faster
                for statement in self._schema:
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {self._version}")
            db.execute("COMMIT")
        elif found != self._version:
            text = (
                f"has version {found}, this package knows {self._version}: upgrade the package, or name another store"
            )
            raise StoreDown(f"The store of grants {self._path} {text}")

    def _close(self) -> None:
        for one in (self._quick, self._patient):
            if one is not None:
                one.close()
        self._quick = self._patient = None


class _Busy(Exception):
    """Another process holds the file."""


@contextmanager
def _store_down(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise _Busy from None
        raise StoreDown(f"The store of grants {path} can't be used: {error}") from None
    except sqlite3.Error as error:
        raise StoreDown(f"The store of grants {path} can't be used: {error}") from None
    except OSError as error:
        raise StoreDown(f"The store of grants {path} can't be used: {error.strerror}") from None


def _identity(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_dev, facts.st_ino


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, which would let the group read it; its -wal and -shm take its mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _connection(path: Path, patience_ms: int, synchronous: str) -> sqlite3.Connection:
    # Autocommit: every transaction here is written out. A connection moves between threads, but never is in two at once.
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=patience_ms / 1000)
    db.execute(f"PRAGMA synchronous = {synchronous}")
    return db


def _turn_wal_on(db: sqlite3.Connection) -> None:
    # SQLite does not wait for this lock, whatever the timeout: several
    # processes that start at once would fail.
    until = time.monotonic() + _PATIENCE_MS / 1000
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL").close()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _version_of(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
