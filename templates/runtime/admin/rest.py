"""Owns REST: which requests there are, and what each answers. Every one needs the admin token; cookies count for nothing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..grants.credentials import API, GRANT, Prefix
from ..grants.model import METHODS, ApiToken, shown, shown_token
from ..grants.service import Grants
from .bodies import PATCH_TYPES, body, invalid, json_object
from .catalog import Catalog
from .issuing import issued_server, issued_token, rotated_server
from .openapi import document
from .pagination import page
from .problems import not_found
from .repeats import REPLAYED, Make, idempotency_key, once
from .settings import AdminSettings
from .urls import base_url, server_url
from .words import pointed, server_words, token_words

Handler = Callable[[Request], Awaitable[Response]]
ACTOR = "admin token, REST"


@dataclass(frozen=True, slots=True)
class Api:
    """What the handlers share."""

    grants: Grants
    catalog: Catalog
    settings: AdminSettings


def resources(api: Api) -> dict[str, dict[str, Handler]]:
    """Path -> method -> what answers."""
    servers, tokens = _Servers(api), _Tokens(api)
    return {
        "/admin/mcp": {"GET": servers.all, "POST": servers.create},
        "/admin/mcp/{id}": {"GET": servers.one, "PATCH": servers.change, "DELETE": servers.revoke},
        "/admin/mcp/{id}/rotate": {"POST": servers.rotate},
        "/admin/tokens": {"GET": tokens.all, "POST": tokens.create},
        "/admin/tokens/{id}": {"GET": tokens.one, "DELETE": tokens.revoke},
        "/admin/tools": {"GET": _tools(api.catalog)},
        "/admin/openapi.json": {"GET": _document(api)},
    }


class _Servers:
    """Grants, which REST calls servers."""

    def __init__(self, api: Api) -> None:
        self._grants = api.grants
        self._api = api

    async def all(self, request: Request) -> Response:
        return JSONResponse(page(request, await self._grants.list(), shown))

    async def one(self, request: Request) -> Response:
        id = request.path_params["id"]
        found = await self._grants.get(id)
        if found is None:
            raise not_found("server", id)
        return JSONResponse(shown(found))

    async def create(self, request: Request) -> Response:
        given = await json_object(request)
        words = server_words(given, self._grants.rows)
        with pointed():
            return await self._issued(request, given, 201, issued_server(self._grants, words, ACTOR))

    async def change(self, request: Request) -> Response:
        id = request.path_params["id"]
        given = await json_object(request, PATCH_TYPES)
        before = await self._grants.get(id)
        if before is None:
            raise not_found("server", id)
        with pointed():
            changed = await self._grants.update(id, server_words(given, self._grants.rows, before), ACTOR)
        if changed is None:
            raise not_found("server", id)
        return JSONResponse(shown(changed))

    async def rotate(self, request: Request) -> Response:
        if await body(request):
            raise invalid({"": "must be empty: a rotation takes no words"})
        id = request.path_params["id"]
        return await self._issued(request, None, 200, rotated_server(self._grants, id, ACTOR))

    async def revoke(self, request: Request) -> Response:
        id = request.path_params["id"]
        if not await self._grants.revoke(id, ACTOR):
            raise not_found("server", id)
        return Response(status_code=204)

    async def _issued(self, request: Request, given: Any, status: int, make: Make) -> Response:
        made, secret, headers = await _once(self._grants, request, given, GRANT, make)
        if status == 201:
            headers["Location"] = f"{base_url(request, self._api.settings)}/admin/mcp/{made['id']}"
        url = server_url(request, self._api.settings, secret)
        return JSONResponse(made | {"url": url}, status, headers)


class _Tokens:
    """API tokens."""

    def __init__(self, api: Api) -> None:
        self._grants = api.grants
        self._api = api

    async def all(self, request: Request) -> Response:
        return JSONResponse(page(request, await self._grants.tokens(), shown_token))

    async def one(self, request: Request) -> Response:
        return JSONResponse(shown_token(await self._found(request)))

    async def create(self, request: Request) -> Response:
        given = await json_object(request)
        words = token_words(given)
        with pointed():
            made, secret, headers = await _once(
                self._grants, request, given, API, issued_token(self._grants, words, ACTOR)
            )
        headers["Location"] = f"{base_url(request, self._api.settings)}/admin/tokens/{made['id']}"
        return JSONResponse(made | {"token": secret}, 201, headers)

    async def revoke(self, request: Request) -> Response:
        id = request.path_params["id"]
        if not await self._grants.revoke_token(id, ACTOR):
            raise not_found("API token", id)
        return Response(status_code=204)

    async def _found(self, request: Request) -> ApiToken:
        id = request.path_params["id"]
        token = await self._grants.get_token(id)
        if token is None:
            raise not_found("API token", id)
        return token


async def _once(
    grants: Grants, request: Request, given: Any, prefix: Prefix, make: Make
) -> tuple[dict[str, Any], str, dict[str, str]]:
    """Do what makes a secret: once for all requests with the same key. What is shown, the secret, and headers."""
    key = idempotency_key(request)
    if key is None:
        return *await make(None, False), {}
    what = json.dumps([request.method, request.url.path, given], sort_keys=True)
    made, secret, replayed = await once(grants.repeats, key, what, prefix, make)
    return made, secret, {REPLAYED: "true"} if replayed else {}


def _tools(catalog: Catalog) -> Handler:
    rows = [
        {
            "name": tool.name,
            "title": tool.title,
            "tags": list(tool.tags),
            "methods": list(tool.methods),
            "tokens": tool.tokens,
        }
        for tool in catalog.tools
    ]
    answer = {"tools": rows, "tags": list(catalog.tags), "methods": list(METHODS)}

    async def tools(_: Request) -> Response:
        return JSONResponse(answer)

    return tools


def _document(api: Api) -> Handler:
    async def openapi(request: Request) -> Response:
        return JSONResponse(document(api.catalog, base_url(request, api.settings)))

    return openapi
