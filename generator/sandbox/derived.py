"""Owns attributes that follow from other records, worked out when a record is shown. Must not store them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from generator.sandbox import masking
from generator.sandbox.resources import klass_of
from generator.sandbox.store import Json, Record
from generator.sandbox.world import Org, World


def _customer(world: World, org: Org, record: Record) -> dict[str, Json]:
    had = record.attributes
    counts = Counter(c.attributes["status"] for c in org.tables.where("conversation", customer=record.id))
    each = {name: counts[name] for name in ("snoozed", "open", "done")}
    found: dict[str, Json] = {"conversationCounts": {"all": sum(each.values()), **each}}
    name = had.get("name")
    if name:
        first, _, last = name.partition(" ")
        found |= {"displayName": name, "firstName": first, "lastName": last or None}
    else:
        emails = had.get("emails") or [{"email": "Unknown Customer"}]
        found["displayName"] = emails[0]["email"]
    if masking.window_open(world, org, record.id):
        found["unmaskingWindow"] = org.windows[record.id]
    return found


def _conversation(_world: World, org: Org, record: Record) -> dict[str, Json]:
    """Counters and the last inbound message, from what stands in the conversation."""
    messages = org.tables.where("message", conversation=record.id)
    inbound = [m for m in messages if m.attributes["direction"] == "in"]
    found: dict[str, Json] = {
        "channels": list(dict.fromkeys(m.attributes["channel"] for m in messages)) or record.attributes["channels"],
        "messageCount": len(messages),
        "noteCount": len(org.tables.where("note", conversation=record.id)),
        "outboundMessageCount": len(messages) - len(inbound),
    }
    if inbound:
        last = inbound[-1]
        found["lastMessageIn"] = {
            "id": last.id,
            "channels": [last.attributes["channel"]],
            "sentAt": last.attributes.get("sentAt", last.attributes["createdAt"]),
        }
    if messages:
        found["preview"] = messages[-1].attributes.get("preview")
    return found


def _kobject(_world: World, org: Org, record: Record) -> dict[str, Json]:
    klass = org.klass(klass_of(record.kind))
    if klass is None:
        return {}
    return {
        "klassDisplayName": klass.attributes["displayName"],
        "klassMixins": klass.attributes.get("mixins", []),
    }


RULES: Mapping[str, Callable[[World, Org, Record], dict[str, Json]]] = {
    "customer": _customer,
    "conversation": _conversation,
    "kobject": _kobject,
}


def attributes(world: World, org: Org, record: Record) -> dict[str, Json]:
    rule = RULES.get(record.kind.partition(".")[0])
    return {**record.attributes, **(rule(world, org, record) if rule else {})}
