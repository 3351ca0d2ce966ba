"""Owns comparing a live Klass with what was generated: names, kinds and choices of its attributes. Order, labels, dates and
authors never matter, and what is deleted or disabled is gone. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Any


def differences(generated: Iterable[Mapping[str, Json]], properties: Mapping[str, Json]) -> list[str]:
    """What is new, gone and changed, in a phrase each; empty where both say the same.

    Args:
        generated: The attributes as the package's resource has them.
        properties: Kustomer's metadata, attribute by attribute.
    """
    before = {attribute["name"]: attribute for attribute in generated}
    live = {name: row for name, row in properties.items() if _is_there(row)}
    new, gone = sorted(set(live) - set(before)), sorted(set(before) - set(live))
    changed = [
        f"{name} ({'; '.join(said)})"
        for name in sorted(set(live) & set(before))
        if (said := list(_changes(before[name], live[name])))
    ]
    rows = (("new", new), ("gone", gone), ("changed", changed))
    return [f"{title}: {', '.join(names)}" for title, names in rows if names]


def _is_there(row: Json) -> bool:
    if not isinstance(row, Mapping) or row.get("deletedAt"):
        return False
    return row.get("enabled") is not False and row.get("status") != "disabled"


def _changes(before: Mapping[str, Json], row: Mapping[str, Json]) -> Iterator[str]:
    said = row.get("type") if isinstance(row.get("type"), str) else ""
    if said != before.get("type", ""):
        yield f"{before.get('type') or 'no type'} -> {said or 'no type'}"
    many = bool(row.get("multi") or row.get("array"))
    if many != before.get("list", False):
        yield "one value -> a list" if many else "a list -> one value"
    choices = {choice for choice in _list(row.get("enumeration")) if isinstance(choice, str)}
    yield from _signed("choices", set(before.get("enumeration", ())), choices)
    target = row.get("target") if isinstance(row.get("target"), str) else ""
    if target != before.get("target", ""):
        yield f"target {before.get('target') or 'none'} -> {target or 'none'}"
    tree = row.get("tree") if isinstance(row.get("tree"), Mapping) else {}
    yield from _signed("tree", set(_paths(before.get("tree", ()))), set(_paths(_list((tree or {}).get("children")))))
    if _is_sensitive(row) != before.get("sensitive", False):
        yield "sensitive now" if _is_sensitive(row) else "not sensitive any more"


def _signed(what: str, before: set[str], after: set[str]) -> Iterator[str]:
    """`choices +lost -paid`, where anything differs."""
    rows = [f"+{name}" for name in sorted(after - before)] + [f"-{name}" for name in sorted(before - after)]
    if rows:
        yield f"{what} {' '.join(rows)}"


def _paths(nodes: Iterable[Json], above: str = "") -> Iterator[str]:
    """Every node of a tree by the ids that lead to it."""
    for node in nodes:
        if isinstance(node, Mapping):
            path = f"{above}/{node.get('id', '')}" if above else str(node.get("id", ""))
            yield path
            yield from _paths(_list(node.get("children")), path)


def _list(value: Json) -> list[Json]:
    return list(value) if isinstance(value, list | tuple) else []


def _is_sensitive(row: Mapping[str, Json]) -> bool:
    sensitive = row.get("sensitive")
    return bool(row.get("hasSensitiveAttributes")) or (
        isinstance(sensitive, Mapping) and bool(sensitive.get("enabled"))
    )
