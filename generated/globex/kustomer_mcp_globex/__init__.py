"""Globex Insights: MCP tools for one Kustomer organisation, typed from its own Klasses.

Every tool is a plain async function too:

    from kustomer_mcp_globex import connect
    from kustomer_mcp_globex.tools.companies import get_single_kustomer_company_by_id

    async with connect() as kustomer:
        answer = await get_single_kustomer_company_by_id(kustomer, ...)
"""

from __future__ import annotations

from kustomer_mcp_globex.runtime.answer import Answer
from kustomer_mcp_globex.runtime.client import Kustomer
from kustomer_mcp_globex.runtime.errors import InvalidArguments, KustomerError
from kustomer_mcp_globex.runtime.settings import Settings

BASE_URL = "https://globex.api.kustomerapp.com"

__all__ = ["BASE_URL", "Answer", "InvalidArguments", "Kustomer", "KustomerError", "Settings", "connect"]


def connect() -> Kustomer:
    """A client of this organisation, with the key of KUSTOMER_API_KEY or KUSTOMER_API_KEY_FILE; use it in `async with`."""
    return Kustomer(Settings.from_environment(BASE_URL, "kustomer-mcp-globex"))
