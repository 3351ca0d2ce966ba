"""Owns one tool call from a client's words to its result: validation, dry run, confirmation, answer, notices. Nothing but a
result leaves it, and no value, key or token reaches its log."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import mcp.types as types
from pydantic import BaseModel

from .answer import Answer
from .asking import InputNeeded
from .client import Kustomer
from .errors import InvalidArguments, KustomerError
from .masking import CLOSE_WINDOW, named
from .present import present
from .presentation import Presentation
from .ratelimit import RateLimit
from .validation import keyword_arguments
from .watch import watched

log = logging.getLogger("kustomer_mcp")
OPEN_WINDOW = "create_a_kustomer_customer_unmasking_window"
_INTERNAL_ERROR = "The MCP server failed on this call; the request may or may not have been sent. Its log says where."
# Arguments that are the server's own; a tool's contract offers them where the package was generated with them.
DRY_RUN, CONFIRM, FIELDS = "dry_run", "confirm", "fields"
# A question to a person names so many of the records that a call is about, and how many more there are.
_SHOWN_RECORDS = 10

# The rate limit of the call that this HTTP request made, for its response headers.
seen_limit: ContextVar[list[RateLimit] | None] = ContextVar("seen_limit", default=None)

Confirm = Callable[[str], Awaitable[bool | None]]


class Lookup(Protocol):
    """Finds what stands behind a tool's name."""

    def find(self, name: str) -> ToolEntry: ...


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """A tool: its function, the model of its arguments, its input schema, and the arguments that only its siblings have."""

    name: str
    function: Callable[..., Awaitable[Answer]]
    model: type[BaseModel]
    schema: Mapping[str, Any]
    elsewhere: Mapping[str, str]

    def offers(self, argument: str) -> bool:
        """Whether the contract has an argument of the server's own."""
        return argument in self.schema["properties"] and argument not in self.model.model_fields


@dataclass(slots=True)
class Caller:
    """Makes the calls of one server.

    Args:
        tools: Where tools are found.
        unmask_tool: The tool that opens unmasking windows, or None where this package has none.
        limit: Bytes of JSON that an answer may have.
    """

    tools: Lookup
    unmask_tool: str | None
    limit: int
    windows: set[str] = field(default_factory=set)

    async def call(
        self, kustomer: Kustomer, name: str, arguments: Mapping[str, Any], ask: Confirm | None = None
    ) -> types.CallToolResult:
        """Call one tool; `ask` puts a question to the person at the client, where the client can."""
        try:
            with watched(name):
                answer, content = await self._answered(kustomer, self.tools.find(name), dict(arguments), ask)
        except InputNeeded:
            raise
        except KustomerError as error:
            _note(error.limit)
            return failure(str(error))
        except Exception as error:  # the boundary to the protocol: anything else is a bug, and may hold people's data
            log.error("tool %s failed: %s at %s", name, type(error).__name__, _place(error))
            return failure(_INTERNAL_ERROR)
        _note(answer.limit)
        return _success(content, answer.limit)

    async def _answered(
        self, kustomer: Kustomer, tool: ToolEntry, arguments: dict[str, Any], ask: Confirm | None
    ) -> tuple[Answer, dict[str, Any]]:
        offered = [name for name in (DRY_RUN, CONFIRM, FIELDS) if tool.offers(name)]
        own = {name: arguments.pop(name) for name in offered if name in arguments}
        checked = keyword_arguments(tool.model, arguments, tool.elsewhere, offered)
        dry, fields = _flag(own, DRY_RUN), _names(own)
        if tool.offers(CONFIRM) and not dry:
            await _confirmed(tool, checked, own.get(CONFIRM), ask)
        if dry:
            answer = await tool.function(kustomer.dry_run(), **checked)
            return answer, answer.content
        answer = await self._made(kustomer, tool, checked)
        options = Presentation(
            limit=self.limit,
            fields=fields,
            unmask_tool=self.unmask_tool,
            query=answer.query,
            paged="cursor" in tool.schema["properties"],
            page_size=checked.get("page_size", 0),
            offers_fields=tool.offers(FIELDS),
        )
        return answer, _with_limit(present(answer.content, options), answer.limit)

    async def _made(self, kustomer: Kustomer, tool: ToolEntry, arguments: Mapping[str, Any]) -> Answer:
        """Make a call; an unmasking window that it opened, or may have opened unseen, is remembered."""
        try:
            answer = await tool.function(kustomer, **arguments)
        except (KustomerError, anyio.get_cancelled_exc_class()) as error:
            if tool.name == OPEN_WINDOW and (not isinstance(error, KustomerError) or error.may_have_changed):
                self.windows.add(arguments["customer_id"])
            raise
        if tool.name == OPEN_WINDOW:
            self.windows.add(arguments["customer_id"])
        elif tool.name == CLOSE_WINDOW:
            self.windows.discard(arguments["customer_id"])
        return answer

    async def close_windows(self, kustomer: Kustomer) -> None:
        """Close the unmasking windows that this server opened and that are open still."""
        for customer in sorted(self.windows):
            try:
                await kustomer.call("DELETE", "/v1/customers/{id}/unmasking-windows", path_arguments={"id": customer})
            except KustomerError as error:
                log.error("an unmasking window could not be closed: HTTP %s", error.status)
        self.windows.clear()


