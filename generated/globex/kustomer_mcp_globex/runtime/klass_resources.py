"""Owns MCP resources: each Klass and standard object of klasses/*.json as `kustomer://klasses/<name>`."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import mcp.types as types
from mcp import MCPError
from mcp.server.lowlevel import Server

from .access import Access, access_of
from .pages import one_page
from .surface import Surface

SCHEME = "kustomer://klasses/"
_MIME = "application/json"
# The code of an unknown resource: retired in 2026-07-28, where INVALID_PARAMS takes its place (SEP-2164).
_NOT_FOUND_BEFORE, _MODERN = -32002, "2026-07-28"


class KlassResources:
    """The Klasses that a package was generated with; each file is read when it is asked for."""

    def __init__(self, module: str) -> None:
        folder = resources.files(module) / "klasses"
        files = folder.iterdir() if folder.is_dir() else ()
        found = {file.name.removesuffix(".json"): file for file in files if file.name.endswith(".json")}
        self._files: dict[str, Traversable] = dict(sorted(found.items()))

    def __bool__(self) -> bool:
        return bool(self._files)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all resources, sorted."""
        return tuple(self._files)

    def text(self, name: str) -> str:
        """What is served for a Klass."""
        return self._files[name].read_text(encoding="utf-8")

    def content(self, name: str) -> dict[str, Any]:
        """The same, parsed."""
        content: dict[str, Any] = json.loads(self.text(name))
        return content

    def shown(self, name: str, has: Callable[[str], bool]) -> str:
        """What a caller reads of a Klass: the tools that it names are those that the caller has."""
        content = self.content(name)
        tools = {way: [tool for tool in named if has(tool)] for way, named in content["tools"].items()}
        if tools == content["tools"]:
            return self.text(name)
        return json.dumps({**content, "tools": tools}, indent=1, ensure_ascii=False) + "\n"

    def listed(self, surface: Surface, access: Access) -> types.ListResourcesResult:
        """The list for a caller."""
        names = [name for name in self._files if surface.shows_klass(access, name)]
        return types.ListResourcesResult(resources=[self._row(name, access) for name in names])

    def _row(self, name: str, access: Access) -> types.Resource:
        text = self.shown(name, access.admits)
        content = json.loads(text)
        what = "Standard object" if content["standard"] else "Custom object type (Klass)"
        return types.Resource(
            uri=SCHEME + name,
            name=name,
            title=content["label"],
            description=f"{what}: its attributes with kinds and choices, and how tools address them.",
            mime_type=_MIME,
            size=len(text.encode("utf-8")),
        )

    def read(self, uri: str, protocol_version: str, surface: Surface, access: Access) -> types.ReadResourceResult:
        """The content of a resource, as a caller is shown it.

        Raises:
            MCPError: There is no such resource; the code is the one of the protocol version.
        """
        name = uri.removeprefix(SCHEME)
        if not uri.startswith(SCHEME) or name not in self._files or not surface.shows_klass(access, name):
            code = types.INVALID_PARAMS if protocol_version >= _MODERN else _NOT_FOUND_BEFORE
            raise MCPError(code=code, message="Resource not found", data={"uri": uri})
        contents = types.TextResourceContents(uri=uri, mime_type=_MIME, text=self.shown(name, access.admits))
        return types.ReadResourceResult(contents=[contents])


def serve_klasses(server: Server[Any], klasses: KlassResources, surface: Surface, local: Access) -> None:
    """Serve the Klasses of a package, if it has any; the server's capabilities follow.

    A caller is shown those for whose records it has a tool.
    """
    if not klasses:
        return

    async def on_list(context: Any, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        one_page(params)
        return klasses.listed(surface, access_of(context, local))

    async def on_templates(_: Any, params: types.PaginatedRequestParams) -> types.ListResourceTemplatesResult:
        one_page(params)
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def on_read(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return klasses.read(params.uri, context.protocol_version, surface, access_of(context, local))

    server.add_request_handler("resources/list", types.PaginatedRequestParams, on_list)
    # Clients ask for templates wherever there are resources, and show an error if nobody answers.
    server.add_request_handler("resources/templates/list", types.PaginatedRequestParams, on_templates)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, on_read)
