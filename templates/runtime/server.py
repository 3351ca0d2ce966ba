"""Owns the MCP server of a package: a static list of tools, calls validated and made, both protocol eras and transports.

Facts about the SDK that this module works around are named where it does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module, resources
from typing import Any

import anyio
import mcp.types as types
from mcp import MCPError
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.context import ServerMiddleware, ServerRequestContext
from mcp.server.lowlevel import Server
from pydantic import BaseModel

from .answer import Answer
from .asking import Asker, InputNeeded
from .calls import OPEN_WINDOW, Caller, ToolEntry
from .client import Kustomer
from .klass_resources import serve_klasses
from .prompts import serve_prompts
from .settings import Settings

_LIST_TTL_MS = 3_600_000
# Everything of this package that never changes while it runs.
_CACHED: tuple[CacheableMethod, ...] = (
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "server/discover",
)
# How long a shutdown may take to close unmasking windows.
_CLOSING_SECONDS = 10.0

ToolTable = Mapping[str, tuple[Callable[..., Awaitable[Answer]], type[BaseModel]]]


@dataclass(frozen=True, slots=True)
class PackageInfo:
    """What the server must know of the package that it serves."""

    module: str
    name: str
    title: str
    version: str
    instructions: str
    base_url: str
    close_windows: bool = False

    @property
    def user_agent(self) -> str:
        return f"{self.name}/{self.version}"


class Contract:
    """The static list of tools, read from contract/*.json, and the toolset that each stands in."""

    def __init__(self, module: str) -> None:
        self.toolsets: dict[str, str] = {}
        self.schemas: dict[str, dict[str, Any]] = {}
        tools: list[types.Tool] = []
        for file in sorted(resources.files(f"{module}.contract").iterdir(), key=lambda file: file.name):
            if not file.name.endswith(".json"):
                continue
            for raw in json.loads(file.read_text(encoding="utf-8")):
                tools.append(types.Tool.model_validate(raw))
                self.toolsets[raw["name"]] = file.name.removesuffix(".json")
                self.schemas[raw["name"]] = raw["inputSchema"]
        self.tools = types.ListToolsResult(tools=sorted(tools, key=lambda tool: tool.name))


class Tools:
    """Finds a tool's function and model; its toolset is imported at the first call and not before."""

    def __init__(self, module: str, contract: Contract) -> None:
        self._module = module
        self._contract = contract

    def __contains__(self, name: str) -> bool:
        return name in self._contract.toolsets

    def find(self, name: str) -> ToolEntry:
        """What stands behind a tool's name."""
        module = import_module(f"{self._module}.tools.{self._contract.toolsets[name]}")
        table: ToolTable = module.TOOLS
        function, model = table[name]
        elsewhere = getattr(module, "ELSEWHERE", {}).get(name, {})
        return ToolEntry(name, function, model, self._contract.schemas[name], elsewhere)


def build_server(info: PackageInfo, settings: Settings | None = None) -> Server[Kustomer]:
    """Build the MCP server of a package. It sends nothing and needs no configuration until a tool is called."""
    contract = Contract(info.module)
    tools = Tools(info.module, contract)
    settings = settings or Settings.from_environment(info.base_url, info.user_agent)
    caller = Caller(tools, OPEN_WINDOW if OPEN_WINDOW in tools else None, settings.answer_limit)

    @asynccontextmanager
    async def lifespan(_: Server[Kustomer]) -> AsyncIterator[Kustomer]:
        async with Kustomer(settings) as kustomer:
            try:
                yield kustomer
            finally:
                if info.close_windows:
                    with anyio.CancelScope(shield=True, deadline=anyio.current_time() + _CLOSING_SECONDS):
                        await caller.close_windows(kustomer)

    async def on_list(_: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        if params is not None and params.cursor:
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown cursor")
        return contract.tools

    async def on_call(
        context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        if params.name not in tools:
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        try:
            asker = Asker(context, params)
            return await caller.call(context.lifespan_context, params.name, params.arguments or {}, asker)
        except InputNeeded as needed:
            return needed.result

    cached = CacheHint(_LIST_TTL_MS, "public")
    server: Server[Kustomer] = Server(
        info.name,
        version=info.version,
        title=info.title,
        instructions=info.instructions,
        lifespan=lifespan,
        on_list_tools=on_list,
        on_call_tool=on_call,
        # Without this the SDK runs the whole list handler at every call of the 2026-07-28 era.
        get_tool_input_schema=contract.schemas.get,
        cache_hints=dict.fromkeys(_CACHED, cached),
    )
    serve_prompts(server, info.module)
    serve_klasses(server, info.module)
    server.middleware.append(_list_cache())
    return server


def _list_cache() -> ServerMiddleware[Kustomer]:
    """Keep the wire form of the list per protocol version: the SDK validates and dumps it anew at every request."""
    lists: dict[str, Any] = {}

    async def middleware(ctx: ServerRequestContext[Kustomer, Any], call_next: Any) -> Any:
        if ctx.method != "tools/list" or (ctx.params or {}).get("cursor"):
            return await call_next(ctx)
        version = ctx.protocol_version
        if version not in lists:
            lists[version] = await call_next(ctx)
        return lists[version]

    return middleware
