"""Owns secrets: how they are made, what they look like, and their keyed hash. None is stored, logged or shown twice."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import Literal

Prefix = Literal["kmg_", "kma_"]
GRANT: Prefix = "kmg_"
API: Prefix = "kma_"
_FORM = re.compile(r"km[ga]_[A-Za-z0-9_-]{43}")
_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
SHORTEST_KEY = 32


class KeyProblem(Exception):
    """The hash key is missing, short or can't be read; the text says what to do."""


def new_secret(prefix: Prefix) -> str:
    """A secret of 256 random bits: the prefix and 43 base64url characters."""
    return prefix + secrets.token_urlsafe(32)


def new_id(letter: Literal["g", "t"]) -> str:
    """A public id: `g_` or `t_` and 12 characters that are hard to mistake for one another."""
    return f"{letter}_" + "".join(secrets.choice(_ID_LETTERS) for _ in range(12))


def has_form(secret: str, prefix: Prefix) -> bool:
    """Whether a text can be a secret of this kind at all; what can't is never looked up."""
    return secret.startswith(prefix) and _FORM.fullmatch(secret) is not None


def digest(key: bytes, secret: str) -> str:
    """The keyed hash of a secret, HMAC-SHA256 as hex."""
    return hmac.digest(key, secret.encode(), "sha256").hex()  # in one step: several times as fast as an object for it


def same(one: str, other: str) -> bool:
    """Whether two digests are the same, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def check_value(key: bytes) -> str:
    """What a store keeps of the key, so that another key is found out at once; the key can't be told from it."""
    return digest(key, "the check value of a store of grants")


def key_of(text: str, source: str) -> bytes:
    """The hash key of a configured text. The text itself is the key: hex and base64url are only measured by what they hold.

    Args:
        text: What was configured.
        source: The variable or file that it is from, for the error.

    Raises:
        KeyProblem: It is too short.
    """
    text = text.strip()
    size = len(text.encode())
    if re.fullmatch(r"[0-9a-fA-F]+", text):
        size //= 2
    if size < SHORTEST_KEY:
        how = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        raise KeyProblem(f"{source} holds a key of {size} bytes, {SHORTEST_KEY} are needed. Make one with: {how}")
    return text.encode()
