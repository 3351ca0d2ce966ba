"""Owns what the tests of Kustomer's realities share. Must not hold an expectation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from mcp import Client

Connect = Callable[..., AbstractAsyncContextManager[Client]]


def text_of(result: Any) -> str:
    """The one text of a result."""
    (content,) = result.content
    return str(content.text)
