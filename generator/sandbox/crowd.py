"""Owns the combining of small tables into many conversations. Must not draw lots: row n is fixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from generator.sandbox.clock import stamp
from generator.sandbox.store import Json

Tables = Mapping[str, Json]
# Steps with different primes, so that the columns do not repeat together.
COLUMNS = {
    "subject": ("subjects", 1),
    "channel": ("channels", 3),
    "customer": ("customers", 5),
    "agent": ("agents", 7),
    "status": ("statuses", 11),
}


def _pick(tables: Tables, column: str, n: int) -> Json:
    options = tables[COLUMNS[column][0]]
    return options[(n * COLUMNS[column][1]) % len(options)]


def _row(tables: Tables, n: int) -> dict[str, Json]:
    began = datetime.fromisoformat(tables["from"]) + timedelta(hours=tables["everyHours"] * n)
    subject, channel = _pick(tables, "subject", n), _pick(tables, "channel", n)
    agent = _pick(tables, "agent", n)
    asked = {
        **channel,
        "direction": "in",
        "subject": subject["name"] if channel["channel"] == "email" else "",
        "preview": subject["question"],
        "sentAt": stamp(began),
    }
    answered = {
        **channel,
        "direction": "out",
        "status": "sent",
        "preview": subject["answer"],
        "sentAt": stamp(began + timedelta(minutes=7 + 13 * (n % 9))),
        "createdBy": agent,
    }
    return {
        "key": f"crowd-{n}",
        "customer": _pick(tables, "customer", n),
        "name": subject["name"],
        "status": _pick(tables, "status", n),
        "channels": [channel["channel"]],
        "tags": subject["tags"],
        "priority": 1 + n % 5,
        "assignedUsers": [agent],
        "custom": subject["custom"],
        "createdAt": stamp(began),
        "updatedAt": answered["sentAt"],
        "messages": [asked, answered] if n % 4 else [asked],
    }


def conversations(tables: Tables) -> Iterator[dict[str, Json]]:
    return (_row(tables, n) for n in range(tables["count"]))
