"""Owns the OpenAPI 3.1 document of REST: every path, answer and header as a row. Its schemas are in schemas.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .bodies import JSON_TYPES, PATCH_TYPES
from .catalog import Catalog
from .pagination import DEFAULT_LIMIT, MOST
from .problems import KINDS, MEDIA_TYPE
from .repeats import HEADER, KEY_PATTERN, REPLAYED
from .schemas import EXAMPLE_TIME, schemas

_EVERY = ("unauthorized", "store-down")
_KEYED = ("invalid-parameter", "in-progress", "key-reused")
_BODY = ("invalid-json", "too-large", "unsupported-media-type", "invalid-body")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `takes` and `gives` are names of schemas; `problems` are kinds that it has beside those that all have."""

    id: str
    summary: str
    status: int
    gives: str = ""
    takes: str = ""
    problems: tuple[str, ...] = ()
    is_keyed: bool = False
    is_list: bool = False
    media: tuple[str, ...] = JSON_TYPES
    links: Mapping[str, str] = field(default_factory=dict)


_SERVER_LINKS = {"getServer": "/id", "changeServer": "/id", "rotateServer": "/id", "revokeServer": "/id"}
_TOKEN_LINKS = {"getToken": "/id", "revokeToken": "/id"}
OPERATIONS: Mapping[str, Mapping[str, Operation]] = {
    "/admin/mcp": {
        "get": Operation("listServers", "The servers, the oldest first.", 200, "Servers", is_list=True),
        "post": Operation(
            "createServer",
            "Make a server. Its URL is shown this once.",
            201, "IssuedServer", "NewServer", _BODY, is_keyed=True, links=_SERVER_LINKS,
        ),
    },
    "/admin/mcp/{id}": {
        "get": Operation("getServer", "One server.", 200, "Server", problems=("not-found",)),
        "patch": Operation(
            "changeServer",
            "Change a server; its URL stays, and what it does from the next request on is what is said here.",
            200, "Server", "ServerChange", (*_BODY, "not-found"), media=PATCH_TYPES,
        ),
        "delete": Operation("revokeServer", "Revoke a server: its URL holds nothing from then on.", 204, problems=("not-found",)),
    },
    "/admin/mcp/{id}/rotate": {
        "post": Operation(
            "rotateServer",
            "Give a server a new URL; the old one holds nothing from then on. It takes no body.",
            200, "IssuedServer", problems=("not-found", "too-large", "invalid-body"), is_keyed=True,
        ),
    },
    "/admin/tokens": {
        "get": Operation("listTokens", "The API tokens, the oldest first.", 200, "Tokens", is_list=True),
        "post": Operation(
            "createToken",
            "Make an API token. Its secret is shown this once.",
            201, "IssuedToken", "NewToken", _BODY, is_keyed=True, links=_TOKEN_LINKS,
        ),
    },
    "/admin/tokens/{id}": {
        "get": Operation("getToken", "One API token.", 200, "Token", problems=("not-found",)),
        "delete": Operation("revokeToken", "Revoke an API token.", 204, problems=("not-found",)),
    },
    "/admin/tools": {"get": Operation("listTools", "The tools of the package, with tags and methods.", 200, "Tools")},
    "/admin/openapi.json": {"get": Operation("getDocument", "This document.", 200)},
}  # fmt: skip

_HEADERS: Mapping[str, Any] = {
    "Cache-Control": {"description": "Answers are never stored.", "schema": {"const": "no-store"}, "required": True},
    "Location": {
        "description": "Where it is from now on.",
        "schema": {"type": "string", "format": "uri"},
        "required": True,
    },
    REPLAYED: {"description": "The request was answered before, and is answered alike.", "schema": {"const": "true"}},
    "WWW-Authenticate": {"description": "What to send.", "schema": {"type": "string"}, "required": True},
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "required": True,
    },
    "Allow": {"description": "The methods that are allowed here.", "schema": {"type": "string"}, "required": True},
}
_OF_KIND = {
    "unauthorized": "WWW-Authenticate",
    "in-progress": "Retry-After",
    "store-down": "Retry-After",
    "method-not-allowed": "Allow",
}
_EXAMPLES: Mapping[str, Any] = {
    "NewToken": {"name": "CI runner", "expires_at": EXAMPLE_TIME},
    "ServerChange": {"name": "Support Ops, nights", "expires_at": None},
}


