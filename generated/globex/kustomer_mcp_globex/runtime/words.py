"""Owns how words are compared: their stems, the words that say little, and what support teams say for Kustomer's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from .meanings import MEANT

_WORD = re.compile(r"[a-z]+|[0-9]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SILENT_WORDS = (
    "a an and any are as at be been by can could did do does for from had has have here how i if in into is it its just kustomer me "
    "my of off on one only or our out over please so some that the their them then there these they this those to up us was "
    "we were what when where which who whom whose will with would you your right still already all single two three"
)
# Words that stand in many requests and say little of the tool.
_WEAK_WORDS = (
    "record new now number type text work open set value time long many much old list page thing help last week month day today "
    "tomorrow yesterday ago monday year moment"
)
# How much the words count that a phrase means, and those that mean others still count by themselves.
_MEANT_SHARE, _TRANSLATED_SHARE = 0.9, 0.5
# How much a weak word counts, a verb beside what it asks for, and the name of the kind of tool that the verb asks for.
_WEAK_SHARE, _VERB_SHARE, _KIND_SHARE = 0.4, 0.4, 0.6
_LONGEST_PHRASE = 3
# A request's verb -> the kind of tool, or `read` for any that reads. The first of these phrases in a request decides, the
# longer one where two begin together.
_KINDS = {
    "read": "find, show, which, what, who, whose, how, when, where, why, see, search, look, read, open, pull, is, are, did, "
    "does, check, tell me, give me, download",
    "list": "list, all",
    "get": "get, fetch",
    "create": "add, create, make, upload, import, invite, post, leave, write, send, forward, text, answer, open a new, new, "
    "set up, connect, save, pin, put, track, block, remind, redirect, record, tell our, register, start",
    "update": "update, change, edit, rename, fix, mark, close, assign, turn, deactivate, activate, modify, move, adjust, "
    "reschedule, set, log, mute, reopen, switch, replace, correct, enable, disable, route",
    "delete": "delete, remove, erase, revoke, kick, throw, drop, get rid, unpin, unblock, wake, hide, cancel, discard, take",
}
_READS = ("read", "list", "get")


@dataclass(frozen=True)
class Request:
    """What is asked for, in plain words."""

    text: str

    @cached_property
    def words(self) -> dict[str, float]:
        """The stems that it asks for, each with its share: those that it says or means, and the kind of tool."""
        verb = dict.fromkeys(self._asked[1], _VERB_SHARE)
        shares = {word: share * verb.get(word, 1.0) for word, share in said_words(self.text).items()}
        if self.kind and self.kind != "read":
            shares[stem(self.kind)] = max(_KIND_SHARE, shares.get(stem(self.kind), 0.0))
        return shares

    @cached_property
    def kinds(self) -> dict[str, float]:
        """The kind of tool alone, as words, for a request that says nothing else that is known."""
        return dict.fromkeys(map(stem, ("list", "get") if self.kind == "read" else [self.kind] * bool(self.kind)), 1.0)

    @property
    def kind(self) -> str:
        """The kind of tool that its first verb asks for, or an empty string."""
        return self._asked[0]

    @property
    def reads(self) -> bool:
        """Whether its first verb asks for something that only reads."""
        return self.kind in _READS

    @cached_property
    def _asked(self) -> tuple[str, tuple[str, ...]]:
        """The kind of tool, and the stems of the words that say so."""
        words = plain_words(self.text)
        for start in range(len(words)):
            for length in range(_LONGEST_PHRASE, 0, -1):
                phrase = tuple(words[start : start + length])
                if kind := _KIND_OF.get(phrase):
                    return kind, tuple(map(stem, phrase))
        return "", ()


def plain_words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    words = text.lower().replace("e-mail", "email").replace("'s ", " ")
    return [word for word in _WORD.findall(words) if len(word) > 1 or word.isdigit()]


def stem(word: str) -> str:
    """A word without its ending, so that plurals and forms of a verb meet.

    >>> [stem(word) for word in ("merged", "merging", "merges", "companies", "status", "classes", "tagged")]
    ['merg', 'merg', 'merg', 'company', 'status', 'class', 'tag']
    """
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith("sses"):
        word = word[:-2]
    elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            return word[:-1] if word[-1] == word[-2] and word[-1] not in "ls" else word
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def name_words(names: Iterable[str]) -> str:
    """Names in camelCase or snake_case as a text.

    >>> name_words(["orderStatusStr", "page_size"])
    'order Status Str page_size'
    """
    return _CAMEL.sub(" ", " ".join(names))


def known_words() -> set[str]:
    """The words that requests are made of, whatever the tools."""
    phrases = [*MEANT, *(phrase for phrases in _KINDS.values() for phrase in phrases.split(", "))]
    return {*_SILENT, *_WEAK_WORDS.split(), *(word for phrase in phrases for word in plain_words(phrase))}


def document_words(text: str) -> Iterator[str]:
    """The stems of a tool's text."""
    return (stem(word) for word in plain_words(text) if word not in _SILENT)


def importance(one: str) -> float:
    """How much a stem says, whatever the tools: less than 1 for those that stand in many requests."""
    return _WEAK_SHARE if one in _WEAK_STEMS else 1.0


def said_words(text: str) -> Mapping[str, float]:
    """The stems that a text says, each with its share: its own words, and Kustomer's words for them."""
    words = plain_words(text)
    said = [stem(word) for word in words]
    shares = {one: 1.0 for word, one in zip(words, said, strict=True) if word not in _SILENT}
    meant: set[str] = set()
    for phrase in _phrases(said):
        if meaning := _PHRASES.get(phrase):
            meant.update(stem(word) for word in meaning.split())
            shares |= {word: _TRANSLATED_SHARE for word in phrase if word in shares}
    return shares | {word: max(shares.get(word, 0.0), _MEANT_SHARE) for word in meant}


def _phrases(said: list[str]) -> Iterator[tuple[str, ...]]:
    """Stems cut into the longest phrases that have a meaning; other words stand alone."""
    start = 0
    while start < len(said):
        ahead = (tuple(said[start : start + length]) for length in (_LONGEST_PHRASE, 2))
        phrase = next((phrase for phrase in ahead if phrase in _PHRASES), (said[start],))
        yield phrase
        start += len(phrase)


_KIND_OF = {tuple(plain_words(phrase)): kind for kind, phrases in _KINDS.items() for phrase in phrases.split(", ")}
_SILENT = frozenset(_SILENT_WORDS.split())
_WEAK_STEMS = frozenset(map(stem, _WEAK_WORDS.split()))
_PHRASES = {tuple(stem(word) for word in said.split()): meant for said, meant in MEANT.items()}
