"""Owns what describes the org: its key, users, teams, tags, brands, accounts. Must not change them."""

from __future__ import annotations

from collections.abc import Callable

from generator.sandbox import envelope
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.errors import not_found
from generator.sandbox.store import Json, Record, Ref, object_id

ROLE_NAMES = (
    *(f"org.permission.{name}" for name in ("company", "conversation", "customer", "draft", "klass", "kobject")),
    *(f"org.permission.{name}" for name in ("message", "metadata", "note", "search", "sla", "unmasking_window")),
    *("org.user", "org.admin", "org.tracking"),
)


def _token(call: Call) -> Reply:
    """The key that asks, with its roles and org: any valid key may know itself."""
    key, born = call.key, call.org.attributes["createdAt"]
    attributes: dict[str, Json] = {
        "name": key.name,
        "roles": list(key.roles),
        "lastTokenChars": key.token[-4:],
        "ipAddress": "127.0.0.1",
        "userAgent": "",
        "createdAt": born,
        "updatedAt": born,
        "lastAccessedAt": call.world.clock.stamp(),
    }
    record = Record("auth_token", object_id("token", key.token), attributes, {"user": Ref("user", key.user)})
    return envelope.one(call, record)


def _roles(_call: Call) -> Reply:
    return Reply(200, {"data": [{"type": "role", "id": name} for name in ROLE_NAMES]})


def _org(call: Call) -> Reply:
    return envelope.one(call, Record("org", call.org.id, call.org.attributes))


def _me(call: Call) -> Reply:
    user = call.org.tables.get("user", call.key.user)
    if user is None:
        raise not_found("id")
    return envelope.one(call, user)


def _teams_of(call: Call) -> Reply:
    user = call.record("user")
    teams = [t for t in call.org.tables.all("team") if user.id in t.attributes["members"]]
    return envelope.many(call, "team", teams)


def _outbound(call: Call) -> Reply:
    """The accounts a draft may be sent from. These carry no ids."""
    accounts = call.org.tables.all("outbound_account")
    shown = [{name: account.attributes[name] for name in ("channel", "name", "account")} for account in accounts]
    rows = [{"type": "outboundAccount", "attributes": attributes} for attributes in shown]
    return Reply(200, {"meta": {}, "data": rows, "links": {"self": "/v1/outboundAccounts"}})


def _listed(kind: str) -> Callable[[Call], Reply]:
    return lambda call: envelope.many(call, kind, list(call.org.tables.all(kind)))


def _shown(kind: str) -> Callable[[Call], Reply]:
    return lambda call: envelope.one(call, call.record(kind))


def _default_brand(call: Call) -> Reply:
    found = call.org.tables.first("brand", lambda b: bool(b.attributes.get("default")))
    if found is None:
        raise not_found("id")
    return envelope.one(call, found)


USERS, TEAMS, BRANDS = may("user", "read"), may("team", "read"), may("brand", "read", "org.admin.brand")

OPERATIONS = (
    Operation("GET", "/v1/auth/tokens/current", _token),
    Operation("GET", "/v1/auth/roles", _roles),
    Operation("GET", "/v1/orgs/current", _org),
    Operation("GET", "/v1/users/current", _me),
    Operation("GET", "/v1/users", _listed("user"), USERS),
    Operation("GET", "/v1/users/{id}", lambda call: envelope.named(call, "user"), USERS),
    Operation("GET", "/v1/users/{id}/teams", _teams_of, TEAMS),
    Operation("GET", "/v1/teams", _listed("team"), TEAMS),
    Operation("GET", "/v1/teams/{id}", _shown("team"), TEAMS),
    Operation("GET", "/v1/tags", _listed("tag"), may("tag", "read")),
    Operation("GET", "/v1/brands", _listed("brand"), BRANDS),
    Operation("GET", "/v1/brands/default", _default_brand, BRANDS),
    Operation("GET", "/v1/brands/{id}", _shown("brand"), BRANDS),
    Operation("GET", "/v1/outboundAccounts", _outbound, may("apps", "read")),
)
