"""Owns the MCP server of a package: a static list of tools, calls validated and made, both protocol eras and transports.

Facts about the SDK that this module works around are named where it does.
"""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module, resources
from typing import Any, Protocol

import mcp.types as types
from mcp import MCPError
from mcp.server.caching import CacheHint
from mcp.server.context import ServerMiddleware, ServerRequestContext
from mcp.server.lowlevel import Server
from pydantic import BaseModel

from .answer import Answer
from .client import Kustomer
from .errors import KustomerError
from .settings import Settings
from .validation import keyword_arguments

log = logging.getLogger("kustomer_mcp")
_LIST_TTL_MS = 3_600_000
_INTERNAL_ERROR = "The MCP server failed on this call; the request may or may not have been sent. Its log says more."


class ToolFunction(Protocol):
    """A generated tool: its client first, then its arguments by name."""

    def __call__(self, kustomer: Kustomer, /, **arguments: Any) -> Awaitable[Answer]: ...


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

    def find(self, name: str) -> tuple[Callable[..., Awaitable[Answer]], type[BaseModel]]:
        """The function and the model of a tool."""
        table: ToolTable = import_module(f"{self._module}.tools.{self._contract.toolsets[name]}").TOOLS
        return table[name]


def build_server(info: PackageInfo, settings: Settings | None = None) -> Server[Kustomer]:
    """Build the MCP server of a package. It sends nothing and needs no configuration until a tool is called."""
    contract = Contract(info.module)
    tools = Tools(info.module, contract)
    settings = settings or Settings.from_environment(info.base_url, info.user_agent)

    @asynccontextmanager
    async def lifespan(_: Server[Kustomer]) -> AsyncIterator[Kustomer]:
        async with Kustomer(settings) as kustomer:
            yield kustomer

    async def on_list(_: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        if params is not None and params.cursor:
            raise MCPError(code=types.INVALID_PARAMS, message="Unknown cursor")
        return contract.tools

    async def on_call(context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        if params.name not in tools:
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {params.name}")
        return await call_tool(context.lifespan_context, tools, params.name, params.arguments or {})

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
        cache_hints={"tools/list": cached, "server/discover": cached},
    )
    server.middleware.append(_list_cache())
    return server


async def call_tool(kustomer: Kustomer, tools: Tools, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult:
    """Validate, call, and answer; nothing but a result leaves it, for the older era would show an exception's text."""
    try:
        function, model = tools.find(name)
        return _success(await function(kustomer, **keyword_arguments(model, arguments)))
    except KustomerError as error:
        return _failure(str(error))
    except Exception:  # the boundary to the protocol: anything else is a bug here, and its text is for the log alone
        log.exception("tool %s failed", name)
        return _failure(_INTERNAL_ERROR)


def _success(answer: Answer) -> types.CallToolResult:
    """Text and structured content say the same, for some clients show one and some the other."""
    text = json.dumps(answer.content, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=answer.content)


def _failure(text: str) -> types.CallToolResult:
    """Errors are text alone: clients differ in what they do with structured content beside isError."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


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
