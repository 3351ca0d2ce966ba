"""Owns paging of the server's own lists: each is one page."""

from __future__ import annotations

import mcp.types as types
from mcp import MCPError


def one_page(params: types.PaginatedRequestParams | None) -> None:
    """Refuse a cursor: none was ever given.

    Raises:
        MCPError: There is one.
    """
    if params is not None and params.cursor:
        raise MCPError(code=types.INVALID_PARAMS, message="Unknown cursor")
