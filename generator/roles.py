"""Owns which roles an operation asks for: the table that its document publishes, else what Kustomer's pages say, as rows.

Any one of an operation's roles suffices, and a role covers its children: `org.permission.customer` covers
`org.permission.customer.read` (developer.kustomer.com/docs/get-started/api-keys-and-roles). `None` is "not known".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from generator.ir import Operation

Roles = tuple[str, ...]

_VERBS = {"GET": "read", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_LEGACY = {"read": "read", "create": "write", "update": "write", "delete": "delete"}
# In a role's name, stands for the Klass: `org.permission.kobject.kobject_*.read`.
ANY_KLASS = "kobject_*"


def _usual(noun: str, *verbs: str, also: Roles = ()) -> dict[str, Roles]:
    """Today's permission and the legacy role of each verb."""
    return {verb: (f"org.permission.{noun}.{verb}", f"org.user.{noun}.{_LEGACY[verb]}", *also) for verb in verbs}


def _only(noun: str, *verbs: str, legacy: Roles = ()) -> dict[str, Roles]:
    """Today's permission of each verb, and legacy roles of another name."""
    return {verb: (f"org.permission.{noun}.{verb}", *legacy) for verb in verbs}


_KOBJECT = ("read", "create", "update", "delete")

# What a role is for -> verb -> any of these.
ROLES: dict[str, dict[str, Roles]] = {
    "apps": _usual("apps", "read"),
    "attachment": _usual("attachment", "read"),
    "audit_logs": _usual("audit_logs", "read"),
    "brand": {
        **_usual("brand", "read", also=("org.admin.brand",)),
        **_only("brand", "create", "update", legacy=("org.admin.brand",)),
    },
    "company": _usual("company", "read", "create", "update"),
    "conversation": _usual("conversation", "read", "create", "update", "delete"),
    "conversation_forward": _usual("conversation_forward", "create"),
    "customer": _usual("customer", "read", "create", "update", "delete"),
    "customer_merge": _only("customer_merge", "read", "create", legacy=("org.admin.customer.merge",)),
    "draft": _usual("draft", "read"),
    "event": _usual("event", "read"),
    "kb": {
        **_usual("kb", "read", also=("org.admin.kb",)),
        **dict.fromkeys(("create", "update", "delete"), ("org.permission.kb.update", "org.admin.kb")),
    },
    "klass": {
        **_usual("klass", "read", also=("org.admin.klass.read",)),
        **_only("klass", "create", "update", "delete", legacy=("org.admin.klass",)),
    },
    "kobject": {
        verb: (*_usual("kobject", verb)[verb], f"org.permission.kobject.{ANY_KLASS}.{verb}") for verb in _KOBJECT
    },
    "media": _usual("media", "read", "create", "update"),
    "message": {
        **_usual("message", "read"),
        **_usual("message", "create", "update", also=("org.admin.message.write",)),
    },
    "message_redaction": _only("message_redaction", "create"),
    "metadata": {
        **_usual("metadata", "read", also=("org.admin.metadata.read",)),
        **_only("metadata", "update", legacy=("org.admin.metadata",)),
    },
    "note": _usual("note", "read", "create", "update", "delete"),
    "outbound_webhook": _only("outbound_webhook", "read"),
    "satisfaction": _usual("satisfaction", "read"),
    "schedule": {
        **_usual("schedule", "read", also=("org.admin.schedule",)),
        **_only("schedule", "create", "update", "delete", legacy=("org.admin.schedule",)),
    },
    "search": {
        "read": (
            "org.permission.search.create",
            "org.permission.search.update",
            "org.permission.search_global.create",
            "org.permission.search_preview.create",
            "org.user.search.read",
            "org.admin.search.read",
        )
    },
    "setting": _usual("setting", "read"),
    "shortcut": _only("shortcut", "read"),
    "sla": _usual("sla", "read"),
    "spam": _only("spam", "read", "update", "delete", legacy=("org.admin.spam",)),
    "team": _usual("team", "read"),
    "tracking": {"create": ("org.tracking",)},
    "unmasking_window": _only("unmasking_window", "create", "delete", legacy=("org.user.customer.write",)),
    "user": _usual("user", "read", also=("org.admin.user",)),
    # Any valid key will do.
    "nothing": dict.fromkeys(_LEGACY, ()),
}

