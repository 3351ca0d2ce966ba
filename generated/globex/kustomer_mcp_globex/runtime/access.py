"""Owns what one caller may do: the tools it may see and call. Every request over HTTP carries one; without it nothing is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Exposure = Literal["all", "discovery"]
# Where the HTTP side leaves a request's access, in the ASGI scope (ASGI 3.0, HTTP connection scope).
SCOPE_KEY = "kustomer_mcp.access"


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller holds.

    Attributes:
        grant: The id of the grant, or an empty string where the server is open to its machine.
        tools: The tools it may see and call; None means every tool of the package.
        exposure: `all` lists the tools; `discovery` lists the four tools that find and call them.
        expires_at: Unix time in seconds from which on it holds nothing, or None.
    """

    grant: str = ""
    tools: frozenset[str] | None = None
    exposure: Exposure = "all"
    expires_at: float | None = None

    def admits(self, tool: str) -> bool:
        """Whether the caller may see and call a tool."""
        return self.tools is None or tool in self.tools


EVERYTHING = Access()
NOTHING = Access(tools=frozenset())


def access_of(context: Any, local: Access = EVERYTHING) -> Access:
    """The access of one MCP request: what the HTTP side left, or `local` where the transport is no HTTP.

    A request over HTTP that carries none holds nothing: a way in that forgot to ask is closed, not open.
    """
    request = getattr(context, "request", None)
    if request is None:
        return local
    found = request.scope.get(SCOPE_KEY)
    return found if isinstance(found, Access) else NOTHING
