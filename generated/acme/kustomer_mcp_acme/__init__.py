"""Acme Support: MCP tools for one Kustomer organisation, typed from its own Klasses.

Every tool is a plain async function too:

    from kustomer_mcp_acme import connect
    from kustomer_mcp_acme.tools.conversations import create_a_kustomer_conversation

    async with connect() as kustomer:
        answer = await create_a_kustomer_conversation(kustomer, ...)
"""

from __future__ import annotations

from kustomer_mcp_acme.runtime.answer import Answer
from kustomer_mcp_acme.runtime.client import Kustomer
from kustomer_mcp_acme.runtime.errors import InvalidArguments, KustomerError
from kustomer_mcp_acme.runtime.settings import Settings

BASE_URL = "https://acme.api.kustomerapp.com"

__all__ = ["BASE_URL", "Answer", "InvalidArguments", "Kustomer", "KustomerError", "Settings", "connect"]


def connect() -> Kustomer:
    """A client of this organisation, with the key of KUSTOMER_API_KEY or KUSTOMER_API_KEY_FILE; use it in `async with`."""
    return Kustomer(Settings.from_environment(BASE_URL, "kustomer-mcp-acme"))
