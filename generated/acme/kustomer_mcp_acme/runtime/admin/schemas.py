"""Owns the JSON Schemas of REST, as its OpenAPI document shows them; their limits are those that grants are checked by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..grants.model import METHODS
from ..grants.words import LONGEST_NAME, MOST_CALLS
from .catalog import Catalog
from .problems import TYPE

Schema = dict[str, Any]

# What is printable and begins and ends with no blank; names stand in logs and on terminals.
_TEXT = r"^\S(.*\S)?$"
_LONGEST_SCOPE = 200
EXAMPLE_TIME = "2027-12-31T23:59:59Z"


def schemas(catalog: Catalog) -> dict[str, Schema]:
    """Every named schema, for a package with these tools."""
    config = _config(catalog)
    return {
        "Config": _object("What a server leaves of the package, and how it may be used.", config, ()),
        "NewServer": _object(
            "A server to make.",
            {"name": _name(), "config": _ref("Config"), "expires_at": _expiry()},
            ("name", "config"),
        ),
        "ServerChange": _object(
            "What to change (RFC 7396): what is left out stays; null clears `expires_at`, `oauth_scope`, `calls_per_minute`.",
            {"name": _name(), "config": _ref("Config"), "expires_at": _expiry()},
            (),
        ),
        "Server": _answer("A server: one caller's narrowing of the package.", _server(config)),
        "IssuedServer": _answer(
            "A server with its URL. The secret is in it, and is never shown again.", _server(config) | _url()
        ),
        "Servers": _page("Server"),
        "NewToken": _object("An API token to make.", {"name": _name(), "expires_at": _expiry()}, ("name",)),
        "Token": _answer("An API token: a second credential for servers that require one.", _token()),
        "IssuedToken": _answer("An API token with its secret, which is never shown again.", _token() | _secret()),
        "Tokens": _page("Token"),
        "Tools": _tools(),
        "Problem": _problem(),
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(description: str, properties: Mapping[str, Schema], required: tuple[str, ...]) -> Schema:
    made: Schema = {"type": "object", "description": description, "properties": dict(properties)}
    return made | ({"required": list(required)} if required else {}) | {"additionalProperties": False}


def _answer(description: str, properties: Mapping[str, Schema]) -> Schema:
    return _object(description, properties, tuple(properties))


def _name() -> Schema:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": _TEXT}
    return text | {"description": "What people call it; printable characters.", "examples": ["Support Ops AI Agent"]}


def _expiry() -> Schema:
    text = "From then on it holds nothing; at least 60 s ahead (RFC 3339). null: never."
    return {"type": ["string", "null"], "format": "date-time", "description": text, "examples": [EXAMPLE_TIME]}


def _config(catalog: Catalog) -> dict[str, Schema]:
    names = [tool.name for tool in catalog.tools]
    return {
        "methods": _several(
            "Only tools with one of these; empty: with any. `read`, `write`, `custom` or exact.", METHODS
        ),
        "tags": _several(
            "Only tools with one of these tags; empty: with any. Methods and tags must both match.", catalog.tags
        ),
        "tools": _several("Only these of the tools that match; empty: all that match.", names),
        "exposure": {
            "type": "string",
            "enum": ["all", "discovery"],
            "default": "all",
            "description": "`all` lists the tools; `discovery` lists four tools that find and call them.",
        },
        "require_api_token_auth": {
            "type": "boolean",
            "default": False,
            "description": "Whether a caller must present an API token besides the URL.",
        },
        "oauth_scope": {
            "type": ["string", "null"],
            "minLength": 1,
            "maxLength": _LONGEST_SCOPE,
            "pattern": r"^[\x21\x23-\x5b\x5d-\x7e]+$",
            "description": "OAuth access tokens with this scope act as this server (RFC 6749, 3.3). null: none.",
        },
        "calls_per_minute": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": MOST_CALLS,
            "description": "Requests that it may make in a minute. null: the package's default.",
        },
    }


def _several(description: str, values: tuple[str, ...] | list[str]) -> Schema:
    items = {"type": "string", "enum": list(values)}
    return {"type": "array", "items": items, "default": [], "description": description}


def _times() -> dict[str, Schema]:
    moment = {"type": "string", "format": "date-time"}
    perhaps = {"type": ["string", "null"], "format": "date-time"}
    return {
        "created_at": moment,
        "expires_at": perhaps | {"description": "null: never."},
        "last_used_at": perhaps | {"description": "To a minute or so. null: never."},
    }


def _stored_config(config: Mapping[str, Schema]) -> dict[str, Schema]:
    """A server may outlive a tool or a tag of an older version of the package: its answer names them all the same."""
    plain = {"type": "array", "items": {"type": "string"}}
    return {name: plain if schema["type"] == "array" else schema for name, schema in config.items()}


def _server(config: Mapping[str, Schema]) -> dict[str, Schema]:
    return {
        "id": {"type": "string", "examples": ["g_k3v9m2xq7abt"]},
        "name": {"type": "string"},
        "config": _answer("Its configuration, whole.", _stored_config(config)),
        **_times(),
    }


def _url() -> dict[str, Schema]:
    return {"url": {"type": "string", "format": "uri", "description": "What an MCP client is given. It is a secret."}}


def _token() -> dict[str, Schema]:
    return {"id": {"type": "string", "examples": ["t_p4w8n6yr2cdh"]}, "name": {"type": "string"}, **_times()}


def _secret() -> dict[str, Schema]:
    return {"token": {"type": "string", "description": "Sent as `Authorization: Bearer` or `X-API-Token`."}}


def _page(item: str) -> Schema:
    cursor = {
        "type": ["string", "null"],
        "description": "Give it as `cursor` for what follows; null: this was the last.",
    }
    return _answer(
        "One page, the oldest first.", {"data": {"type": "array", "items": _ref(item)}, "next_cursor": cursor}
    )


def _tools() -> Schema:
    texts: Schema = {"type": "array", "items": {"type": "string"}}
    tool: dict[str, Schema] = {
        "name": {"type": "string"},
        "title": {"type": "string"},
        "tags": texts,
        "methods": texts,
        "tokens": {"type": "integer", "description": "What it costs in a list, estimated: bytes of JSON / 4."},
    }
    rows = {"type": "array", "items": _answer("A tool of the package.", tool)}
    return _answer("The package's tools, and what servers narrow by.", {"tools": rows, "tags": texts, "methods": texts})


def _problem() -> Schema:
    where = {"pointer": {"type": "string"}, "parameter": {"type": "string"}, "detail": {"type": "string"}}
    error = _object(
        "One problem: a JSON Pointer into the body (RFC 6901), or the parameter's name.", where, ("detail",)
    )
    members: dict[str, Schema] = {
        "type": {"type": "string", "format": "uri", "examples": [f"{TYPE}invalid-body"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong with this request, and what to do."},
        "errors": {"type": "array", "items": error},
    }
    return _object("Problem details (RFC 9457).", members, ("type", "title", "status", "detail"))
