"""Owns the tables of draft bodies per channel. Data only; the routes of drafts pick the row and check it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from generator.sandbox.fields import Field
from generator.sandbox.rules import (
    BOOL,
    CONVERSATION,
    CUSTOMER,
    EMAIL,
    ID,
    LANG,
    MENTION,
    OPEN,
    choice,
    closed,
    some,
    text,
)

ADDRESS = closed(("email",), email=EMAIL.fields["email"] if EMAIL.fields else Field(), name=text())
ADDRESSES = Field(either=(Field("array", low=1, high=50, items=ADDRESS), ADDRESS))
PHONE = Field("string", format="phone")
MATH = Field("string", nullable=True, format="date-time-math")
SEND_AT = Field("string", format="date-time-math")
PLAIN = text(high=256)

SOURCES: Mapping[str, Field] = {
    "create": choice("bulk", "satisfaction"),
    "update": choice("bulk", "satisfaction", "biz-rules"),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One channel's own fields. `app` is per action, since updates know apps that creation does not."""

    channel: str
    body_max: int
    apps: tuple[str, ...] = ()
    more_apps: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    fields: Mapping[str, Field] | None = None
    update_fields: Mapping[str, Field] | None = None
    without: tuple[str, ...] = ()


_EMAIL: Mapping[str, Field] = {
    "to": ADDRESSES,
    "from": ADDRESS,
    "cc": some(ADDRESS, 50),
    "bcc": some(ADDRESS, 50),
    "subject": PLAIN,
    "replyTo": PLAIN,
    "headers": some(closed(("name",), name=PLAIN, value=text(high=1024)), 50),
    "template": Field("string", nullable=True, format="object-id"),
}
_STRINGS: Mapping[str, Field] = {"to": PLAIN, "from": PLAIN}
_INTERACTIVE = closed(("interactive",), interactive=Field("object", required=("type",)))
_TEMPLATE = closed(("template",), template=ID, components=Field())
_HTML: Mapping[str, Field] = {
    "htmlBody": text(high=10240),
    "templateType": choice("email-reply", "email-autoresponse", "email-satisfaction"),
}
_CHAT: Mapping[str, Field] = {
    "responseButtons": some(closed(("label", "value"), label=PLAIN, value=PLAIN), 20),
    "messageTemplate": OPEN,
}
_WHATSAPP = ("twilio_whatsapp", "messagebird", "whatsapp")
_NUMBERS: Mapping[str, Field] = {"to": PHONE, "from": PHONE}

# The order is that of the documents: the number of a row stands in the detail of its errors.
VARIANTS: tuple[Variant, ...] = (
    Variant("email", 10240, ("gmail", "postmark"), fields=_EMAIL, update_fields=_HTML),
    Variant("sms", 1600, ("twilio", "zipwhip"), ("messagebird",), fields={"to": PHONE, "from": text(high=32)}),
    Variant("whatsapp", 1600, _WHATSAPP, required=("app", "body"), fields=_NUMBERS),
    Variant(
        "whatsapp.interactive",
        1600,
        ("whatsapp",),
        (),
        ("app", "meta"),
        {**_NUMBERS, "meta": _INTERACTIVE},
        None,
        ("body",),
    ),
    Variant(
        "whatsapp.template",
        1600,
        ("whatsapp",),
        (),
        ("app", "meta"),
        {**_NUMBERS, "meta": _TEMPLATE},
        None,
        ("body",),
    ),
    Variant(
        "chat",
        1024,
        (),
        ("chat", "smooch"),
        fields={**_STRINGS, "attachments": some(ID, 100)},
        update_fields=_CHAT,
    ),
    Variant("facebook", 2000, fields=_STRINGS),
    Variant("twitter-tweet", 280, fields={**_STRINGS, "sendAt": SEND_AT}),
    Variant("twitter-dm", 10000, fields={**_STRINGS, "sendAt": SEND_AT}),
    Variant("note", 10240, fields={"userMentions": Field("array", high=20, items=MENTION)}, without=("auto",)),
    Variant("instagram", 1000, fields=_STRINGS),
)

CHANNELS = tuple(dict.fromkeys(variant.channel.partition(".")[0] for variant in VARIANTS))


def number_of(body: Mapping[str, object]) -> int:
    """Which variant a body means: its channel, and for WhatsApp what `meta` holds. -1 for none."""
    meta = body.get("meta")
    kind = next((k for k in ("template", "interactive") if isinstance(meta, Mapping) and k in meta), None)
    names = (f"{body.get('channel')}.{kind}", body.get("channel"))
    return next((n for name in names for n, v in enumerate(VARIANTS) if v.channel == name), -1)


def rule(number: int, action: str, chat_max: int) -> Field:
    """The table of one variant, for "create" or "update"."""
    variant = VARIANTS[number]
    channel = variant.channel.partition(".")[0]
    apps = variant.apps + (variant.more_apps if action == "update" else ())
    common: dict[str, Field] = {
        "channel": choice(channel),
        "conversation": CONVERSATION,
        "customer": CUSTOMER,
        "auto": BOOL,
        "sendAt": MATH,
        "scheduled": BOOL,
        "source": choice("bulk") if channel == "note" and action == "create" else SOURCES[action],
        "lang": LANG,
        "shortcuts": some(ID, 100),
        "kbArticles": some(ID, 100),
        "payload": OPEN,
        "body": text(high=chat_max if channel == "chat" else variant.body_max),
    }
    own = {**common, **(variant.fields or {}), **({"app": choice(*apps)} if apps else {})}
    if action == "update":
        own |= variant.update_fields or {}
    kept = {name: field for name, field in own.items() if name not in variant.without}
    required = ("channel", *variant.required) if action == "create" else ("channel",)
    return replace(closed(required), fields=kept)
