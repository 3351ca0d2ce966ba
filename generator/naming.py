"""Owns the rule that gives every operation its tool's name and kind, from method and path alone."""

from __future__ import annotations

import re
from dataclasses import replace

from generator import quirks
from generator.errors import SpecError
from generator.ir import Catalog, Effect, Kind, Operation
from generator.text import snake
from generator.tool_names import BRANCH_TOOLS, RESOURCES, SINGULARS, TOOLS

NAME_LIMIT = 64
_OR_EXCLUDE = ", or exclude the Klass under [klasses] in tenant.toml"
_VERSION = re.compile(r"v\d+")
_CRUD: dict[str, Kind] = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_PATTERNS: tuple[tuple[str, Kind], ...] = (
    ("list_all_kustomer_", "list"),
    ("get_single_kustomer_", "get"),
    ("create_a_kustomer_", "create"),
    ("update_a_kustomer_", "update"),
    ("delete_a_kustomer_", "delete"),
)
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


def name_tools(catalog: Catalog) -> Catalog:
    """Give every operation its tool's name and kind.

    Raises:
        SpecError: Two operations have the same name, or one is too long; the error names both and the table to edit.
    """
    named = tuple(_named(operation) for operation in catalog.operations)
    problems = _collisions(named) + [
        f"{o.tool} ({o.key}) has {len(o.tool)} characters, more than {NAME_LIMIT}: "
        f"give it a shorter name in generator/tool_names.py{_OR_EXCLUDE if o.klass else ''}"
        for o in named
        if len(o.tool) > NAME_LIMIT
    ]
    if problems:
        raise SpecError("these tools can't be named", problems)
    return replace(catalog, operations=named)


def effect_of(operation: Operation) -> Effect:
    """Whether the operation reads or writes, by what it does and not by its method."""
    return "read" if operation.method == "GET" or operation.key in quirks.READ_POSTS else "write"


def _collisions(operations: tuple[Operation, ...]) -> list[str]:
    by_name: dict[str, list[Operation]] = {}
    for operation in operations:
        by_name.setdefault(operation.tool, []).append(operation)
    return [
        f"{name} would be the name of {' and '.join(o.key + (f' ({o.branch or o.klass})' if o.branch or o.klass else '') for o in same)}: "
        f"give one of them another name in generator/tool_names.py{_OR_EXCLUDE if any(o.klass for o in same) else ''}"
        for name, same in sorted(by_name.items())
        if len(same) > 1
    ]


def _named(operation: Operation) -> Operation:
    name = (
        operation.tool or _branch_name(operation) or TOOLS.get(operation.key) or rule(operation.method, operation.path)
    )
    kind: Kind = next((kind for prefix, kind in _PATTERNS if name.startswith(prefix)), "custom")
    return replace(operation, tool=name, kind=kind)


def _branch_name(operation: Operation) -> str:
    row = BRANCH_TOOLS.get(operation.key, {}) if operation.branch else {}
    if pattern := row.get(operation.branch) or row.get("*"):
        return pattern.format(branch=operation.branch)
    if operation.branch:
        return f"{TOOLS.get(operation.key) or rule(operation.method, operation.path)}_{operation.branch}"
    return ""


def rule(method: str, path: str) -> str:
    """Name a tool after its method and path; the curated tables come first.

    >>> rule("GET", "/v1/customers/{id}/notes"), rule("POST", "/v1/customers/{id}/notes")
    ('list_all_kustomer_customer_notes', 'create_a_kustomer_customer_note')
    >>> rule("GET", "/v1/messages/externalid={externalId}"), rule("PUT", "/v1/slas/order")
    ('kustomer_messages_using_external_id', 'kustomer_sla_order_update')
    """
    collection, _, last = path.rpartition("/")
    if "={" in last:
        return f"kustomer_{_plural(collection)}_using_{snake(last.partition('={')[2].rstrip('}'))}"
    on_one = last.startswith("{")
    if method == "GET":
        return f"get_single_kustomer_{_singular(collection)}_by_id" if on_one else f"list_all_kustomer_{_plural(path)}"
    if method == "POST" and not on_one:
        return f"create_a_kustomer_{_singular(path)}"
    if method != "POST" and on_one:
        return f"{_CRUD[method]}_a_kustomer_{_singular(collection)}_by_id"
    return f"kustomer_{_plural(collection if on_one else path)}_{_VERBS[method]}"


def _words(path: str) -> list[str]:
    segments = [segment for segment in path.split("/") if segment and not _VERSION.fullmatch(segment)]
    if segments[:1] == ["p"]:
        segments[0] = "public"
    return [snake(segment.partition("=")[0]) for segment in segments if not segment.startswith("{")]


def _singular(path: str) -> str:
    path = re.sub(r"(/\{[^{}]+\})+$", "", path) if path not in RESOURCES else path
    if path in RESOURCES:
        return RESOURCES[path][0]
    return "_".join(singular(word) for word in _words(path))


def _plural(path: str) -> str:
    path = re.sub(r"(/\{[^{}]+\})+$", "", path) if path not in RESOURCES else path
    if path in RESOURCES:
        return RESOURCES[path][1]
    *parents, last = _words(path) or [""]
    return "_".join([*(singular(word) for word in parents), last])


def singular(word: str) -> str:
    """The singular of one word of a path."""
    if word in SINGULARS:
        return SINGULARS[word]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
