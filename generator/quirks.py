"""Owns what is peculiar about Kustomer's documents, as data: rows with a reason, no logic.

Operations are keyed by method and path as published ("GET /v1/klasses/{name}"), never by operation id, whose
spelling changes between published revisions, and never by the shape of the path, which is not unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = Any


@dataclass(frozen=True, slots=True)
class Patch:
    """One mend of a published operation, made only where the document still has what is expected; else it is left alone."""

    operation: str
    part: Literal["body", "parameter", "drop_body_field"]
    name: str
    expect: Json
    value: Json
    reason: str


_FREE = {"type": "object", "additionalProperties": True}
_IDS = {
    "type": "array",
    "items": {"type": "string"},
    "minItems": 1,
    "maxItems": 100,
    "description": "Ids, at most 100",
}
_TAG_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1, "description": "Tag names"}

PATCHES: tuple[Patch, ...] = (
    Patch(
        "POST /v1/attachments", "drop_body_field", "", {"type": "string"}, None, "a field without a name can't be sent"
    ),
    Patch("DELETE /v1/conversations/{id}/tags", "body", "", None, _TAG_NAMES, "the tags to remove travel in the body"),
    Patch("DELETE /v1/klasses/{name}/bulk", "parameter", "ids", None, _IDS, "the ids to delete travel in the query"),
    Patch(
        "POST /v1/outbound-webhooks",
        "body",
        "",
        None,
        {
            "type": "object",
            "required": ["name", "url", "events"],
            "properties": {
                "name": {"type": "string", "description": "Webhook name"},
                "url": {"type": "string", "format": "uri", "description": "HTTPS address that receives the events"},
                "events": {"type": "array", "items": {"type": "string"}, "description": "Event names to subscribe to"},
                "headers": {**_FREE, "description": "Headers to send with each event"},
            },
        },
        "the published document leaves the body out",
    ),
    Patch(
        "PATCH /v1/outbound-webhooks/{id}",
        "body",
        "",
        None,
        {
            "type": "object",
            "properties": {
                "name": {"type": "string", "description": "Webhook name"},
                "url": {"type": "string", "format": "uri", "description": "HTTPS address that receives the events"},
                "events": {"type": "array", "items": {"type": "string"}, "description": "Event names to subscribe to"},
                "headers": {**_FREE, "description": "Headers to send with each event"},
                "enabled": {"type": "boolean", "description": "Whether events are sent"},
            },
        },
        "the published document leaves the body out",
    ),
    *(
        Patch(operation, "body", "", None, {**_FREE, "description": "The payload, as JSON"}, "any payload is taken")
        for operation in (
            "POST /v1/hooks/form/{hash}",
            "POST /v1/hooks/form/{org}/{hash}",
            "POST /v1/hooks/web/{hash}",
            "PUT /v1/spam/senders",
        )
    ),
)

# A body whose fields are unknown to the document becomes this one argument, sent as the body itself.
FREE_BODY_ARGUMENT = "body"

# A body that is an array becomes one argument of this name, sent as the body itself.
ARRAY_BODY_ARGUMENT = "items"
ARRAY_BODY_ARGUMENTS: dict[str, str] = {
    "POST /v1/conversations/{id}/tags": "tags",
    "DELETE /v1/conversations/{id}/tags": "tags",
}

# Kustomer takes at most this many entries in one bulk request (developer.kustomer.com/docs/guides/bulk-operations).
BULK_LIMIT = 100
BULK_SUFFIX = "/bulk"

# Query parameters that hold several ids separated by commas, published as plain strings.
COMMA_SEPARATED: frozenset[str] = frozenset({"ids", "resourceIds"})

# Lists that take page and pageSize although the document does not say so (kustomer's pagination page).
PAGED: frozenset[str] = frozenset(
    {
        "GET /v1/customers",
        "GET /v1/customers/{id}/conversations",
        "GET /v1/companies",
        "GET /v1/notes",
        "GET /v1/klasses/{name}",
        "GET /v1/customers/{id}/klasses/{name}",
        "GET /v1/companies/{id}/klasses/{name}",
        "POST /v1/customers/search",
        "POST /v1/customers/archive/search",
    }
)
PAGE_PARAMETERS: frozenset[str] = frozenset({"page", "pageSize"})
# The largest page: 100 on most lists, more where Kustomer's pagination page says so.
PAGE_SIZE_LIMIT = 100
PAGE_SIZE_LIMITS: dict[str, int] = {
    "GET /v1/users": 500,
    "GET /v1/teams": 500,
    "POST /v1/customers/search": 500,
    "GET /v1/conversations/{id}/times": 1000,
    "GET /v2/conversations/{id}/times": 1000,
}

# Reads by effect although the method is POST.
READ_POSTS: frozenset[str] = frozenset({"POST /v1/customers/search", "POST /v1/customers/archive/search"})
# A GET that changes something would stand here; none is known.

# One list, several paths: an optional argument that narrows it chooses the path.
# Operation -> argument, the path it leads to, and the path parameter it fills.
SCOPES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "GET /v1/conversations": (("customer_id", "GET /v1/customers/{id}/conversations", "id"),),
    "GET /v1/klasses/{name}": (
        ("customer_id", "GET /v1/customers/{id}/klasses/{name}", "id"),
        ("company_id", "GET /v1/companies/{id}/klasses/{name}", "id"),
    ),
    "GET /v1/outbound-webhooks/transactions": (
        ("webhook_id", "GET /v1/outbound-webhooks/{webhookId}/transactions", "webhookId"),
    ),
}
SCOPE_DESCRIPTIONS: dict[str, str] = {
    "customer_id": "Of this customer",
    "company_id": "Of this company",
    "webhook_id": "Of this webhook",
}

# PUT where the same path has PATCH: the update tool is the PATCH, and the PUT replaces the whole record.
REPLACE_PARAMETER = "replace"

# Operations that a typed tool of each Klass takes the place of, and the name pattern of that tool.
KLASS_OPERATIONS: dict[str, str] = {
    "POST /v1/klasses/{name}": "create_a_kustomer_{klass}_custom_object",
    "PUT /v1/klasses/{name}/{id}": "update_a_kustomer_{klass}_custom_object_by_id",
}
# Covered by the tools above: the reason stands in left_out.
KLASS_COVERED: dict[str, str] = {
    "POST /v1/customers/{id}/klasses/{name}": "create_a_kustomer_<klass>_custom_object does the same with `customer`",
}
# Paths whose {name} is a Klass's name, so that the argument can offer the tenant's Klasses.
KLASS_NAME_PATHS: tuple[str, ...] = (
    "/v1/klasses/{name}",
    "/v1/customers/{id}/klasses/{name}",
    "/v1/companies/{id}/klasses/{name}",
)

# Path prefix of an operation -> the Klass whose attributes its body's `custom` holds.
CUSTOM_OWNERS: tuple[tuple[str, str], ...] = (
    ("/v1/customers/{id}/conversations", "conversation"),
    ("/v1/customers/{id}/messages", "message"),
    ("/v1/conversations/{id}/messages", "message"),
    ("/v1/customers/{id}/klasses", ""),
    ("/v1/customers/{id}/drafts", ""),
    ("/v1/companies/{id}/klasses", ""),
    ("/v1/conversations/{id}/notes", ""),
    ("/v1/conversations/{id}/forwards", ""),
    ("/v1/customers", "customer"),
    ("/v1/conversations", "conversation"),
    ("/v1/companies", "company"),
    ("/v1/messages", "message"),
    ("/v1/tracking/identity", "customer"),
)
STANDARD_KLASSES: tuple[str, ...] = ("company", "conversation", "customer", "message")


@dataclass(frozen=True, slots=True)
class Suffix:
    """What the end of an attribute's name says of its value (developer.kustomer.com/docs/concepts/custom-attributes)."""

    kind: str
    schema: dict[str, Json]
    hint: str


