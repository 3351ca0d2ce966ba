"""Owns what the environment says of Kustomer: base URL and API key. The key is read when it is needed, and never shown."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from .errors import KustomerError
from .sites import clear_text, shown_address

KEY_VARIABLE = "KUSTOMER_API_KEY"
KEY_FILE_VARIABLE = "KUSTOMER_API_KEY_FILE"
ANSWER_VARIABLE = "KUSTOMER_MCP_ANSWER_BYTES"
CALLS_VARIABLE = "KUSTOMER_MCP_UPSTREAM_CALLS"
BASE_URL_VARIABLE = "KUSTOMER_BASE_URL"
PUBLIC_URL_VARIABLE = "KUSTOMER_MCP_PUBLIC_URL"
DEFAULT_ANSWER_BYTES = 40_000
_SMALLEST_ANSWER = 2_000
DEFAULT_CALLS = 32
DEFAULT_BASE_URL = "https://api.kustomerapp.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach Kustomer.

    Attributes:
        base_url: Scheme and host.
        api_key: The key; where empty, it is read from KUSTOMER_API_KEY or the file named by KUSTOMER_API_KEY_FILE.
        timeout: Seconds until an answer must have come.
        answer_limit: Bytes of JSON that a tool's answer may have before it is cut (KUSTOMER_MCP_ANSWER_BYTES).
        user_agent: How this package presents itself.
        calls: Requests to Kustomer that may run at one time (KUSTOMER_MCP_UPSTREAM_CALLS).
    """

    base_url: str = DEFAULT_BASE_URL
    api_key: str = field(default="", repr=False)
    timeout: float = 60.0
    answer_limit: int = DEFAULT_ANSWER_BYTES
    user_agent: str = "kustomer-mcp"
    calls: int = DEFAULT_CALLS

    @classmethod
    def from_environment(cls, base_url: str = DEFAULT_BASE_URL, user_agent: str = "kustomer-mcp") -> Self:
        """The settings of this process; KUSTOMER_BASE_URL takes the place of the package's own base URL."""
        return cls(
            base_url=os.environ.get(BASE_URL_VARIABLE, "").rstrip("/") or base_url,
            user_agent=user_agent,
            answer_limit=_number(ANSWER_VARIABLE, DEFAULT_ANSWER_BYTES, _SMALLEST_ANSWER),
            calls=_number(CALLS_VARIABLE, DEFAULT_CALLS, 1),
        )

    def key(self) -> str:
        """The API key.

        Raises:
            KustomerError: There is none.
        """
        key = (self.api_key or os.environ.get(KEY_VARIABLE, "") or _key_in_file()).strip()
        if not key:
            raise KustomerError(
                f"This server has no API key: its operator must set {KEY_VARIABLE} or {KEY_FILE_VARIABLE}. Nothing was sent."
            )
        if not key.isascii() or not key.isprintable():
            raise KustomerError(
                "This server's API key holds characters that no key has: its operator must set it anew. Nothing was sent."
            )
        return key

    def doubts(self) -> list[str]:
        """What will keep calls from Kustomer, or shows the key on the way there; a server says it when it starts."""
        doubts = []
        try:
            self.key()
        except KustomerError as error:
            doubts.append(str(error).removesuffix(" Nothing was sent.") + " Until then no tool can be called.")
        if clear_text(self.base_url):
            doubts.append(
                f"{shown_address(self.base_url)} is plain HTTP to another machine: the API key can be read on the way."
            )
        return doubts


def _key_in_file() -> str:
    path = os.environ.get(KEY_FILE_VARIABLE, "")
    try:
        return text_of(Path(path), f"The file of {KEY_FILE_VARIABLE}") if path else ""
    except ValueError as error:
        raise KustomerError(f"{error}. Nothing was sent.") from None


def text_of(file: Path, what: str) -> str:
    """What a file holds, without the space around it.

    Args:
        file: The file.
        what: How it is called in errors.

    Raises:
        ValueError: It can't be read, or is no UTF-8 text.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"{what} can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise ValueError(f"{what} is no UTF-8 text") from None


def _number(variable: str, default: int, least: int) -> int:
    said = os.environ.get(variable, "")
    if not said:
        return default
    if not said.isdecimal() or int(said) < least:
        raise KustomerError(f"{variable} must be a whole number from {least} on, not {said[:20]!r}.")
    return int(said)
