"""Owns what the search index knows of a record beside its attributes: names that only search has. Must not test or sort."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.sandbox.store import Json, Record
from generator.sandbox.world import Org

Finder = Callable[[Org, Record], Json]


def _at(*path: str) -> Finder:
    """The value at a path below the attributes."""

    def find(_org: Org, record: Record) -> Json:
        found: Json = record.attributes
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return found

    return find


def _everything(_org: Org, record: Record) -> Json:
    return record.attributes


def _count(kind: str, **wanted: str) -> Finder:
    def count(org: Org, record: Record) -> Json:
        found = org.tables.where(kind, **{record.kind: record.id})
        return sum(all(one.attributes.get(name) == value for name, value in wanted.items()) for one in found)

    return count


def _channels(org: Org, record: Record) -> Json:
    found = [one.attributes["channel"] for one in org.tables.where("message", conversation=record.id)]
    return found or record.attributes["channels"]


def _last_message(org: Org, record: Record) -> Json:
    found = [one.attributes for one in org.tables.where("message", **{record.kind: record.id})]
    return max((one.get("sentAt") or one["createdAt"] for one in found), default=None)


def _breach(_org: Org, record: Record) -> Json:
    metrics = (record.attributes.get("sla") or {}).get("metrics") or {}
    return min((one["breachAt"] for one in metrics.values() if not one.get("satisfiedAt")), default=None)


def _imported(_org: Org, record: Record) -> Json:
    return bool(record.attributes.get("importedAt"))


# Attribute by its name in search (in camelCase), for every kind and for some.
EVERY: Mapping[str, Finder] = {"anyText": _everything, "imported": _imported}
INDEXED: Mapping[str, Mapping[str, Finder]] = {
    "customer": {"conversationsCount": _count("conversation"), "lastMessageAt": _last_message},
    "conversation": {
        "channels": _channels,
        "messageCount": _count("message"),
        "noteCount": _count("note"),
        "outboundMessageCount": _count("message", direction="out"),
        "lastMessageAt": _last_message,
        "lastDoneCreatedAt": _at("lastDone", "createdAt"),
        "slaBreachAt": _breach,
        "slaBreached": _at("sla", "breached"),
        "slaStatus": _at("sla", "status"),
    },
    "message": {"body": _at("preview"), "sender": _at("meta", "from"), "recipients": _at("meta", "to")},
}


def finder(kind: str, attribute: str) -> Finder | None:
    """How a record's value is found, where the index has more than the attribute."""
    return INDEXED.get(kind.partition(".")[0], {}).get(attribute) or EVERY.get(attribute)