SUFFIXES: dict[str, Suffix] = {
    "Str": Suffix("text", {"type": "string", "maxLength": 1024}, ""),
    "Txt": Suffix("multi-line text", {"type": "string"}, ""),
    "Num": Suffix("number", {"type": "number"}, ""),
    "At": Suffix("date-time", {"type": "string", "format": "date-time"}, ""),
    "Bool": Suffix("boolean", {"type": "boolean"}, ""),
    "Url": Suffix("URL", {"type": "string", "format": "uri"}, ""),
    "Id": Suffix("relation", {"type": "string", "minLength": 1}, "id"),
    "Tree": Suffix("tree", {"type": "string"}, "multi-level list"),
}
# For a name without a known suffix: what the metadata's `type` says.
ATTRIBUTE_TYPES: dict[str, Suffix] = {
    "string": Suffix("text", {"type": "string"}, ""),
    "number": Suffix("number", {"type": "number"}, ""),
    "integer": Suffix("integer", {"type": "integer"}, ""),
    "boolean": Suffix("boolean", {"type": "boolean"}, ""),
    "date": Suffix("date-time", {"type": "string", "format": "date-time"}, "ISO 8601"),
    "datetime": Suffix("date-time", {"type": "string", "format": "date-time"}, "ISO 8601"),
}
ANY_SCALAR = Suffix("any scalar", {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]}, "")

