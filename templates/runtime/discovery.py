"""Owns the four tools of `exposure: discovery`: they find, describe and call the tools that the caller's access admits.

A call through them is the call of the tool that it names: the same checks, confirmation and log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import mcp.types as types
from pydantic import BaseModel, ConfigDict, Field

from .access import Access
from .errors import InvalidArguments
from .klass_resources import KlassResources
from .ranking import Described, Ranking
from .surface import CALL_READ, CALL_WRITE, DESCRIBE, SEARCH, Surface
from .validation import keyword_arguments
from .watch import watched

# What a client's model reads first where tools have to be found.
HOW = (
    f"Tools are found, not listed: {SEARCH} with what you want to do, {DESCRIBE} for their arguments, then {CALL_READ} or "
    f"{CALL_WRITE}. Tools that texts name are called so as well."
)
_MOST = 20
_SHORT = 160
_NEAREST = 3


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Search(_Arguments):
    query: str = Field(min_length=1, max_length=500)
    limit: int = Field(default=5, ge=1, le=_MOST)
    effect: Literal["read", "write"] | None = None


class _Describe(_Arguments):
    names: list[Annotated[str, Field(max_length=64)]] = Field(min_length=1, max_length=5)


class _Call(_Arguments):
    name: str = Field(max_length=64)
    arguments: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RealCall:
    """The tool that a caller wants called, and its arguments."""

    name: str
    arguments: Mapping[str, Any]


class Discovery:
    """Finds and describes tools of a package for a caller.

    Args:
        surface: What exists for whom.
        contracts: Tool -> its contract, as tools/list shows it.
        klasses: The package's Klasses.
    """

    def __init__(self, surface: Surface, contracts: Mapping[str, Mapping[str, Any]], klasses: KlassResources) -> None:
        self._surface = surface
        self._contracts = contracts
        self._klasses = klasses

    @cached_property
    def _ranking(self) -> Ranking:
        """Made at the first search: servers that list their tools never need it."""
        return Ranking(self._surface.described(self._contracts, map(self._klasses.content, self._klasses.names)))

    def answer(self, access: Access, name: str, arguments: Mapping[str, Any]) -> types.CallToolResult | RealCall:
        """What one of the four tools answers, or the call that it asks for, which is not yet made.

        Raises:
            InvalidArguments: The arguments are wrong, or name a tool that does not exist for the caller or is called otherwise.
        """
        if name in (CALL_READ, CALL_WRITE):
            return self._wanted(access, name, arguments)
        with watched(name):
            if name == SEARCH:
                return self._found(access, keyword_arguments(_Search, arguments))
            return self._described(access, keyword_arguments(_Describe, arguments)["names"])

    def _wanted(self, access: Access, name: str, arguments: Mapping[str, Any]) -> RealCall:
        given = keyword_arguments(_Call, arguments)
        wanted: str = given["name"]
        if not self._surface.admits(access, wanted):
            self._surface.report(wanted)
            raise InvalidArguments(f"{self._unknown(access, wanted)} Nothing was sent.")
        if right := self._called_with(wanted, name):
            raise InvalidArguments(f"{wanted} is called with {right}, not with {name}. Nothing was sent.")
        return RealCall(wanted, given.get("arguments", {}))

    def _called_with(self, tool: str, used: str) -> str:
        """The other of the two calling tools, where a tool needs that."""
        right = CALL_READ if self._surface.reads(tool) else CALL_WRITE
        return "" if right == used else right

    def _found(self, access: Access, given: Mapping[str, Any]) -> types.CallToolResult:
        among = self._surface.tools(access)
        if effect := given.get("effect"):
            among = tuple(name for name in among if self._surface.reads(name) == (effect == "read"))
        found = self._ranking.best(given["query"], frozenset(among), given.get("limit", 5))
        content: dict[str, Any] = {"tools": [_short(tool, self._contracts[tool.name]) for tool in found]}
        if not found:
            tags = sorted({tag for name in among for tag in self._surface.rows[name]["tags"]})
            content["notices"] = [f"No tool fits these words; there are tools for: {', '.join(tags) or 'nothing'}."]
        return _result(content)

    def _described(self, access: Access, names: list[str]) -> types.CallToolResult:
        known = [name for name in dict.fromkeys(names) if self._surface.admits(access, name)]
        content: dict[str, Any] = {"tools": [{**self._contracts[name], "call_with": self._way(name)} for name in known]}
        if unknown := [self._unknown(access, name) for name in dict.fromkeys(names) if name not in known]:
            content["notices"] = unknown
        if not known:
            raise InvalidArguments(" ".join(unknown))
        return _result(content)

    def _way(self, tool: str) -> str:
        return CALL_READ if self._surface.reads(tool) else CALL_WRITE

    def _unknown(self, access: Access, name: str) -> str:
        """Hidden tools and those that there are not are answered alike, from what the caller may see."""
        nearest = self._ranking.best(name.replace("_", " "), frozenset(self._surface.tools(access)), _NEAREST)
        other = f"nearest: {', '.join(tool.name for tool in nearest)}" if nearest else f"find tools with {SEARCH}"
        return f"There is no tool {json.dumps(name, ensure_ascii=False)}; {other}."


def _short(tool: Described, contract: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed to choose; the description's first sentence says it all."""
    about = tool.description.partition(". ")[0].rstrip(".")
    return {
        "name": tool.name,
        "about": about if len(about) <= _SHORT else about[: _SHORT - 1] + "…",
        "effect": "read" if tool.reads else "write",
        "required": contract["inputSchema"].get("required", []),
    }


