"""Owns the SDK's floor: a low-level server with no tools, or with one that does nothing. Run as a script, like a package.

`python empty_server.py stdio|http [noop]`
"""

from __future__ import annotations

import socket
import sys
from typing import Any

import anyio
import mcp.types as types
from mcp.server.lowlevel import Server

_SCHEMA: dict[str, Any] = {"type": "object", "properties": {"id": {"type": "string"}}}
_NOOP = types.Tool(name="noop", description="Does nothing.", input_schema=_SCHEMA)


def build(tools: list[types.Tool]) -> Server[Any]:
    async def on_list(_context: Any, _params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=tools)

    async def on_call(_context: Any, _params: types.CallToolRequestParams) -> types.CallToolResult:
        return types.CallToolResult(content=[types.TextContent(type="text", text="{}")], structured_content={})

    return Server("empty", on_list_tools=on_list, on_call_tool=on_call, get_tool_input_schema={"noop": _SCHEMA}.get)


async def stdio(server: Server[Any]) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def http(server: Server[Any]) -> None:
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )  # as the packages do, or every answer takes 40 ms
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", file=sys.stderr, flush=True)
        app = server.streamable_http_app(stateless_http=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    made = build([_NOOP] if "noop" in sys.argv else [])
    if sys.argv[1] == "http":
        http(made)
    else:
        anyio.run(stdio, made)