# Operation (a glob over method and path) -> what its role is for, and the verb where the method does not say it. The
# first row that matches counts; what no row matches, and a verb that is not there, is not known.
ROWS: tuple[tuple[str, str, str], ...] = (
    ("GET /v1/auth/tokens/current", "nothing", ""),
    ("GET /p/v3/kb/*", "nothing", ""),
    ("POST /v1/customers/search", "search", "read"),
    ("POST /v1/customers/archive/search", "search", "read"),
    ("* /v1/customers/merges*", "customer_merge", ""),
    ("GET /v1/customers/{id}/merges", "customer_merge", ""),
    ("* /v1/customers/{id}/unmasking-windows", "unmasking_window", ""),
    ("* /v1/customers/{id}/conversations", "conversation", ""),
    ("* /v1/customers/{id}/messages", "message", ""),
    ("GET /v1/customers/{id}/notes", "note", ""),
    ("GET /v1/customers/{id}/drafts", "draft", ""),
    ("GET /v1/customers/{id}/klasses/{name}", "customer", ""),
    ("POST /v1/customers/{id}/klasses/{name}", "kobject", ""),
    ("GET /v1/customers/{id}/events", "event", ""),
    ("GET /v1/customers/{customerId}/events/{id}", "event", ""),
    ("GET /v1/customers/{id}/sessions", "event", ""),
    ("GET /v1/customers/{customerId}/sessions/*", "event", ""),
    ("GET /v1/customers/*={*}", "customer", ""),
    ("* /v1/customers/bulk", "customer", ""),
    ("* /v1/customers/{id}", "customer", ""),
    ("* /v1/customers", "customer", ""),
    ("* /v1/conversations/{id}/messages", "message", ""),
    ("* /v1/conversations/{id}/notes", "note", ""),
    ("* /v1/conversations/{id}/tags", "conversation", "update"),
    ("GET /v1/conversations/{id}/times", "conversation", ""),
    ("GET /v2/conversations/{id}/times", "conversation", ""),
    ("GET /v1/conversations/times/*", "conversation", ""),
    ("GET /v1/conversations/{id}/attachments", "conversation", ""),
    ("GET /v1/conversations/{id}/events", "event", ""),
    ("POST /v1/conversations/{id}/forwards", "conversation_forward", ""),
    ("GET /v1/conversations/*={*}", "conversation", ""),
    ("* /v1/conversations/bulk", "conversation", ""),
    ("* /v1/conversations/{id}", "conversation", ""),
    ("* /v1/conversations", "conversation", ""),
    ("POST /v1/messages/{id}/redactions", "message_redaction", ""),
    ("GET /v1/messages/{message_id}/attachments/{id}", "attachment", ""),
    ("GET /v1/messages/*={*}", "message", ""),
    ("* /v1/messages/bulk", "message", ""),
    ("* /v1/messages/{id}", "message", ""),
    ("* /v1/messages", "message", ""),
    ("* /v1/notes*", "note", ""),
    ("GET /v1/companies/{id}/klasses/{name}", "company", ""),
    ("* /v1/companies*", "company", ""),
    # Listing custom objects asks for the role of the Klass, each of them for the role of the object.
    ("GET /v1/klasses/{name}", "klass", ""),
    ("* /v1/klasses/{name}*", "kobject", ""),
    ("* /v1/klasses*", "klass", ""),
    ("* /v1/metadata/*", "metadata", ""),
    ("GET /v1/attachments/{id}", "attachment", ""),
    ("* /v1/media*", "media", ""),
    ("GET /v1/outboundAccounts", "apps", ""),
    ("GET /v1/apps*", "apps", ""),
    ("GET /v1/audit-logs", "audit_logs", ""),
    ("* /v1/brands*", "brand", ""),
    ("* /v[13]/kb/*", "kb", ""),
    ("GET /v1/outbound-webhooks*", "outbound_webhook", ""),
    ("GET /v1/satisfaction*", "satisfaction", ""),
    ("* /v1/schedules*", "schedule", ""),
    ("GET /v1/settings*", "setting", ""),
    ("GET /v1/shortcuts*", "shortcut", ""),
    ("GET /v1/slas*", "sla", ""),
    ("* /v1/spam/*", "spam", ""),
    ("GET /v1/teams*", "team", ""),
    ("POST /v1/tracking/*", "tracking", ""),
    ("GET /v1/users/{id}/teams", "team", ""),
    ("GET /v1/users", "user", ""),
    ("GET /v1/users/{id*}", "user", ""),
)


def roles_of(operation: Operation) -> Roles | None:
    """The roles of which an operation asks for one; empty where any valid key will do, None where that is not known."""
    return _of_klass(operation.roles or known(operation.key), operation.klass)


def role_cases(operation: Operation) -> tuple[tuple[str, Roles | None], ...]:
    """The ways of calling that ask for other roles: arguments that lead to another path, and fields that are read first
    where they are left out."""
    rows = [(f"with {s.argument}", s.roles or known(f"{operation.method} {s.path}")) for s in operation.scopes]
    rows += [(f"without {field}", known(f"GET {operation.path}")) for field, _ in operation.kept]
    return tuple((case, roles) for case, roles in rows if roles != roles_of(operation))


def known(key: str) -> Roles | None:
    """What the rows say of an operation.

    >>> known("GET /v1/slas/{id}"), known("PUT /v1/drafts/{id}"), known("GET /v1/auth/tokens/current")
    (('org.permission.sla.read', 'org.user.sla.read'), None, ())
    """
    for pattern, noun, verb in ROWS:
        if fnmatchcase(key, pattern):
            return ROLES[noun].get(verb or _VERBS[key.partition(" ")[0]])
    return None


def _of_klass(roles: Roles | None, klass: str) -> Roles | None:
    if roles is None or not klass:
        return roles
    return tuple(role.replace(ANY_KLASS, f"kobject_{klass}") for role in roles)


# ------------------------------------------------------------------------------------------- published tables

_TITLES = re.compile(r"\brole\b", re.IGNORECASE)
_ROLE = re.compile(r"\borg(?:\.[A-Za-z0-9_-]+\*?)+")


def published(description: object) -> Roles:
    """The roles of the tables in a Markdown description, in their order; a table of roles has them in its head.

    >>> published("Any of:\\n\\n|Legacy Role|Equivalent Permission Set Role|\\n|---|---|\\n|org.user.sla.read|`org.permission.sla.read`|")
    ('org.user.sla.read', 'org.permission.sla.read')
    """
    if not isinstance(description, str):
        return ()
    cells = (line.replace("\\", "") for line in _role_lines(description))
    found = (role for line in cells for role in _ROLE.findall(line))
    # A star that is not the Klass of a role is Markdown's.
    return tuple(dict.fromkeys(role if role.endswith("_*") else role.removesuffix("*") for role in found))


def _role_lines(description: str) -> Iterator[str]:
    """The lines of every table whose first line names roles."""
    before, wanted = False, False
    for line in description.splitlines():
        row = line.lstrip().startswith("|")
        if row and not before:
            wanted = bool(_TITLES.search(line))
        elif row and wanted:
            yield line
        before = row
