"""Owns MCP resources: each Klass and standard object of klasses/*.json as `kustomer://klasses/<name>`."""

from __future__ import annotations

import json
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import mcp.types as types
from mcp import MCPError
from mcp.server.lowlevel import Server

from .pages import one_page

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

    @cached_property
    def listed(self) -> types.ListResourcesResult:
        """The list for clients."""
        return types.ListResourcesResult(resources=[self._row(name) for name in self._files])

    def _row(self, name: str) -> types.Resource:
        text = self.text(name)
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

    def read(self, uri: str, protocol_version: str) -> types.ReadResourceResult:
        """The content of a resource.

        Raises:
            MCPError: There is no such resource; the code is the one of the protocol version.
        """
        name = uri.removeprefix(SCHEME)
        if not uri.startswith(SCHEME) or name not in self._files:
            code = types.INVALID_PARAMS if protocol_version >= _MODERN else _NOT_FOUND_BEFORE
            raise MCPError(code=code, message="Resource not found", data={"uri": uri})
        contents = types.TextResourceContents(uri=uri, mime_type=_MIME, text=self.text(name))
        return types.ReadResourceResult(contents=[contents])


def serve_klasses(server: Server[Any], module: str) -> None:
    """Serve the Klasses of a package, if it has any; the server's capabilities follow."""
    klasses = KlassResources(module)
    if not klasses:
        return

    async def on_list(_: Any, params: types.PaginatedRequestParams) -> types.ListResourcesResult:
        one_page(params)
        return klasses.listed

    async def on_templates(_: Any, params: types.PaginatedRequestParams) -> types.ListResourceTemplatesResult:
        one_page(params)
        return types.ListResourceTemplatesResult(resource_templates=[])

    async def on_read(context: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return klasses.read(params.uri, context.protocol_version)

    server.add_request_handler("resources/list", types.PaginatedRequestParams, on_list)
    # Clients ask for templates wherever there are resources, and show an error if nobody answers.
    server.add_request_handler("resources/templates/list", types.PaginatedRequestParams, on_templates)
    server.add_request_handler("resources/read", types.ReadResourceRequestParams, on_read)
