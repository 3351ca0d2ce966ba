"""Owns how the Klasses of two surfaces differ, and which tools a Klass touches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.drift_changes import Change, counted
from generator.ir import Json
from generator.surface import Surface

Klass = Mapping[str, Json]
# What a note of the inputs says -> the rule for a Klass or an attribute that is gone so.
_KLASS_GONE = {
    "disabled": "klass-disabled", "existing_only": "klass-hidden", "its app is disabled": "klass-disabled",
    "deleted": "klass-deleted",
}  # fmt: skip
_ATTRIBUTE_GONE = {"deleted in Kustomer": "attribute-deleted", "disabled in Kustomer": "attribute-disabled"}


def klass_changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Every change of Klasses and of their attributes."""
    for name, klass in old.klasses.items():
        if name in new.klasses:
            yield from _changed(klass, new.klasses[name], old, new)
        else:
            said = _klass_said(klass["name"], new)
            rule = _KLASS_GONE.get(said, "klass-deselected" if said else "klass-removed")
            tools = touched(klass, old, with_names=True)
            gone = sum(tool not in new.tools for tool in tools)
            change = _klass(rule, klass, klass["label"], None, tools)
            yield replace(change, why=f"; {counted(gone)} went with it" if gone else "")
    for name, klass in new.klasses.items():
        if name not in old.klasses:
            said = _klass_said(klass["name"], old)
            rule = "klass-restored" if said else "klass-added"
            tools = touched(klass, new, with_names=True)
            come = sum(tool not in old.tools for tool in tools)
            change = _klass(rule, klass, said or None, klass["label"], tools)
            yield replace(change, why=f", with {counted(come)}" if come else "")


def touched(klass: Klass, surface: Surface, *, with_names: bool = False, searches: bool = True) -> tuple[str, ...]:
    """The tools that a Klass touches: those that take its attributes, those that search by them, and where asked those
    that take its name."""
    own = {name for name in klass["tools"]["own"] if name in surface.tools}
    own |= {name for name, tool in surface.tools.items() if tool.search and tool.search == context(klass)}
    if not searches:
        own = {name for name in own if not surface.tools[name].search}
    if with_names:
        own |= {name for name in klass["tools"].get("by_klass_name", ()) if name in surface.tools}
    return tuple(sorted(own))


def context(klass: Klass) -> str:
    """What searches call a Klass."""
    return str(klass["name"]) if klass["standard"] else f"kobject_{klass['name']}"


def _klass(rule: str, klass: Klass, before: Json, after: Json, tools: tuple[str, ...]) -> Change:
    what = f"Klass {klass['name']}"
    return Change(rule, f"klass {klass['name']}", before, after, tools, what=what, path=f"klasses/{klass['name']}.json")


def _klass_said(name: str, surface: Surface) -> str:
    """Why a Klass is left out there: its status, `left out` by [klasses], or an empty string."""
    said = _noted(f"Klass {name}", surface)
    return said or ("left out by [klasses]" if name in surface.klasses_left_out else "")


def _noted(what: str, surface: Surface) -> str:
    """Why the notes say that a Klass or an attribute is left out, or an empty string."""
    start, end = f"{what}: ", "; left out"
    rows = (row for row in surface.notes if row.startswith(start) and row.endswith(end))
    return next((row[len(start) : -len(end)] for row in rows), "")


def _changed(old: Klass, new: Klass, before: Surface, after: Surface) -> Iterator[Change]:
    name, tools = new["name"], touched(new, after)
    if old["label"] != new["label"]:
        yield _klass("klass-label-changed", new, old["label"], new["label"], tools)
    was, now = ({row["name"]: row for row in klass["attributes"]} for klass in (old, new))
    for attribute, row in was.items():
        if attribute not in now:
            rule = _ATTRIBUTE_GONE.get(_noted(f"{name}.{attribute}", after), "attribute-removed")
            yield _attribute(rule, new, attribute, row["kind"], None, touched(old, before))
        else:
            texts = touched(new, after, searches=False)
            yield from _attribute_changes(new, row, now[attribute], tools, texts)
    for attribute, row in now.items():
        if attribute not in was:
            said = _noted(f"{name}.{attribute}", before)
            rule = "attribute-restored" if said in _ATTRIBUTE_GONE else "attribute-added"
            yield _attribute(rule, new, attribute, said or None, row["kind"], tools)


def _attribute(rule: str, klass: Klass, name: str, before: Json, after: Json, tools: tuple[str, ...]) -> Change:
    what = f"attribute {klass['name']}.{name}"
    return Change(rule, what, before, after, tools, path=f"klasses/{klass['name']}.json")


def _attribute_changes(
    klass: Klass, old: Klass, new: Klass, tools: tuple[str, ...], texts: tuple[str, ...]
) -> Iterator[Change]:
    name = new["name"]
    if old["kind"] != new["kind"] or old.get("list") != new.get("list"):
        yield _attribute("attribute-type-changed", klass, name, old["kind"], new["kind"], tools)
    for rule, before, after in _choices(old.get("enumeration", []), new.get("enumeration", [])):
        yield _attribute(rule, klass, name, before, after, tools)
    if old.get("target") != new.get("target"):
        yield _attribute("attribute-target-changed", klass, name, old.get("target"), new.get("target"), texts)
    if old.get("tree") != new.get("tree"):
        yield _attribute("attribute-tree-changed", klass, name, old.get("tree"), new.get("tree"), texts)
    if old.get("sensitive") != new.get("sensitive"):
        rule = "attribute-sensitive-added" if new.get("sensitive") else "attribute-sensitive-removed"
        yield _attribute(rule, klass, name, None, None, texts)
    if old["label"] != new["label"]:
        yield _attribute("attribute-text-changed", klass, name, old["label"], new["label"], texts)
    elif old.get("type") != new.get("type") and old["kind"] == new["kind"]:
        yield _attribute("attribute-text-changed", klass, name, old.get("type"), new.get("type"), ())


def _choices(old: list[str], new: list[str]) -> Iterator[tuple[str, Json, Json]]:
    if not old and new:
        yield "attribute-choices-closed", None, new
    elif old and not new:
        yield "attribute-choices-opened", old, None
    else:
        if gone := [value for value in old if value not in new]:
            yield "attribute-choice-removed", gone, None
        if come := [value for value in new if value not in old]:
            yield "attribute-choice-added", None, come
