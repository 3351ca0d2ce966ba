"""Owns the definitions of service levels. Must not compute the live state, which conversations carry."""

from __future__ import annotations

from generator.sandbox import envelope
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import bad
from generator.sandbox.store import Json, Record


def _versions(call: Call, sla: Record) -> list[dict[str, Json]]:
    """The versions that `versions` asks for: the active one, all, or none."""
    wanted = call.query.get("versions")
    if wanted not in (None, "active", "all"):
        raise bad("versions", f"No enum match for: {wanted}", "/properties/versions/enum")
    found = call.org.tables.where("sla_version", sla=sla.id)
    current = sla.attributes["currentVersion"]
    kept = [v for v in found if wanted == "all" or (wanted == "active" and v.attributes["version"] == current)]
    return [envelope.dressed(call, v) for v in kept]


def _shown(call: Call, sla: Record) -> dict[str, Json]:
    """One SLA; which versions it has stands among its relationships."""
    shown = envelope.dressed(call, sla)
    named = [{"type": v.kind, "id": v.id} for v in call.org.tables.where("sla_version", sla=sla.id)]
    return {**shown, "relationships": {**shown["relationships"], "versions": {"data": named}}}


def _get(call: Call) -> Reply:
    sla = call.record("sla")
    document: dict[str, Json] = {"data": _shown(call, sla)}
    versions = _versions(call, sla)
    if versions:
        # One included version comes as an object, not as a list: so the documents and the service have it.
        document["included"] = versions[0] if call.query["versions"] == "active" else versions
    return Reply(200, document)


def _list(call: Call) -> Reply:
    slas = list(call.org.tables.all("sla"))
    reply = envelope.many(call, "sla", slas)
    versions = [version for sla in slas for version in _versions(call, sla)]
    return Reply(200, {**reply.document, "included": versions} if versions else reply.document)


OPERATIONS = (
    Operation("GET", "/v1/slas", _list, may("sla", "read")),
    Operation("GET", "/v1/slas/{id}", _get, may("sla", "read")),
)
