"""Owns MCP prompts: the workflows of prompts.json, filled in with what a person gave. Values are data in quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from importlib import resources
from typing import Any

import mcp.types as types
from mcp import MCPError
from mcp.server.lowlevel import Server

from .access import Access, access_of
from .pages import one_page
from .surface import Surface

_PLACEHOLDER = re.compile(r"\{(\w+)(!?)\}")
_LONGEST = 500


class Prompts:
    """The prompts of a package, from prompts.json where it has one."""

    def __init__(self, module: str) -> None:
        file = resources.files(module) / "prompts.json"
        rows = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
        self._prompts: dict[str, dict[str, Any]] = {row["name"]: row for row in rows}

    def __bool__(self) -> bool:
        return bool(self._prompts)

    @cached_property
    def _rows(self) -> dict[str, types.Prompt]:
        return {name: _row(prompt) for name, prompt in self._prompts.items()}

    def listed(self, shown: Callable[[str], bool]) -> types.ListPromptsResult:
        """The list for clients, of those that a caller is shown."""
        return types.ListPromptsResult(prompts=[row for name, row in self._rows.items() if shown(name)])

    def get(self, name: str, given: Mapping[str, str], shown: Callable[[str], bool]) -> types.GetPromptResult:
        """One prompt as a message.

        Raises:
            MCPError: There is no such prompt, or an argument is missing, unknown, too long or none of its choices.
        """
        if name not in self._prompts or not shown(name):
            raise MCPError(code=types.INVALID_PARAMS, message=f"Unknown prompt: {name}")
        prompt = self._prompts[name]
        values = {key: value for key, value in given.items() if value.strip()}
        if problems := list(_problems(prompt["arguments"], values)):
            raise MCPError(code=types.INVALID_PARAMS, message=f"Invalid arguments of {name}: {'; '.join(problems)}.")
        content = types.TextContent(type="text", text=_text(prompt["parts"], values))
        return types.GetPromptResult(
            description=prompt["description"], messages=[types.PromptMessage(role="user", content=content)]
        )


def _row(prompt: Mapping[str, Any]) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=row["name"], description=_described(row), required=row["required"])
        for row in prompt["arguments"]
    ]
    return types.Prompt(
        name=prompt["name"], title=prompt["title"], description=prompt["description"], arguments=arguments
    )


def _described(row: Mapping[str, Any]) -> str:
    choices = row.get("choices")
    return f"{row['description']}: {', '.join(choices)}" if choices else str(row["description"])


def _problems(arguments: list[dict[str, Any]], values: Mapping[str, str]) -> Iterator[str]:
    known = {row["name"]: row for row in arguments}
    yield from (f"`{name}` is required" for name, row in known.items() if row["required"] and name not in values)
    for name, value in values.items():
        if name not in known:
            yield f"there is no `{name[:60]}`, only {', '.join(f'`{other}`' for other in known)}"
        elif len(value) > _LONGEST:
            yield f"`{name}` is longer than {_LONGEST} characters"
        elif value not in known[name].get("choices", (value,)):
            yield f"`{name}` must be one of {', '.join(known[name]['choices'])}"


def _text(parts: list[dict[str, Any]], values: Mapping[str, str]) -> str:
    lines = []
    number = 0
    for part in parts:
        if not values.keys() >= set(part.get("given", ())) or values.keys() & set(part.get("missing", ())):
            continue
        text = _filled(part["text"], values)
        if part["step"]:
            number += 1
            text = f"{number}. {text}"
        lines.append(text)
    return "\n\n".join(lines)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put values in, in one pass, so that nothing in a value is taken for a placeholder or for a line of the prompt."""

    def value(found: re.Match[str]) -> str:
        given = values[found[1]]
        return given if found[2] else json.dumps(given, ensure_ascii=False)

    return _PLACEHOLDER.sub(lambda found: value(found) if found[1] in values else found[0], text)


def serve_prompts(server: Server[Any], module: str, surface: Surface, local: Access) -> None:
    """Serve the prompts of a package, if it has any; the server's capabilities follow.

    A caller is shown those of which it has every tool.
    """
    prompts = Prompts(module)
    if not prompts:
        return

    def shown(context: Any) -> Callable[[str], bool]:
        return partial(surface.shows_prompt, access_of(context, local))

    async def on_list(context: Any, params: types.PaginatedRequestParams) -> types.ListPromptsResult:
        one_page(params)
        return prompts.listed(shown(context))

    async def on_get(context: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return prompts.get(params.name, params.arguments or {}, shown(context))

    server.add_request_handler("prompts/list", types.PaginatedRequestParams, on_list)
    server.add_request_handler("prompts/get", types.GetPromptRequestParams, on_get)
