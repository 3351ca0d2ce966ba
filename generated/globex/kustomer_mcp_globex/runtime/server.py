"""Owns the MCP server of a package: the tools that an access shows, calls validated and made, both protocol eras and transports.

Facts about the SDK that this module works around are named where it does.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import import_module, resources
from typing import Any

import anyio
import mcp.types as types
from mcp import MCPError
from mcp.server.caching import CacheableMethod, CacheHint
from mcp.server.lowlevel import Server
from pydantic import BaseModel

from .access import EVERYTHING, Access, access_of
from .answer import Answer
from .asking import Asker, InputNeeded
from .calls import OPEN_WINDOW, Caller, ToolEntry, failure
from .client import Kustomer
from .discovery import TOOLS, Discovery, RealCall
from .errors import KustomerError
from .klass_resources import KlassResources, serve_klasses
from .lists import lists_of
from .pages import one_page
from .prompts import serve_prompts
from .settings import Settings
from .surface import Surface, surface_of

_LIST_TTL_MS = 3_600_000
# Everything of this package that never changes while it runs. What a grant is shown is private to it (lists.py).
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
    """The static list of tools, read from contract/*.json, and the toolset that each stands in; and the discovery tools."""

    def __init__(self, module: str) -> None:
        self.toolsets: dict[str, str] = {}
        self.schemas: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[str, Any]] = {}
        tools: list[types.Tool] = []
        for file in sorted(resources.files(f"{module}.contract").iterdir(), key=lambda file: file.name):
            if not file.name.endswith(".json"):
                continue
            for raw in json.loads(file.read_text(encoding="utf-8")):
                tools.append(types.Tool.model_validate(raw))
                self.toolsets[raw["name"]] = file.name.removesuffix(".json")
                self.schemas[raw["name"]] = raw["inputSchema"]
                self.rows[raw["name"]] = raw
        self.tools = types.ListToolsResult(tools=sorted(tools, key=lambda tool: tool.name))
        self._by_name = {tool.name: tool for tool in (*TOOLS, *tools)}

    def listed(self, names: Iterable[str]) -> types.ListToolsResult:
        """The list of these tools, in this order."""
        return types.ListToolsResult(tools=[self._by_name[name] for name in names])


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


@dataclass(frozen=True, slots=True)
class Desk:
    """Answers calls: lets those through that an access admits, and makes them under the tool's own name."""

    surface: Surface
    discovery: Discovery
    caller: Caller

    async def call(
        self, context: Any, params: types.CallToolRequestParams, access: Access
    ) -> types.CallToolResult | types.InputRequiredResult:
        """One call of a tool of the package, or of one of the tools that find and call them.

        Under `discovery` a tool may be called by its own name as well: prompts and notices name them, and the access admits it.

        Raises:
            MCPError: There is no such tool for this caller.
        """
        name = params.name
        arguments: Mapping[str, Any] = params.arguments or {}
        if not self.surface.admits(access, name):
            if name not in self.surface.listed(access):
                self.surface.report(name)
                raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown tool: {name}")
            try:
                answer = self.discovery.answer(access, name, arguments)
            except KustomerError as error:
                return failure(str(error))
            if not isinstance(answer, RealCall):
                return answer
            name, arguments = answer.name, answer.arguments
        try:
            caller = self._caller(access)
            return await caller.call(context.lifespan_context, name, arguments, Asker(context, params))
        except InputNeeded as needed:
            return needed.result

    def _caller(self, access: Access) -> Caller:
        """The caller, which names the unmasking tool only to those who have it; open windows are shared."""
        if self.caller.unmask_tool is None or access.admits(self.caller.unmask_tool):
            return self.caller
        return replace(self.caller, unmask_tool=None)


def build_server(info: PackageInfo, settings: Settings | None = None, local: Access = EVERYTHING) -> Server[Kustomer]:
    """Build the MCP server of a package. It sends nothing and needs no configuration until a tool is called.

    Args:
        info: The package.
        settings: How Kustomer is reached; from the environment if not given.
        local: What callers over stdio may do. Over HTTP each request carries its access (access.SCOPE_KEY).
    """
    contract, surface = Contract(info.module), surface_of(info.module)
    tools, klasses = Tools(info.module, contract), KlassResources(info.module)
    settings = settings or Settings.from_environment(info.base_url, info.user_agent)
    caller = Caller(tools, OPEN_WINDOW if OPEN_WINDOW in tools else None, settings.answer_limit)
    desk = Desk(surface, Discovery(surface, contract.rows, klasses), caller)

    async def on_list(context: Any, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        one_page(params)
        return contract.listed(surface.listed(access_of(context, local)))

    async def on_call(
        context: Any, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        return await desk.call(context, params, access_of(context, local))

    server: Server[Kustomer] = Server(
        info.name,
        version=info.version,
        title=info.title,
        instructions=info.instructions,
        lifespan=_lifespan(settings, caller, info.close_windows),
        on_list_tools=on_list,
        on_call_tool=on_call,
        # The SDK asks this of every call before it knows who calls, for x-mcp-header in a tool's schema, which no contract
        # has: one answer, so that hidden tools look like unknown ones. Without it, it lists all tools at every call.
        get_tool_input_schema=lambda _: None,
        cache_hints=dict.fromkeys(_CACHED, CacheHint(_LIST_TTL_MS, "public")),
    )
    serve_prompts(server, info.module, surface, local)
    serve_klasses(server, klasses, surface, local)
    # In place of the SDK's own, which makes spans that go nowhere here: those of edge/telemetry.py quote nothing of a call.
    server.middleware[:] = [lists_of(surface, local)]
    return server


def _lifespan(settings: Settings, caller: Caller, close_windows: bool) -> Any:
    @asynccontextmanager
    async def lifespan(_: Server[Kustomer]) -> AsyncIterator[Kustomer]:
        async with Kustomer(settings) as kustomer:
            try:
                yield kustomer
            finally:
                if close_windows:
                    with anyio.CancelScope(shield=True, deadline=anyio.current_time() + _CLOSING_SECONDS):
                        await caller.close_windows(kustomer)

    return lifespan