async def _confirmed(tool: ToolEntry, arguments: Mapping[str, Any], given: Any, ask: Confirm | None) -> None:
    """Let a destructive call pass only if a person agrees, or the caller names the record (or records) once more.

    Raises:
        InvalidArguments: Neither.
    """
    records = _records(tool, arguments) or [tool.name]
    record = ",".join(records)
    if given == record:
        return
    if given is None and ask is not None:
        agreed = await ask(f"{tool.name} on {named(records, _SHOWN_RECORDS)}: this can't be taken back. Do it?")
        if agreed:
            return
        if agreed is False:
            raise InvalidArguments(
                "The person at the client declined, so nothing was sent. Don't repeat the call, with `confirm` or without."
            )
    raise InvalidArguments(
        f"This tool changes or deletes for good: repeat the call with `confirm` set to {record!r}. Nothing was sent."
    )


def _records(tool: ToolEntry, arguments: Mapping[str, Any]) -> list[str]:
    """What a call is about, in the contract's order: its `id`, else all ids that it must have, else all that it must have."""
    given = [name for name in tool.schema["properties"] if name in arguments]
    needed = [name for name in given if name in tool.schema.get("required", ())]
    ids = [name for name in given if name == "ids" or (name in needed and name.endswith("_id"))]
    names = ["id"] if "id" in given else ids or needed
    values = [one for name in names for one in _listed(arguments[name])]
    return [one for one in values if isinstance(one, str)]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _flag(own: Mapping[str, Any], name: str) -> bool:
    value = own.get(name, False)
    if not isinstance(value, bool):
        raise InvalidArguments(f"Invalid arguments; nothing was sent. `{name}`: input should be true or false.")
    return value


def _names(own: Mapping[str, Any]) -> tuple[str, ...]:
    value = own.get(FIELDS, ())
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise InvalidArguments(
            f"Invalid arguments; nothing was sent. `{FIELDS}`: input should be a list of attribute names."
        )
    return tuple(value)


def _note(limit: RateLimit | None) -> None:
    seen = seen_limit.get()
    if seen is not None and limit is not None:
        seen.append(limit)


def _with_limit(content: dict[str, Any], limit: RateLimit | None) -> dict[str, Any]:
    if limit is None or not limit.is_low:
        return content
    when = f", full again in {limit.reset} s" if limit.reset is not None else ""
    notice = f"Rate limit: {limit.remaining} of {limit.limit} requests left{when}; the whole organisation shares them."
    return {**content, "notices": [*content.get("notices", ()), notice]}


def _place(error: BaseException) -> str:
    """Where an exception was raised; its text is left out, for it may quote what was being handled."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else "?"


def _success(content: dict[str, Any], limit: RateLimit | None) -> types.CallToolResult:
    """Text and structured content say the same, for some clients show one and some the other."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    meta = {name: int(value) for name, value in limit.headers().items()} if limit else None
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)], structured_content=content, _meta=meta
    )


def failure(text: str) -> types.CallToolResult:
    """Errors are text alone: clients differ in what they do with structured content beside isError."""
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)
