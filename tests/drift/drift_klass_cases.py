"""Owns the mutations of Klasses and their metadata, and what callers must be told of each. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from drift_kit import Case, Expected, Json, World, expected, klass_files, takes

CUSTOM = ("order", "shipment", "subscription", "warranty-claim")
# The standard objects that have tools in acme's package which take their attributes, and their searches.
STANDARD = {
    "customer": (["create_a_kustomer_customer", "update_a_kustomer_customer_by_id"], ["kustomer_customers_search"]),
    "conversation": (["create_a_kustomer_conversation", "update_a_kustomer_conversation_by_id"], ["kustomer_conversations_search"]),
}  # fmt: skip
_GENERIC = ["get_single_kustomer_custom_object_by_id", "kustomer_custom_objects_using_external_id", "list_all_kustomer_custom_objects"]  # fmt: skip


def file_of(klass: str) -> str:
    return f"{'standard' if klass in STANDARD else 'klasses'}/{klass}.json"


def writers(klass: str) -> list[str]:
    if klass in STANDARD:
        return STANDARD[klass][0]
    name = klass.replace("-", "_")
    return [f"create_a_kustomer_{name}_custom_object", f"update_a_kustomer_{name}_custom_object_by_id"]


def searches(klass: str) -> list[str]:
    return (
        STANDARD[klass][1]
        if klass in STANDARD
        else ["kustomer_order_custom_objects_search"] if klass == "order" else []
    )


def everyone(klass: str) -> list[str]:
    return [*writers(klass), *searches(klass)]


KLASSES = (*CUSTOM, *STANDARD)


def _live(klass: str) -> dict[str, Json]:
    rows = klass_files()[file_of(klass)]["attributes"]
    return {name: row for name, row in rows.items() if not row.get("deletedAt") and row.get("enabled") is not False}


def _metadata(klass: str, name: str, change: Callable[[Json], None]) -> Callable[[World], None]:
    return lambda world: change(world.klasses[file_of(klass)]["attributes"][name])


def _case(kind: str, klass: str, name: str, change: Callable[[Json], None], *found: Expected) -> Case:
    return Case(kind, f"{klass}.{name}", _metadata(klass, name, change), found)


def attributes(dice: random.Random) -> Iterator[Case]:
    for klass in KLASSES:
        for suffix, kind in (("Str", "string"), ("Num", "number"), ("Bool", "boolean")):
            name = f"{dice.choice(['points', 'score', 'mark', 'extra'])}Added{suffix}"

            def add(world: World, klass: str = klass, name: str = name, kind: str = kind) -> None:
                world.klasses[file_of(klass)]["attributes"][name] = {"type": kind, "displayName": "Added"}

            yield Case(
                "attribute added", f"{klass}.{name}", add, (expected("attribute-added", "info", everyone(klass)),)
            )
        for name in dice.sample(sorted(_live(klass)), 2):

            def remove(world: World, klass: str = klass, name: str = name) -> None:
                del world.klasses[file_of(klass)]["attributes"][name]

            yield Case(
                "attribute removed",
                f"{klass}.{name}",
                remove,
                (expected("attribute-removed", "breaking", everyone(klass)),),
            )
            yield _case("attribute deleted", klass, name, lambda row: row.update(deletedAt="deleted"), expected("attribute-deleted", "breaking", everyone(klass)))  # fmt: skip
            yield _case("attribute disabled", klass, name, lambda row: row.update(enabled=False), expected("attribute-disabled", "breaking", everyone(klass)))  # fmt: skip
            yield _case("attribute labelled anew", klass, name, lambda row: row.update(displayName="Another Label"), expected("attribute-text-changed", "info", writers(klass)))  # fmt: skip
            sensitive = _live(klass)[name].get("hasSensitiveAttributes") or (_live(klass)[name].get("sensitive") or {}).get("enabled")  # fmt: skip
            if not sensitive:
                yield _case("attribute became sensitive", klass, name, lambda row: row.update(sensitive={"enabled": True}), expected("attribute-sensitive-added", "warning", writers(klass)))  # fmt: skip
        yield from _types(klass, dice)


def _types(klass: str, dice: random.Random) -> Iterator[Case]:
    single = sorted(name for name, row in _live(klass).items() if not row.get("multi") and not row.get("array") and not row.get("enumeration"))  # fmt: skip
    for name in dice.sample(single, min(2, len(single))):
        yield _case("attribute became a list", klass, name, lambda row: row.update(multi=True), expected("attribute-type-changed", "breaking", everyone(klass)))  # fmt: skip
    texts = [name for name in single if name.endswith("Str")]
    for name in texts[:2]:
        yield _case("attribute's choices closed", klass, name, lambda row: row.update(enumeration=["a", "b"]), expected("attribute-choices-closed", "breaking", everyone(klass)))  # fmt: skip
    closed = sorted(name for name, row in _live(klass).items() if row.get("enumeration"))
    for name in closed:
        yield _case("attribute's choice removed", klass, name, lambda row: row["enumeration"].pop(), expected("attribute-choice-removed", "breaking", everyone(klass)))  # fmt: skip
        yield _case("attribute's choice added", klass, name, lambda row: row["enumeration"].append("zzz"), expected("attribute-choice-added", "info", everyone(klass)))  # fmt: skip
        yield _case("attribute's choices opened", klass, name, lambda row: row.pop("enumeration"), expected("attribute-choices-opened", "info", everyone(klass)))  # fmt: skip
    for name in sorted(name for name, row in _live(klass).items() if isinstance(row.get("target"), str)):
        yield _case("attribute's target changed", klass, name, lambda row: row.update(target="kobject.warranty-claim"), expected("attribute-target-changed", "warning", writers(klass)))  # fmt: skip
    for name in sorted(name for name, row in _live(klass).items() if row.get("tree")):
        yield _case("attribute's tree changed", klass, name, lambda row: row["tree"]["children"].pop(), expected("attribute-tree-changed", "warning", writers(klass)))  # fmt: skip


def silent(dice: random.Random) -> Iterator[Case]:
    for klass in KLASSES:
        name = dice.choice(sorted(_live(klass)))
        yield _case("attribute's other metadata", klass, name, lambda row: row.update(groupable=True, weight=3))

        def reorder(world: World, klass: str = klass) -> None:
            rows = world.klasses[file_of(klass)]["attributes"]
            world.klasses[file_of(klass)]["attributes"] = dict(sorted(rows.items(), reverse=True))

        yield Case("order of attributes", klass, reorder)

        def dress(world: World, klass: str = klass) -> None:
            world.klasses[file_of(klass)].update(icon="star", color="#fff")

        yield Case("Klass's icon", klass, dress)


def klasses(dice: random.Random) -> Iterator[Case]:
    for klass in CUSTOM:

        def relabel(world: World, klass: str = klass) -> None:
            world.klasses[file_of(klass)]["displayName"] = "Other Thing"

        yield Case("Klass labelled anew", klass, relabel, (expected("klass-label-changed", "info", everyone(klass)),))
        idle = [] if klass == "order" else [expected("filter-matches-nothing", "warning")]
        tools = [*everyone(klass), *_GENERIC]
        for why, rule in (("", "klass-removed"), ("disabled", "klass-disabled"), ("existing_only", "klass-hidden"), ("deleted", "klass-deleted")):  # fmt: skip

            def remove(world: World, klass: str = klass, why: str = why) -> None:
                del world.klasses[file_of(klass)]
                if why:
                    world.klasses["hidden.json"] = {"klasses": {klass: why}}

            yield Case(f"Klass {why or 'removed'}", klass, remove, (expected(rule, "breaking", tools), *idle))
    for name in ("pet", "parcel-box", "visit", "lease"):
        spelled = name.replace("-", "_")
        made = [f"create_a_kustomer_{spelled}_custom_object", f"update_a_kustomer_{spelled}_custom_object_by_id", f"kustomer_{spelled}_custom_objects_search"]  # fmt: skip

        def add(world: World, name: str = name) -> None:
            world.klasses[f"klasses/{name}.json"] = {"name": name, "displayName": "New", "standard": False, "attributes": {"xStr": {"type": "string"}}}  # fmt: skip

        yield Case("Klass added", name, add, (expected("klass-added", "info", [*made, *_GENERIC]),))


KINDS = (attributes, silent, klasses)
__all__ = ["KINDS", "takes"]
