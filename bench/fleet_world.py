"""Owns the emulator's side of a fleet: an organisation for each tenant, with the Klasses that specs/ pins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.sandbox import Budgets, Key, Org, Settings, World, fresh
from generator.sandbox.store import Record, Tables, object_id
from generator.snapshot import load_klasses, read_lock

_NO_LIMIT = 10**9
_BORN = "2026-01-12T08:00:00.000Z"


def key_of(name: str) -> str:
    """The API key of a tenant of the fleet."""
    return f"fleet-{name}"


def emulated(root: Path, names: Iterable[str]) -> World:
    """A world in which these tenants' organisations have what `root`/specs/ pins of them, and no budget runs out."""
    world = fresh(settings=Settings(budgets=Budgets(org_per_minute=_NO_LIMIT)))
    lock = read_lock(root)
    key = world.keys["sandbox-acme"]
    for name in names:
        world.orgs[name] = _org(name, load_klasses(root, name, lock))
        world.keys[key_of(name)] = _key(key, name)
    return world


def add_attribute(org: Org) -> None:
    """One more attribute on the organisation's first custom Klass."""
    first = min(resource for resource in org.metadata if resource.startswith("kobject."))
    properties = org.metadata[first]["properties"]
    properties[f"upstream{len(properties)}Num"] = {"type": "number", "displayName": "Changed upstream"}


def _key(like: Key, name: str) -> Key:
    return replace(like, token=key_of(name), org=name, user=object_id(name, "user", "robot"))


def _org(name: str, files: dict[str, Any]) -> Org:
    tables = Tables(name)
    metadata = {}
    for klass in files.values():
        metadata[klass["name"] if klass["standard"] else f"kobject.{klass['name']}"] = {
            "properties": dict(klass["attributes"])
        }
        if not klass["standard"]:
            told = {key: klass[key] for key in ("name", "displayName")}
            dates = dict.fromkeys(("createdAt", "updatedAt", "modifiedAt"), _BORN)
            tables.put(Record("klass", object_id(name, "klass", klass["name"]), {**told, "status": "enabled", **dates}))
    return Org(name, object_id(name, "org", name), {"name": name}, tables, metadata)
