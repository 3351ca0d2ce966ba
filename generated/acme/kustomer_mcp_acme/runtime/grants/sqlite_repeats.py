"""Owns the table of repeated requests in the SQLite file: statements on a connection that a transaction is open on."""

from __future__ import annotations

import sqlite3

TABLE = "CREATE TABLE repeats (name TEXT PRIMARY KEY, value TEXT NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID"


def claim(db: sqlite3.Connection, name: str, value: str, until: float, now: float) -> str | None:
    """Keep a value if there is none, and clear out what has expired; the one that was there."""
    db.execute("DELETE FROM repeats WHERE expires_at <= ?", (now,))
    row = db.execute("SELECT value FROM repeats WHERE name = ?", (name,)).fetchone()
    if row is None:
        db.execute("INSERT INTO repeats VALUES (?, ?, ?)", (name, value, until))
    return None if row is None else str(row[0])


def settle(db: sqlite3.Connection, name: str, value: str, until: float) -> None:
    """Keep a value, whatever was there."""
    db.execute("INSERT OR REPLACE INTO repeats VALUES (?, ?, ?)", (name, value, until))


def unclaim(db: sqlite3.Connection, name: str) -> None:
    """Forget a value."""
    db.execute("DELETE FROM repeats WHERE name = ?", (name,))
