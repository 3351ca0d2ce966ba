"""Owns what the draft tools are spared: scheduling that would send at once, and channels the organisation has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from generator import quirks
from generator.ir import Catalog, Json, LeftOut, Operation, Schema
from generator.selection import draft_channel

# Channels that need no outbound account.
_WITHOUT_ACCOUNT = frozenset({"note"})


def schedule_drafts(catalog: Catalog) -> Catalog:
    """Let `sendAt` alone schedule: the flag that must go with it is filled in, or neither is offered."""
    return replace(catalog, operations=tuple(_scheduled(operation) for operation in catalog.operations))


def _scheduled(operation: Operation) -> Operation:
    body = operation.body or {}
    properties = body.get("properties", {})
    if operation.path not in quirks.DRAFT_PATHS or quirks.SCHEDULE_AT not in properties:
        return operation
    both = quirks.SCHEDULE_FLAG in properties
    taken = {quirks.SCHEDULE_FLAG} if both else {quirks.SCHEDULE_AT}
    kept = {name: schema for name, schema in properties.items() if name not in taken}
    filled = ((quirks.SCHEDULE_FLAG, quirks.SCHEDULE_AT),) if both else ()
    return replace(operation, body={**body, "properties": kept}, filled_body=filled)


def keep_fields(catalog: Catalog) -> Catalog:
    """Mark the fields that a tool must send again, for Kustomer clears them where they are left out."""
    return replace(
        catalog, operations=tuple(replace(o, kept=quirks.KEPT_FIELDS.get(o.key, ())) for o in catalog.operations)
    )


def limit_accounts(catalog: Catalog, accounts: Json) -> Catalog:
    """Offer only the channels, apps and senders of the organisation's outbound accounts.

    Args:
        catalog: Named operations.
        accounts: `{"accounts": [{"channel", "name", "account"}]}` as pinned, or None where they were not fetched.
    """
    if accounts is None:
        return catalog
    by_channel: dict[str, list[Mapping[str, str]]] = {}
    for row in accounts["accounts"]:
        by_channel.setdefault(row["channel"], []).append(row)
    kept: list[Operation] = []
    left_out = list(catalog.left_out)
    for operation in catalog.operations:
        channel = draft_channel(operation)
        rows = by_channel.get(channel, [])
        app = dict(operation.fixed_body).get("app")
        if channel and channel not in _WITHOUT_ACCOUNT and not any(app in (None, row["name"]) for row in rows):
            reason = f"{operation.tool}: the organisation has no outbound account for {app or channel}"
            left_out.append(LeftOut(operation.key, operation.document, operation.operation_id, reason))
        else:
            kept.append(_offering(operation, rows) if rows else operation)
    return replace(catalog, operations=tuple(kept), left_out=tuple(left_out))


def _offering(operation: Operation, rows: Iterable[Mapping[str, str]]) -> Operation:
    names = sorted({row["name"] for row in rows})
    senders = sorted({row["account"] for row in rows})
    body = operation.body or {}
    properties = dict(body.get("properties", {}))
    if "app" in properties:
        properties["app"] = _only(properties["app"], names)
    sender = properties.get("from", {})
    if sender.get("type") == "string":
        properties["from"] = _only(sender, senders)
    elif "email" in sender.get("properties", {}):
        inner = {**sender["properties"], "email": _only(sender["properties"]["email"], senders)}
        properties["from"] = {**{k: v for k, v in sender.items() if k != "x-name"}, "properties": inner}
    return replace(operation, body={**body, "properties": properties})


def _only(schema: Schema, values: list[str]) -> Schema:
    bounds = ("maxLength", "minLength", "pattern", "format")
    return {**{key: value for key, value in schema.items() if key not in bounds}, "enum": values}
