"""Owns putting a yes-or-no question to the person at the client: MCP elicitation, in the way of either protocol era.

2025-11-25: the server asks during the call, where the connection has a way back. 2026-07-28: the call ends with
input_required, and the client repeats it with the person's answer (MCP specification, Elicitation).
"""

from __future__ import annotations

from typing import Any

import mcp.types as types
from mcp import MCPError

_KEY = "confirm"
_MODERN = "2026-07-28"
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}


class InputNeeded(Exception):
    """The call can't go on without the person's answer; `result` is what the client gets."""

    def __init__(self, message: str) -> None:
        super().__init__("input needed")
        request = types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=_SCHEMA))
        self.result = types.InputRequiredResult(input_requests={_KEY: request})


class Asker:
    """Asks the person behind one call.

    Args:
        context: The request's context.
        params: The call's parameters; a repeated call carries the answer.
    """

    def __init__(self, context: Any, params: types.CallToolRequestParams) -> None:
        self._context = context
        self._params = params

    async def __call__(self, message: str) -> bool | None:
        """Whether the person agrees; None where the client can't ask.

        Raises:
            InputNeeded: The client must ask and repeat the call.
        """
        capabilities = self._context.session.client_capabilities
        if capabilities is None or not _shows_forms(capabilities.elicitation):
            return None
        if self._context.protocol_version >= _MODERN:
            answer = (self._params.input_responses or {}).get(_KEY)
            if not isinstance(answer, types.ElicitResult):
                raise InputNeeded(message)
            return answer.action == "accept"
        try:
            result = await self._context.session.elicit_form(message, _SCHEMA, self._context.request_id)
        except MCPError:  # there is no way back, or the client says that it can't
            return None
        return bool(result.action == "accept")


def _shows_forms(elicitation: types.ElicitationCapability | None) -> bool:
    """Whether a client can put a question itself; one that names neither way can (2025-11-25, Elicitation, Capabilities)."""
    return elicitation is not None and (elicitation.form is not None or elicitation.url is None)
