"""Owns the small rules which body tables are made of. Data only; must not know a whole body."""

from __future__ import annotations

from generator.sandbox.fields import Field

ID = Field("string", format="object-id")
MOMENT = Field("string", format="date-time")
MAYBE_MOMENT = Field("string", nullable=True, format="date-time")
TEXT = Field("string", high=256)
MAYBE_TEXT = Field("string", nullable=True, high=256)
LONG = Field("string", low=1, high=10240)
BOOL = Field("boolean")
NUMBER = Field("number")
LINK = Field("string", format="url", high=2048)
OPEN = Field("object")
CUSTOM = Field("object", high=100)  # replaced by the attributes of the org before anything is checked
REV = Field("integer", low=0)
EXTERNAL = Field("string", low=1, high=256)
MAYBE_EXTERNAL = Field("string", nullable=True, low=1, high=256)
LANG = Field("string", nullable=True, high=32)
TAG_PATTERN = r"^[0-9a-zA-ZÀ-ÿ_/<>\-.]{1}[0-9a-zA-ZÀ-ÿ _/<>\-.]{0,63}$"
TAG = Field("string", low=1, high=64, pattern=TAG_PATTERN)
TAGS = Field("array", high=20, items=TAG)

CUSTOMER = Field("string", format="object-id", target="customer")
COMPANY = Field("string", nullable=True, format="object-id", target="company")
CONVERSATION = Field("string", format="object-id", target="conversation")
USERS = Field("array", high=10, items=Field("string", format="object-id", target="user"))
TEAMS = Field("array", high=10, items=Field("string", format="object-id", target="team"))
QUEUE = Field("string", nullable=True, format="object-id")

CHANNELS = (
    "email",
    "sms",
    "chat",
    "facebook",
    "twitter-dm",
    "twitter-tweet",
    "voice",
    "instagram",
    "whatsapp",
)


def text(*, low: int = 0, high: int = 256, nullable: bool = False) -> Field:
    return Field("string", low=low, high=high, nullable=nullable)


def choice(*values: object, nullable: bool = False) -> Field:
    return Field("string" if isinstance(values[0], str) else "number", enum=values, nullable=nullable)


def closed(required: tuple[str, ...] = (), /, **fields: Field) -> Field:
    return Field("object", fields=fields, required=required)


def some(item: Field, high: int = 10) -> Field:
    return Field("array", high=high, items=item)


EMAIL = closed(
    ("email",),
    type=choice("home", "work", "other"),
    email=Field("string", format="email", high=256),
    verified=BOOL,
)
PHONE = closed(
    ("phone",),
    type=choice("mobile", "home", "work", "fax", "other"),
    phone=Field("string", format="phone"),
    verified=BOOL,
)
WHATSAPP = closed(("phone",), type=choice("mobile"), phone=Field("string", format="phone"), verified=BOOL)
SOCIAL = closed(
    ("type", "username"),
    type=choice("twitter", "facebook", "instagram", "linkedin", "pinterest"),
    userid=TEXT,
    username=TEXT,
    url=LINK,
    verified=BOOL,
)
EXTERNAL_ID = closed(("externalId",), externalId=EXTERNAL, verified=BOOL)
URL = closed(("url",), type=choice("website", "blog", "other"), url=LINK)
PLACE_NAMES = (
    "name",
    "address",
    "address2",
    "address3",
    "countryCode",
    "countryName",
    "regionCode",
    "regionName",
)
LOCATION = closed(
    type=choice("home", "work", "other"),
    latitude=Field("number", nullable=True, low=-90, high=90),
    longitude=Field("number", nullable=True, low=-180, high=180),
    **dict.fromkeys((*PLACE_NAMES, "cityName", "zipCode", "areaCode"), MAYBE_TEXT),
)
SENTIMENT = closed(("polarity", "confidence"), polarity=choice(-1, 0, 1), confidence=Field("number", low=-1, high=1))
ATTACHMENT = closed(
    ("_id", "name", "contentType", "contentLength"),
    _id=ID,
    name=TEXT,
    contentType=TEXT,
    contentLength=Field("integer", low=0),
    sourceId=TEXT,
)
MENTION = closed(user=ID, team=ID)


def _node(depth: int) -> Field:
    """A node of a tree, which may hold `depth` more levels."""
    below = {"children": Field("array", items=_node(depth - 1))} if depth else {}
    return Field("object", loose=True, required=("id",), fields={"id": text(low=1), "displayName": text(), **below})


# Loose, because what a client read may be sent back, with whatever the service adds to it.
DEFINITION = Field(
    "object",
    nullable=True,
    loose=True,
    fields={
        "type": choice("string", "number", "boolean", "object", "array"),
        "displayName": text(),
        "enumeration": Field("array"),
        "target": text(),
        "multi": BOOL,
        "array": BOOL,
        "lastNodeRequired": BOOL,
        "sensitive": Field("object", loose=True, fields={"enabled": BOOL, "maskType": TEXT}),
        "tree": Field("object", loose=True, fields={"children": Field("array", items=_node(9))}),
    },
)
