"""Owns what becomes of a body that is a union: one operation per branch where the branches differ by kind, one merged
body where they don't; and of a PUT beside a PATCH: the tool that replaces a whole record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from generator import quirks
from generator.ir import Catalog, LeftOut, Operation, Schema
from generator.text import identifier, snake
from generator.tool_names import BRANCH_TOOLS

MERGED = "attributes"


def split_unions(catalog: Catalog) -> Catalog:
    """Replace every operation whose body is a union by one operation per branch."""
    left_out = list(catalog.left_out)
    operations = [branch for operation in catalog.operations for branch in _branches(operation, left_out)]
    return replace(catalog, operations=tuple(operations), left_out=tuple(left_out))


def _branches(operation: Operation, left_out: list[LeftOut]) -> Iterator[Operation]:
    options = (operation.body or {}).get("anyOf")
    if not options or not all(option.get("type") == "object" for option in options):
        yield operation
        return
    constants = _distinguishing(options)
    if constants is None and operation.key not in BRANCH_TOOLS:
        yield replace(operation, body=_merge(options))
        return
    rows = BRANCH_TOOLS.get(operation.key, {})
    labels: dict[str, list[Schema]] = {}
    for option in options:
        labels.setdefault(_label(option, options, constants), []).append(option)
    for label, same in sorted(labels.items()):
        if rows and label not in rows and "*" not in rows:
            reason = f"its branch `{label}` is the same as that of PATCH on the same path"
            left_out.append(LeftOut(operation.key, operation.document, operation.operation_id, reason))
            continue
        # Those that nothing tells apart are one: none of them may go silently.
        yield _branch(operation, same[0] if len(same) == 1 else _merge(same), label)


def point_elsewhere(catalog: Catalog) -> Catalog:
    """Say of every branch which arguments it lacks and its siblings have; after everything that takes fields away."""
    siblings: dict[tuple[str, str], list[Operation]] = {}
    for operation in catalog.operations:
        if operation.branch:
            siblings.setdefault((operation.document, operation.key), []).append(operation)
    operations = (
        replace(o, elsewhere=_elsewhere(o, siblings[o.document, o.key])) if o.branch else o for o in catalog.operations
    )
    return replace(catalog, operations=tuple(operations))


def _elsewhere(operation: Operation, siblings: list[Operation]) -> tuple[tuple[str, str], ...]:
    """The arguments that other branches have and this one has not, and whose they are in words."""
    noun = "drafts" if operation.path in quirks.DRAFT_PATHS else "changes"
    own = {*_fields(operation), *dict(operation.fixed_body), *(p.name for p in operation.parameters)}
    owners: dict[str, list[str]] = {}
    for other in sorted(siblings, key=lambda one: one.branch):
        for wire in sorted(_fields(other) - own):
            owners.setdefault(identifier(wire), []).append(other.branch.replace("_", " "))
    return tuple((name, f"{_listed(others)} {noun}") for name, others in sorted(owners.items()))


def _fields(operation: Operation) -> set[str]:
    """What a branch lets its caller send, without what the tool fills in."""
    return set((operation.body or {}).get("properties", {}))


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]


def _branch(operation: Operation, option: Schema, label: str) -> Operation:
    fixed = {name: s["enum"][0] for name, s in option.get("properties", {}).items() if _is_constant(s, name, option)}
    kept = {name: s for name, s in option.get("properties", {}).items() if name not in fixed}
    required = [name for name in option.get("required", []) if name in kept]
    body = {**option, "properties": kept, "required": required}
    return replace(operation, body=body, branch=label, fixed_body=tuple(sorted(fixed.items())), body_required=True)


def _is_constant(schema: Schema, name: str, option: Schema) -> bool:
    """A field that the branch requires and that can have one value only; the tool fills it in."""
    return len(schema.get("enum", ())) == 1 and (name == "channel" or name in option.get("required", ()))


def _distinguishing(options: list[Schema]) -> str | None:
    """The field whose single value tells the branches apart (`channel`, `type`, `kind`), if there is one."""
    shared: set[str] = set.intersection(*(set(option.get("properties", {})) for option in options))
    for name in sorted(shared):
        if all(len(option["properties"][name].get("enum", ())) == 1 for option in options):
            return name
    return None


def _label(option: Schema, options: list[Schema], constant: str | None) -> str:
    properties = option.get("properties", {})
    if constant is None:
        return snake(next(iter(properties))) if len(properties) == 1 else MERGED
    value = properties[constant]["enum"][0]
    same = [o for o in options if o["properties"][constant]["enum"][0] == value]
    if len(same) == 1:
        return snake(str(value))
    # Several branches of one kind differ by what their `meta` must hold; the plain one is the text.
    inner = properties.get("meta", {}).get("required", [])
    return f"{snake(str(value))}_{snake(inner[0]) if inner else 'text'}"


def _merge(options: list[Schema]) -> Schema:
    """One closed body with the fields of all branches; required is what every branch requires."""
    properties: dict[str, Schema] = {}
    for option in options:
        for name, schema in option.get("properties", {}).items():
            if name in properties and properties[name] != schema:
                schema = {"anyOf": [properties[name], schema]}
            properties[name] = schema
    required = set.intersection(*(set(option.get("required", ())) for option in options))
    return {"type": "object", "properties": properties, "required": sorted(required)}


def split_replaces(catalog: Catalog) -> Catalog:
    """Where a path has PATCH and PUT, the PUT becomes the tool that replaces: `replace=true` is filled in."""
    patched = {operation.path for operation in catalog.operations if operation.method == "PATCH"}
    return replace(catalog, operations=tuple(_replacing(o, o.path in patched) for o in catalog.operations))


def _replacing(operation: Operation, patched: bool) -> Operation:
    names = {parameter.name for parameter in operation.parameters}
    if operation.method != "PUT" or not patched or quirks.REPLACE_PARAMETER not in names:
        return operation
    kept = tuple(p for p in operation.parameters if p.name != quirks.REPLACE_PARAMETER)
    return replace(operation, parameters=kept, fixed_query=((quirks.REPLACE_PARAMETER, True),))
