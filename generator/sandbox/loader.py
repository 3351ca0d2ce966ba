"""Owns the way from the files below seeds/ to a World. Must not invent: it plants what they say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from generator.sandbox import crowd
from generator.sandbox.auth import Key
from generator.sandbox.clock import Clock
from generator.sandbox.resources import resource
from generator.sandbox.settings import Settings
from generator.sandbox.store import Json, Record, Ref, Tables, object_id
from generator.sandbox.world import Org, World

FOLDER = Path(__file__).parent / "seeds"

# What a row may hold below itself, and the relationship that then points back.
CHILDREN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "conversation": {"messages": ("message", "conversation"), "notes": ("note", "conversation")},
    "message": {"attached": ("attachment", "message")},
    "sla": {"versions": ("sla_version", "sla")},
}
OPENING = {"customer": "customer"}  # what a child takes over from its parent
ROBOT = "robot"  # who made and changed what does not say by whom


def _load(path: Path) -> Json:
    return json.loads(path.read_text(encoding="utf-8"))


def _resolved(org: str, value: Json) -> Json:
    """`@user/dana` anywhere in a seed is the id of that row."""
    if isinstance(value, dict):
        return {name: _resolved(org, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_resolved(org, item) for item in value]
    if isinstance(value, str) and value.startswith("@") and "/" in value:
        kind, _, key = value[1:].partition("/")
        return object_id(org, kind, key)
    return value


class _Planter:
    """Puts the rows of one org into its tables."""

    def __init__(self, name: str, tables: Tables) -> None:
        self._org, self._tables = name, tables

    def plant(self, kind: str, row: Mapping[str, Json]) -> Record:
        """A row is flat: relationships by name, children in their lists, the rest attributes."""
        row = _resolved(self._org, dict(row))
        wire, below = resource(kind), CHILDREN.get(kind, {})
        targets = {**wire.refs, "createdBy": "user", "modifiedBy": "user"}
        robot = object_id(self._org, "user", ROBOT)
        signed = {name: Ref("user", robot) for name in ("createdBy", "modifiedBy")}
        refs = signed | {n: Ref(targets[n], row[n]) for n in targets if isinstance(row.get(n), str)}
        away = {"key", *below, *targets}
        values = {**wire.defaults, **{n: v for n, v in row.items() if n not in away}}
        values = {**values, **_dates(values)}
        if wire.versioned:
            values.setdefault("rev", 1)
        id = object_id(self._org, kind, row["key"])
        record = self._tables.put(Record(kind, id, values, refs))
        for name, (child, back) in below.items():
            for number, item in enumerate(row.get(name, [])):
                taken = {n: row[n] for n in OPENING if n in row}
                key = f"{row['key']}/{name}/{number}"
                self.plant(child, {"key": key, **taken, **item, back: record.id})
        return record

    def plant_all(self, kind: str, rows: Iterable[Mapping[str, Json]]) -> None:
        for row in rows:
            self.plant(kind, row)


def _dates(values: Mapping[str, Json]) -> dict[str, Json]:
    """A row that says when it was made was last changed then, unless it says otherwise."""
    made = values.get("createdAt") or values.get("sentAt") or "2026-01-12T08:00:00.000Z"
    changed = values.get("updatedAt", made)
    return {"createdAt": made, "updatedAt": changed, "modifiedAt": values.get("modifiedAt", changed)}


def _org(folder: Path) -> Org:
    """One org from its folder. Every file but `klasses`, `org` and `crowd` holds rows by kind."""
    about = _load(folder / "org.json")
    name = about["name"]
    tables = Tables(name)
    planter = _Planter(name, tables)
    for klass in _load(folder / "klasses.json"):
        planter.plant("klass", klass)
    for file in ("settings.json", "people.json", "kobjects.json", "conversations.json"):
        for kind, rows in _load(folder / file).items():
            planter.plant_all(kind, rows)
    if (folder / "crowd.json").exists():
        planter.plant_all("conversation", crowd.conversations(_load(folder / "crowd.json")))
    metadata = {p.stem: _resolved(name, _load(p)) for p in sorted((folder / "metadata").glob("*.json"))}
    return Org(name, object_id(name, "org", name), about, tables, metadata)


def _keys() -> dict[str, Key]:
    """The table of API keys. They open a toy, so they stand in the open."""
    found = {}
    for row in _load(FOLDER / "keys.json"):
        said = {**row, "roles": tuple(row["roles"]), "user": object_id(row["org"], "user", row["user"])}
        if "expires" in row:
            said["expires"] = datetime.fromisoformat(row["expires"])
        found[row["token"]] = Key(**said)
    return found


def fresh(clock: Clock | None = None, settings: Settings | None = None, *, ticking: bool = False) -> World:
    """A new world from the seeds, the same each time."""
    folders = sorted(p for p in FOLDER.iterdir() if p.is_dir())
    orgs = {org.name: org for org in map(_org, folders)}
    return World(orgs, _keys(), clock or Clock(ticking=ticking), settings or Settings())
