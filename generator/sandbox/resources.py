"""Owns the wire shape of each kind of resource, as a table. Must not hold records or rules for bodies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.sandbox.store import Json


@dataclass(frozen=True, slots=True)
class Resource:
    """`refs` are body fields that name another record; `links` are relationships without data."""

    path: str
    refs: Mapping[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    defaults: Mapping[str, Json] = field(default_factory=dict)
    versioned: bool = False


_CONTACTS = ("externalIds", "sharedExternalIds", "emails", "sharedEmails", "phones", "sharedPhones")

RESOURCES: Mapping[str, Resource] = {
    "customer": Resource(
        "/v1/customers",
        {"company": "company"},
        ("messages",),
        {
            **{name: [] for name in _CONTACTS},
            **{name: [] for name in ("whatsapps", "facebookIds", "instagramIds", "socials", "sharedSocials")},
            **{name: [] for name in ("urls", "locations", "activeUsers", "watchers", "tags")},
            "displayColor": "teal",
            "displayIcon": "fox",
            "progressiveStatus": None,
            "verified": False,
        },
        versioned=True,
    ),
    "company": Resource(
        "/v1/companies",
        defaults={name: [] for name in ("emails", "phones", "whatsapps", "socials", "urls", "domains", "tags")},
        versioned=True,
    ),
    "conversation": Resource(
        "/v1/conversations",
        {"customer": "customer", "queue": "queue", "subStatus": "sub_status"},
        ("messages", "notes"),
        {
            **{name: [] for name in ("channels", "tags", "suggestedTags", "assignedUsers", "assignedTeams")},
            "status": "open",
            "direction": "in",
            "messageCount": 0,
            "noteCount": 0,
            "outboundMessageCount": 0,
            "satisfaction": 0,
            "priority": 3,
        },
        versioned=True,
    ),
    "message": Resource(
        "/v1/messages",
        {"customer": "customer", "conversation": "conversation"},
        defaults={"direction": "in", "status": "received", "meta": {}, "size": 0, "shortcuts": []},
        versioned=True,
    ),
    "note": Resource("/v1/notes", {"customer": "customer", "conversation": "conversation"}),
    "draft": Resource(
        "/v1/drafts",
        {"customer": "customer", "conversation": "conversation"},
        defaults={"status": "draft", "auto": False, "scheduled": False, "shortcuts": [], "kbArticles": []},
    ),
    "kobject": Resource(
        "/v1/klasses",
        {"customer": "customer", "company": "company"},
        defaults={"images": [], "icon": "", "tags": [], "custom": {}, "roleGroupVersions": []},
        versioned=True,
    ),
    "klass": Resource("/v1/klasses", defaults={"icon": "", "color": "", "status": "enabled", "appDisabled": False}),
    "attachment": Resource("/v1/attachments", {"message": "message"}),
    "forward": Resource("/v1/forwards", {"customer": "customer", "conversation": "conversation"}),
    "conversation_time": Resource("/v1/conversations/times", {"customer": "customer", "conversation": "conversation"}),
    "customer_merge": Resource("/v1/customers/merges", {"source": "customer", "target": "customer"}),
    "user": Resource("/v1/users", defaults={"roles": [], "mobile": None}),
    "team": Resource("/v1/teams"),
    "org": Resource("/v1/orgs"),
    "tag": Resource("/v1/tags"),
    "brand": Resource("/v1/brands"),
    "queue": Resource("/v1/routing/queues"),
    "sla": Resource("/v1/slas"),
    "sla_version": Resource("/v1/slas/versions", {"sla": "sla"}),
    "snooze": Resource("/v1/snoozes"),
    "sub_status": Resource("/v1/sub-statuses"),
    "bulk": Resource("/v1/bulk"),
    "bulk_batch": Resource("/v1/bulk/batches", {"bulk": "bulk"}),
    "outbound_account": Resource("/v1/outboundAccounts"),
    "auth_token": Resource("/v1/auth/tokens"),
}

PAGE_MAX = {"user": 500, "team": 500, "search": 500, "conversation_time": 1000}


def resource(kind: str) -> Resource:
    """The row for a kind; `kobject.order` and its like share one row."""
    return RESOURCES["kobject" if kind.startswith("kobject.") else kind]


def klass_of(kind: str) -> str:
    return kind.removeprefix("kobject.")


def plural(name: str) -> str:
    """The alias a Klass also answers to in paths."""
    return name[:-1] + "ies" if name.endswith("y") and name[-2:-1] not in "aeiou" else name + "s"


def path_of(kind: str, id: str) -> str:
    if kind.startswith("kobject."):
        return f"/v1/klasses/{klass_of(kind)}/{id}"
    return f"{resource(kind).path}/{id}"
