"""Owns what sensitive data looks like and when it shows. Must not know envelopes."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from generator.sandbox.auth import Key
from generator.sandbox.clock import parse
from generator.sandbox.resources import klass_of
from generator.sandbox.store import Json, Record
from generator.sandbox.world import Org, World

MASK: Mapping[str, Json] = {"isMasked": True, "maskedPresentation": "********"}

# A property that is sensitive makes these sensitive too.
HEIRS: Mapping[str, tuple[str, ...]] = {
    "name": ("firstName", "lastName", "displayName"),
    "externalIds": ("externalId",),
}

# Within a list of contacts only the value is secret, not its kind or whether it was verified.
OPEN_KEYS: Mapping[str, frozenset[str]] = {
    name: frozenset({"type", "verified"})
    for name in (
        "phones",
        "sharedPhones",
        "whatsapps",
        "emails",
        "sharedEmails",
        "externalIds",
        "sharedExternalIds",
    )
}


def masked(value: Json, open_keys: Collection[str] = ()) -> Json:
    """The value with every scalar below it masked. A null stays: it tells that nothing is there."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {k: v if k in open_keys else masked(v, open_keys) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [masked(item, open_keys) for item in value]
    return dict(MASK)


def sensitive_names(definitions: Mapping[str, Json]) -> frozenset[str]:
    """The names which metadata marks as sensitive, with those that inherit."""
    marked = [n for n, d in definitions.items() if (d.get("sensitive") or {}).get("enabled")]
    return frozenset(marked).union(*(HEIRS.get(name, ()) for name in marked))


def window_open(world: World, org: Org, customer: str | None) -> bool:
    window = org.windows.get(customer or "")
    end = parse(window["endDate"]) if window else None
    return end is not None and world.clock.now() < end


def customer_of(record: Record) -> str | None:
    return record.id if record.kind == "customer" else record.ref("customer")


def metadata_name(kind: str) -> str:
    return f"kobject.{klass_of(kind)}" if kind.startswith("kobject.") else kind


def shown(world: World, org: Org, key: Key, record: Record, attributes: Mapping[str, Json]) -> dict[str, Json]:
    """The attributes as this key may see them now."""
    if key.reads_sensitive or window_open(world, org, customer_of(record)):
        return dict(attributes)
    metadata = org.metadata.get(metadata_name(record.kind), {})
    standard = sensitive_names(metadata.get("standardProperties", {}))
    custom = sensitive_names(metadata.get("properties", {}))
    seen = {n: masked(v, OPEN_KEYS.get(n, ())) if n in standard else v for n, v in attributes.items()}
    if custom and isinstance(seen.get("custom"), Mapping):
        seen["custom"] = {n: masked(v) if n in custom else v for n, v in seen["custom"].items()}
    return seen
