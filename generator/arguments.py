"""Owns how one operation's parameters and body become one flat list of arguments, and the names they get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from generator import quirks
from generator.errors import SpecError
from generator.ir import Argument, Call, Entry, Json, Kept, Operation, Place, Schema, Scope, Style
from generator.naming import effect_of, singular
from generator.text import cut, identifier, one_line, python_name, snake, spelled

_PREFIXES: dict[Place, str] = {"path": "", "query": "query_", "body": "body_"}
DESCRIPTION_LIMIT = 160
PAGE_SIZE = "page_size"
CURSOR = "cursor"

Annotate = Callable[[Schema, str], str]


def arguments_of(operation: Operation, annotate: Annotate) -> tuple[Argument, ...]:
    """All arguments of an operation: path, scopes, required, optional, paging; each group in a fixed order.

    Args:
        operation: A named operation.
        annotate: Gives a schema (under the name of its argument) its Python annotation.

    Raises:
        SpecError: Two fields would be the same argument.
    """
    made = [*_path(operation), *_scopes(operation), *_query(operation), *_body(operation), *_paging(operation)]
    fixed = {"path", "paging", "scope"}
    groups = {"path": 0, "scope": 3, "": 2, "paging": 4}
    taken: dict[str, tuple[str, str]] = {}
    arguments: list[tuple[int, int, str, Argument]] = []
    for group, place, wire, schema, required, description, style, name in made:
        name = name if name not in taken or group in fixed else _PREFIXES[place] + name
        if name in taken:
            raise SpecError(
                f"{operation.key}: {place} field {one_line(wire, 60)!r} and {taken[name][0]} field "
                f"{one_line(taken[name][1], 60)!r} would both be the argument {name}",
                ["mend it with a row in PATCHES of generator/quirks.py"],
            )
        taken[name] = (place, wire)
        order = 1 if required and group == "" else groups[group]
        argument = Argument(
            name, python_name(name), place, wire, schema, annotate(schema, name),
            describe(description or str(schema.get("description", "")), name), required, style,
        )  # fmt: skip
        arguments.append((order, len(arguments) if group == "path" else 0, name if group == "" else "", argument))
    ordered = [row[3] for row in sorted(arguments, key=lambda row: row[:3])]
    said = {argument.wire: argument.name for argument in ordered}
    return tuple(replace(a, description=spelled(a.description, said)) for a in ordered)


_Row = tuple[str, Place, str, Schema, bool, str, Style, str]


def _path(operation: Operation) -> Iterator[_Row]:
    fixed = {name for name, _ in operation.fixed_path}
    for parameter in operation.parameters:
        if parameter.place == "path" and parameter.name not in fixed:
            schema = {**parameter.schema}
            if schema.get("type") == "string" and "enum" not in schema:
                schema["minLength"] = 1
            name = path_argument(operation.path, parameter.name)
            yield ("path", "path", parameter.name, schema, True, parameter.description, parameter.style, name)


def path_argument(path: str, parameter: str) -> str:
    """The argument's name of a path parameter: a parent's `{id}` is that parent's id, a Klass's `{name}` its name.

    >>> path_argument("/v1/customers/{id}/drafts", "id"), path_argument("/v1/klasses/{name}/{id}", "name")
    ('customer_id', 'klass_name')
    """
    before = path.partition("{" + parameter + "}")[0]
    parent = re.sub(r"/\{[^{}]+\}", "", before).rstrip("/").rpartition("/")[2]
    if parent == "klasses" and parameter == "name":
        return "klass_name"
    if parameter == "id" and not path.endswith("{id}"):
        return f"{singular(snake(parent))}_id"
    return identifier(parameter)


def _scopes(operation: Operation) -> Iterator[_Row]:
    for scope in operation.scopes:
        description = quirks.SCOPE_DESCRIPTIONS[scope.argument]
        yield ("scope", "path", scope.parameter, _id_schema(), False, description, "plain", scope.argument)


def _id_schema() -> Schema:
    return {"type": "string", "minLength": 1}


def _query(operation: Operation) -> Iterator[_Row]:
    in_body = (operation.body or {}).get("properties", {})
    for parameter in operation.parameters:
        if parameter.place == "query" and not (parameter.name == "rev" and "rev" in in_body):
            name = identifier(parameter.name)
            text, style = parameter.description, parameter.style
            yield ("", "query", parameter.name, parameter.schema, parameter.required, text, style, name)


def _body(operation: Operation) -> Iterator[_Row]:
    body = operation.body
    properties = (body or {}).get("properties")
    if body is None or (operation.fixed_body and not properties):
        return  # nothing to send, or nothing that the tool does not fill in itself
    if not properties:
        name = quirks.ARRAY_BODY_ARGUMENTS.get(operation.key) or (
            quirks.ARRAY_BODY_ARGUMENT if body.get("type") == "array" else quirks.FREE_BODY_ARGUMENT
        )
        schema = dict(body)
        if body.get("type") == "array" and operation.path.endswith(quirks.BULK_SUFFIX):
            schema |= {"minItems": 1, "maxItems": quirks.BULK_LIMIT}
        yield ("", "body", "", schema, operation.body_required, "", "plain", name)
        return
    required = body.get("required", ())
    parents = {path_argument(operation.path, p.name) for p in operation.parameters if p.place == "path"}
    for wire, schema in sorted(properties.items()):
        if f"{snake(wire)}_id" in parents and wire not in required:
            continue  # the path says it already
        yield ("", "body", wire, schema, wire in required, "", "plain", identifier(wire))


def _paging(operation: Operation) -> Iterator[_Row]:
    if operation.paged:
        limits = {} if operation.search else quirks.PAGE_SIZE_LIMITS
        largest = limits.get(operation.key, quirks.PAGE_SIZE_LIMIT)
        size: Schema = {"type": "integer", "minimum": 1, "maximum": largest}
        cursor: Schema = {"type": "string", "minLength": 1}
        yield ("paging", "query", CURSOR, cursor, False, "The answer's next_cursor", "plain", CURSOR)
        yield ("paging", "query", "pageSize", size, False, "Rows", "plain", PAGE_SIZE)


def describe(description: str, name: str) -> str:
    """A short description of an argument: the document's, else the words of its name."""
    return cut(description, DESCRIPTION_LIMIT) if description else name.replace("_", " ").capitalize()