def _result(content: dict[str, Any]) -> types.CallToolResult:
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=content)


def _tool(name: str, title: str, description: str, properties: dict[str, Any], *hints: bool) -> types.Tool:
    required = [key for key, schema in properties.items() if key in ("query", "names", "name") and schema]
    read_only, destructive, idempotent, open_world = hints
    return types.Tool(
        name=name,
        title=title,
        description=description,
        input_schema={
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            "required": required,
        },
        annotations=types.ToolAnnotations(
            read_only_hint=read_only,
            destructive_hint=destructive,
            idempotent_hint=idempotent,
            open_world_hint=open_world,
        ),
    )


_NAME = {"type": "string", "description": f"The tool's name, as {SEARCH} gives it"}
_GIVEN = {"type": "object", "description": f"The tool's arguments, as its input schema in {DESCRIBE} says"}
# Hints in order: read-only, destructive, idempotent, open world.
TOOLS = (
    _tool(
        SEARCH,
        "Search tools",
        "Find the Kustomer tools for a task; start here. Say in plain words what is to be done, one task a search, such as "
        "'add a note to a conversation'. Gives names, what they do, whether they read or write, and required arguments, best "
        f"first. Then see their arguments with {DESCRIBE}, and call them with {CALL_READ} or {CALL_WRITE}.",
        {
            "query": {"type": "string", "maxLength": 500, "description": "The task, in plain words"},
            "limit": {"type": "integer", "minimum": 1, "maximum": _MOST, "description": "How many tools; 5 by default"},
            "effect": {
                "type": "string",
                "enum": ["read", "write"],
                "description": "Only tools that read, or only those that write",
            },
        },
        *(True, False, True, False),
    ),
    _tool(
        DESCRIBE,
        "Describe tools",
        "Get the full contract of one to five Kustomer tools: description, input schema, hints, and which tool calls them.",
        {
            "names": {
                "type": "array",
                "items": {"type": "string"},
                "minItems": 1,
                "maxItems": 5,
                "description": f"Names, as {SEARCH} gives them",
            }
        },
        *(True, False, True, False),
    ),
    _tool(
        CALL_READ,
        "Call a tool that reads",
        "Call a Kustomer tool that only reads. It changes nothing, and refuses tools that write.",
        {"name": _NAME, "arguments": _GIVEN},
        *(True, False, True, True),
    ),
    _tool(
        CALL_WRITE,
        "Call a tool that writes",
        "Call a Kustomer tool that creates, changes, sends or deletes. It refuses tools that only read. What the tool's own "
        "contract says of dry_run and confirm holds here too.",
        {"name": _NAME, "arguments": _GIVEN},
        *(False, True, False, True),
    ),
)