def document(catalog: Catalog, base: str) -> dict[str, Any]:
    """The whole document, for a package with these tools.

    Args:
        catalog: The package's tools.
        base: What its URLs begin with.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{catalog.title}: managing MCP servers",
            "version": catalog.version,
            "description": "Make scoped MCP servers of this package, one for each caller; change, rotate and revoke them.",
        },
        "servers": [{"url": base}],
        "security": [{"adminToken": []}],
        "paths": {path: _path(path, operations, catalog) for path, operations in OPERATIONS.items()},
        "components": {
            "schemas": schemas(catalog),
            "responses": {kind: _problem(kind) for kind in KINDS},
            "parameters": _parameters(),
            "headers": dict(_HEADERS),
            "securitySchemes": {
                "adminToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "KUSTOMER_MCP_ADMIN_TOKEN of the server.",
                }
            },
        },
    }


def _path(path: str, operations: Mapping[str, Operation], catalog: Catalog) -> dict[str, Any]:
    shared = {"parameters": [_reference("parameters", "id")]} if "{id}" in path else {}
    return shared | {method: _operation(row, catalog) for method, row in operations.items()}


def _operation(row: Operation, catalog: Catalog) -> dict[str, Any]:
    names = (["limit", "cursor"] if row.is_list else []) + ([HEADER] if row.is_keyed else [])
    made: dict[str, Any] = {"operationId": row.id, "summary": row.summary}
    if names:
        made["parameters"] = [_reference("parameters", name) for name in names]
    if row.takes:
        shown = {"schema": _reference("schemas", row.takes), "example": _example(row.takes, catalog)}
        made["requestBody"] = {"required": True, "content": dict.fromkeys(row.media, shown)}
    return made | {"responses": {str(row.status): _success(row)} | _refusals(row)}


def _success(row: Operation) -> dict[str, Any]:
    headers = ["Cache-Control", *(["Location"] if row.status == 201 else []), *([REPLAYED] if row.is_keyed else [])]
    made: dict[str, Any] = {"description": "Done." if row.status == 204 else row.summary}
    made["headers"] = {name: _reference("headers", name) for name in headers}
    if row.status != 204:
        schema = _reference("schemas", row.gives) if row.gives else {"type": "object"}
        made["content"] = {"application/json": {"schema": schema}}
    if row.links:
        made["links"] = {
            target: {"operationId": target, "parameters": {"id": f"$response.body#{pointer}"}}
            for target, pointer in row.links.items()
        }
    return made


def _refusals(row: Operation) -> dict[str, Any]:
    """By status; two kinds with one status are told apart by their `type`."""
    listed = ("invalid-parameter",) if row.is_list else ()
    kinds = dict.fromkeys((*_EVERY, *row.problems, *(_KEYED if row.is_keyed else ()), *listed))
    return {str(KINDS[kind].status): _reference("responses", kind) for kind in sorted(kinds, reverse=True)}


def _problem(kind: str) -> dict[str, Any]:
    row = KINDS[kind]
    names = ["Cache-Control", *([_OF_KIND[kind]] if kind in _OF_KIND else [])]
    return {
        "description": f"{row.title}. {row.meaning}",
        "headers": {name: _reference("headers", name) for name in names},
        "content": {MEDIA_TYPE: {"schema": _reference("schemas", "Problem")}},
    }


def _parameters() -> dict[str, Any]:
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
    key = "The same key with the same request within 24 h gives the same answer, and does nothing twice."
    return {
        "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        "limit": {"name": "limit", "in": "query", "schema": limit},
        "cursor": {
            "name": "cursor",
            "in": "query",
            "description": "`next_cursor` of the page before, as it stands.",
            "schema": {"type": "string"},
        },
        HEADER: {
            "name": HEADER,
            "in": "header",
            "description": key,
            "schema": {"type": "string", "pattern": KEY_PATTERN},
            "example": '"7f6c1d0e-5d0a-4c52-9d0b-0d6f4b6e2a11"',
        },
    }


def _example(name: str, catalog: Catalog) -> dict[str, Any]:
    """An example that this very package would take."""
    if name in _EXAMPLES:
        return dict(_EXAMPLES[name])
    first = catalog.tools[0]
    config = {"methods": list(first.methods[:1]), "tags": list(first.tags[:1]), "require_api_token_auth": False}
    return {"name": "Support Ops AI Agent", "config": config, "expires_at": EXAMPLE_TIME}


def _reference(part: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{part}/{name}"}
