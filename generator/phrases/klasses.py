"""Owns the phrases of the tools that a Klass adds: made from its names, and from a table of common nouns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import cycle

from generator import quirks
from generator.ir import Klass
from generator.search_fields import KLASS_TOOL
from generator.text import snake

SEARCH_ROW = "KLASS search"
# A word of a Klass's name -> what people say for such a thing.
NOUNS: dict[str, tuple[str, ...]] = {
    "appointment": ("meeting", "slot"),
    "booking": ("reservation",),
    "case": ("matter",),
    "claim": ("complaint", "damage report"),
    "contract": ("agreement", "deal"),
    "delivery": ("parcel", "package", "shipment"),
    "device": ("machine", "unit", "appliance"),
    "invoice": ("bill",),
    "item": ("article", "product"),
    "lead": ("prospect",),
    "loan": ("credit",),
    "membership": ("subscription", "plan"),
    "opportunity": ("deal",),
    "order": ("purchase", "thing bought"),
    "patient": ("person treated",),
    "payment": ("charge", "transaction"),
    "policy": ("insurance", "cover"),
    "product": ("item", "article"),
    "property": ("house", "flat", "building"),
    "refund": ("money back", "reimbursement"),
    "repair": ("fix", "service"),
    "reservation": ("booking",),
    "return": ("thing sent back", "rma"),
    "shipment": ("parcel", "package", "delivery", "box"),
    "store": ("shop", "branch"),
    "subscription": ("plan", "renewal", "membership", "monthly payment"),
    "ticket": ("pass",),
    "transaction": ("payment", "charge"),
    "trip": ("ride", "journey"),
    "vehicle": ("car",),
    "voucher": ("coupon", "gift card"),
    "warranty": ("guarantee", "broken product"),
}


@dataclass(frozen=True, slots=True)
class KlassTool:
    """A tool that is there because of a Klass, and the row of phrases that it is asked for with."""

    row: str
    klass: Klass


def klass_tools(klasses: Iterable[Klass]) -> dict[str, KlassTool]:
    """Tool -> the Klass that it is made of; its name is made as klasses.py and search.py make it."""
    patterns = {**quirks.KLASS_OPERATIONS, SEARCH_ROW: KLASS_TOOL}
    return {
        pattern.format(klass=snake(klass.name)): KlassTool(row, klass)
        for klass in klasses
        for row, pattern in patterns.items()
    }


def klass_phrases(row: Iterable[str], klass: Klass) -> tuple[str, ...]:
    """The phrases of a row, said of a Klass: `{one}` and `{many}` are each of its nouns in turn; then its nouns."""
    names = nouns(klass)
    said = [phrase.format(one=noun, many=plural(noun)) for phrase, noun in zip(row, cycle(names), strict=False)]
    return tuple(dict.fromkeys([*said, ", ".join(names)]))


def nouns(klass: Klass) -> list[str]:
    """What people call a record of a Klass: its label, its name, and what they say for the words of these."""
    own = [_plain(klass.label), _plain(klass.name)]
    words = [word for text in own for word in text.split()]
    others = [noun for word in words for noun in NOUNS.get(word, NOUNS.get(word.removesuffix("s"), ()))]
    return list(dict.fromkeys([*own, *others]))


def plural(noun: str) -> str:
    """More than one of it.

    >>> [plural(noun) for noun in ("order", "delivery", "box", "toys")]
    ['orders', 'deliveries', 'boxes', 'toys']
    """
    if noun.endswith("s"):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("x", "ch", "sh", "z")) else f"{noun}s"


def _plain(name: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", snake(name) or name)).lower()
