"""Owns what the administration must be told: the admin token, and the address that shown URLs begin with."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

# 32 characters of hex are 128 bits: too many to guess, so no wrong guess must be counted, and nobody can be locked out.
SHORTEST_TOKEN = 32


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """How the administration is reached.

    Args:
        token: The admin token; empty turns everything under /admin off (404).
        public_url: `https://mcp.example.com`: what URLs begin with; empty takes each request's own scheme and Host.

    Raises:
        ValueError: A token that could be guessed.
    """

    token: str = field(default="", repr=False)
    public_url: str = ""

    def __post_init__(self) -> None:
        if self.token and len(self.token) < SHORTEST_TOKEN:
            raise ValueError(
                f"the admin token has {len(self.token)} characters, and must have at least {SHORTEST_TOKEN}: "
                "make one with `openssl rand -hex 32`"
            )
        if not self.token.isascii() or any(letter.isspace() for letter in self.token):
            raise ValueError("the admin token must be printable ASCII without spaces: it travels in a header")

    @property
    def is_on(self) -> bool:
        return bool(self.token)

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"