def calls_of(operation: Operation, arguments: tuple[Argument, ...]) -> tuple[Call, ...]:
    """The requests that a tool may send: one a scope, then the one without any."""
    scopes = {scope.argument for scope in operation.scopes}
    narrowed = tuple(_call(operation, _for_scope(scope, arguments, scopes), scope) for scope in operation.scopes)
    return (*narrowed, _call(operation, tuple(a for a in arguments if a.name not in scopes)))


def _for_scope(scope: Scope, arguments: tuple[Argument, ...], scopes: set[str]) -> tuple[Argument, ...]:
    takes = {*scope.query, "pageSize", CURSOR}
    return tuple(
        a
        for a in arguments
        if a.name == scope.argument or (a.name not in scopes and (a.place == "path" or a.wire in takes))
    )


def _call(operation: Operation, arguments: tuple[Argument, ...], scope: Scope | None = None) -> Call:
    if operation.paged:
        arguments = tuple(a for a in arguments if a.name != CURSOR)  # it is the next page's whole query
    body = [a for a in arguments if a.place == "body" and not operation.search]
    whole = not (operation.body or {}).get("properties")
    others = [other.argument for other in operation.scopes if scope and other != scope]
    takes = {a.wire for a in arguments}
    unknown = [
        python_name(identifier(p.name)) for p in operation.parameters if p.place == "query" and p.name not in takes
    ]
    return Call(
        method=operation.method,
        path=scope.path if scope else operation.path,
        path_entries=(*_fixed(operation.fixed_path), *_entries(arguments, "path")),
        query_entries=(*_fixed(operation.fixed_query), *_entries(arguments, "query")),
        body_entries=(
            *_fixed(operation.fixed_body),
            *(() if whole else (_entry(a) for a in body)),
            *(
                Entry(wire, f"given({a.python})")
                for wire, source in operation.filled_body
                for a in body
                if a.wire == source
            ),
        ),
        whole_body=body[0].python if whole and body else "",
        paged=operation.paged,
        reads=operation.method != "GET" and effect_of(operation) == "read",
        search=operation.search.name if operation.search else "",
        scope=python_name(scope.argument) if scope else "",
        refuses=tuple(sorted([*others, *unknown])) if scope else (),
        kept=tuple(Kept(a.python, relation) for wire, relation in operation.kept for a in body if a.wire == wire),
    )


def _fixed(values: tuple[tuple[str, Json], ...]) -> Iterator[Entry]:
    return (Entry(wire, ascii(value)) for wire, value in values)


def _entries(arguments: tuple[Argument, ...], place: Place) -> Iterator[Entry]:
    return (_entry(a) for a in arguments if a.place == place)


def _entry(argument: Argument) -> Entry:
    comma = argument.style == "comma"
    return Entry(argument.wire, f"comma({argument.python})" if comma else argument.python)