# Fields of Klasses and metadata that change without anybody changing the schema; they never reach specs/.
VOLATILE: frozenset[str] = frozenset(
    {
        "createdAt",
        "createdBy",
        "deletedBy",
        "links",
        "meta",
        "modifiedAt",
        "modifiedBy",
        "relationships",
        "s3DataUrl",
        "updatedAt",
        "updatedBy",
    }
)

# Body fields that few callers set: the first to travel in `more` where a tool's schema is over its budget, and the last
# to be told of there and of a nested object.
RARE_FIELDS: frozenset[str] = frozenset(
    {
        "auto",
        "createConversation",
        "createdAt",
        "createdBy",
        "defaultLang",
        "deleted",
        "direction",
        "endedByType",
        "error",
        "getS3DataUrls",
        "headers",
        "importedAt",
        "kbArticles",
        "lang",
        "lastActivityAt",
        "lastCustomerActivityAt",
        "lastSeenAt",
        "modifiedAt",
        "modifiedBy",
        "payload",
        "populateLinkedConversations",
        "reference",
        "satisfactionLevel",
        "sentiment",
        "sharedEmails",
        "sharedExternalIds",
        "sharedPhones",
        "sharedSocials",
        "shortcuts",
        "signedUpAt",
        "source",
        "spam",
        "suggestedShortcuts",
        "suggestedTags",
        "updatedAt",
    }
)
# Those that stay the longest, the first of them to the last.
COMMON_FIELDS: tuple[str, ...] = (
    "to",
    "body",
    "preview",
    "subject",
    "status",
    "name",
    "title",
    "customer",
    "conversation",
    "emails",
    "phones",
    "externalId",
    "tags",
    "assignedUsers",
    "assignedTeams",
    "company",
    "sendAt",
    "scheduled",
    "from",
    "priority",
    "description",
    "channel",
    "app",
    "rev",
    "cc",
    "snooze",
    "custom",
)

# Where drafts of one channel each are written.
DRAFT_PATHS: frozenset[str] = frozenset({"/v1/customers/{id}/drafts", "/v1/drafts/{id}"})
# A body with both fields schedules only if the second is true as well (kustomer's create-draft page), so the tools fill
# it in; a body that has the first alone could not be scheduled, and would be sent at once, so neither is offered.
SCHEDULE_AT, SCHEDULE_FLAG = "sendAt", "scheduled"

# A field that Kustomer takes as cleared when it is left out -> the relationship that the tool reads and sends again.
KEPT_FIELDS: dict[str, tuple[tuple[str, str], ...]] = {
    "PATCH /v1/customers/{id}": (("company", "company"),),
}
