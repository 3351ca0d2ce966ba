"""Owns which standard fields each typed search offers, as data: rows, no logic.

Names, operator classes and values are those of the JSON schema of standard attributes in Kustomer's reference of
`POST /v1/customers/search` (and of its archive search, for a company's dates): that schema is closed, so a field that
it lacks, such as a custom object's title, can't be searched. `sorts` marks what the reference lists for sorting, and
the dates by which production data taps sort.
"""

from __future__ import annotations

from dataclasses import dataclass

from generator.ir import SearchField

SEARCH = "POST /v1/customers/search"
_CHANNELS = (
    "chat",
    "email",
    "facebook",
    "instagram",
    "sms",
    "twitter-dm",
    "twitter-tweet",
    "voice",
    "whatsapp",
)
_STATUSES = ("done", "open", "snoozed")


@dataclass(frozen=True, slots=True)
class SearchObject:
    """A standard object that has a search of its own: its Klass, tool, the tag of its toolset, its name in words."""

    klass: str
    tool: str
    tag: str
    plural: str
    fields: tuple[SearchField, ...]


CUSTOMER = (
    SearchField("any_text", "customer_any_text", "any"),
    SearchField("name", "customer_name", "text", sorts=True),
    SearchField("email", "customer_email", "text"),
    SearchField("phone", "customer_phone", "text"),
    SearchField("external_id", "customer_externalId", "exact", sorts=True),
    SearchField("tags", "customer_tags", "exact"),
    SearchField("progressive_status", "customer_progressive_status", "choice", _STATUSES, sorts=True),
    SearchField("conversations_count", "customer_conversations_count", "number"),
    SearchField("created_at", "customer_created_at", "date", sorts=True),
    SearchField("updated_at", "customer_updated_at", "date", sorts=True),
    SearchField("last_seen_at", "customer_last_seen_at", "date", sorts=True),
    SearchField("last_message_at", "customer_last_message_at", "date", sorts=True),
)
CONVERSATION = (
    SearchField("any_text", "conversation_any_text", "any"),
    SearchField("name", "conversation_name", "text"),
    SearchField("status", "conversation_status", "choice", _STATUSES),
    SearchField("channels", "conversation_channels", "choice", _CHANNELS),
    SearchField("priority", "conversation_priority", "number"),
    SearchField("customer_id", "conversation_customer_id", "exact"),
    SearchField("assigned_users", "conversation_assigned_users", "exact"),
    SearchField("assigned_teams", "conversation_assigned_teams", "exact"),
    SearchField("queue", "conversation_queue", "exact"),
    SearchField("tags", "conversation_tags", "exact"),
    SearchField("sla_breached", "conversation_sla_breached", "boolean"),
    SearchField("sla_breach_at", "conversation_sla_breach_at", "date"),
    SearchField("created_at", "conversation_created_at", "date", sorts=True),
    SearchField("updated_at", "conversation_updated_at", "date", sorts=True),
    SearchField("last_message_at", "conversation_last_message_at", "date"),
    SearchField("last_done_at", "conversation_last_done_created_at", "date", sorts=True),
)
MESSAGE = (
    SearchField("any_text", "message_any_text", "any"),
    SearchField("body", "message_body", "text"),
    SearchField("subject", "message_subject", "text"),
    SearchField("channel", "message_channel", "choice", _CHANNELS),
    # Published with the operators of a boolean and these two values.
    SearchField("direction", "message_direction", "boolean", ("in", "out")),
    SearchField("status", "message_status", "choice", ("error", "received", "sent")),
    SearchField("customer_id", "message_customer_id", "exact"),
    SearchField("external_id", "message_external_id", "exact"),
    SearchField("created_by", "message_created_by", "exact"),
    SearchField("sender", "message_sender", "text"),
    SearchField("sent_at", "message_sent_at", "date"),
    SearchField("created_at", "message_created_at", "date", sorts=True),
    SearchField("updated_at", "message_updated_at", "date", sorts=True),
)
COMPANY = (
    SearchField("any_text", "company_any_text", "any"),
    SearchField("name", "company_name", "text"),
    SearchField("tags", "company_tags", "exact"),
    SearchField("default_lang", "company_default_lang", "exact"),
    SearchField("imported", "company_imported", "boolean"),
    SearchField("imported_at", "company_imported_at", "date"),
    SearchField("created_at", "company_created_at", "date", sorts=True),
    SearchField("updated_at", "company_updated_at", "date", sorts=True),
)
KOBJECT = (
    SearchField("any_text", "kobject_any_text", "any"),
    SearchField("created_at", "kobject_created_at", "date", sorts=True),
    SearchField("updated_at", "kobject_updated_at", "date", sorts=True),
)

OBJECTS: tuple[SearchObject, ...] = (
    SearchObject("customer", "kustomer_customers_search", "Customers", "customers", CUSTOMER),
    SearchObject("conversation", "kustomer_conversations_search", "Conversations", "conversations", CONVERSATION),
    SearchObject("message", "kustomer_messages_search", "Messages", "messages", MESSAGE),
    SearchObject("company", "kustomer_companies_search", "Companies", "companies", COMPANY),
)
KLASS_TOOL = "kustomer_{klass}_custom_objects_search"
KLASS_TAG = "KObjects (Custom Objects)"

# The kind of a Klass's attribute (see quirks.SUFFIXES) -> the kind of its field; with an enumeration it is a choice.
KINDS: dict[str, str] = {
    "any scalar": "scalar",
    "boolean": "boolean",
    "date-time": "date",
    "integer": "number",
    "multi-line text": "text",
    "number": "number",
    "relation": "exact",
    "text": "text",
    "tree": "exact",
    "URL": "text",
}
# Kinds of attributes that have an order which means something; Kustomer's reference names no custom attributes to sort by.
SORTED: tuple[str, ...] = ("any scalar", "date-time", "integer", "number", "text")
# The kind of a field -> its branch in a contract: kinds whose operators take the same values share one.
BRANCHES: dict[str, str] = {
    "text": "text",
    "exact": "text",
    "choice": "text",
    "number": "number",
    "date": "date",
    "boolean": "boolean",
    "scalar": "scalar",
}
# A branch -> the operators that it takes beside `set`; templates/runtime/search.py has the same rows and checks them.
# Kustomer's reference gives each field an operator class; these are the operators of each class that are seen at work in its
# examples, but for `gt` and `lt`, whose cases `gte` and `lte` cover, and for `equals` of a text, which is `in` with one
# text and sent as `equals`. `contains` on a field that Kustomer compares whole is sent as `equals` too.
OPERATORS: dict[str, tuple[str, ...]] = {
    "text": ("equals", "contains", "in"),
    "number": ("equals", "gte", "lte"),
    "date": ("gte", "lte"),
    "boolean": ("equals",),
    "scalar": ("equals", "contains", "gte", "lte", "in"),
}
# Kustomer takes 20 criteria in one list, and 5 fields to sort by; a condition has two operators at most, `any_text` is one.
MOST_CONDITIONS, MOST_SORTS = 9, 5
