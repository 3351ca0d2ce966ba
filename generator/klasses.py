"""Owns what a tenant's Klasses add to the Catalog: typed `custom` on standard objects, typed operations for each
custom Klass, and the Klass's names where an argument asks for one. What is published for `custom` is replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from generator import quirks
from generator.errors import SpecError
from generator.ir import Attribute, Catalog, Json, Klass, LeftOut, Operation, Parameter, Schema, TreeNode
from generator.text import camel, identifier, is_clean, one_line, snake

# What Kustomer allows as a Klass's name (developer.kustomer.com/api/core-resources/get-klass-by-id).
KLASS_NAME = re.compile(r"[0-9A-Za-z_-]{1,255}")
_LABEL_LIMIT = 80
# Trees that people choose from have a handful; what walks through thousands would fall out of Python's stack.
_MOST_LEVELS = 40
# Characters of the line that names the nodes of a tree; the Klass's resource has them all.
_TREE_LIMIT = 80
_OPEN_CUSTOM: Schema = {"type": "object", "description": "Custom attributes by name"}


def read_klasses(files: Mapping[str, Json]) -> tuple[Klass, ...]:
    """Turn the pinned Klass files of a tenant into Klasses, sorted by name, standard ones first.

    Args:
        files: `{"name": ..., "displayName": ..., "standard": ..., "attributes": {...}}` by file name.

    Raises:
        SpecError: A file holds none.
    """
    if bad := [file for file, content in files.items() if not _is_klass(content)]:
        raise SpecError("these files hold no Klass with its attributes by name; fetch them anew", sorted(bad))
    klasses = [read_klass(content) for _, content in sorted(files.items())]
    return tuple(sorted(klasses, key=lambda klass: (not klass.standard, klass.name)))


def _is_klass(content: Json) -> bool:
    return isinstance(content, dict) and isinstance(content.get("attributes") or {}, dict)


def hidden_note(name: str, why: str) -> str:
    """What is said of a Klass that the organisation has and does not offer."""
    return f"Klass {name}: {why}; left out"


def told_apart(klasses: tuple[Klass, ...]) -> tuple[Klass, ...]:
    """The same Klasses, whose tools' names all differ.

    Raises:
        SpecError: Two Klasses would have the same tools' names.
    """
    spelled: dict[str, str] = {}
    problems = []
    for klass in klasses:
        if klass.standard:
            continue
        # As a file's name too, where case does not count.
        keys = {snake(klass.name) or klass.name, snake(klass.name.lower()) or klass.name}
        others = {spelled.setdefault(key, klass.name) for key in sorted(keys)} - {klass.name}
        if not snake(klass.name):
            problems.append(
                f"nothing of the Klass's name {klass.name!r} can stand in a tool's: exclude it under [klasses]"
            )
        elif others:
            other = min(others)
            problems.append(
                f"the Klasses {other!r} and {klass.name!r} would have the same tools' names: exclude one of them under [klasses]"
            )
    if problems:
        raise SpecError("the tenant's Klasses can't be named apart", problems)
    return klasses


def read_klass(content: Json) -> Klass:
    """Read one pinned Klass; attributes that are deleted or can't be read are left out and said so.

    Raises:
        SpecError: It has no name that Kustomer allows; the name becomes a file's.
    """
    if not isinstance(content.get("name"), str) or not KLASS_NAME.fullmatch(content["name"]):
        raise SpecError(f"a Klass is called {content.get('name')!a}, which Kustomer does not allow", ["fetch it anew"])
    attributes: list[Attribute] = []
    notes: list[str] = []
    for name, metadata in sorted((content.get("attributes") or {}).items()):
        if not is_clean(name):
            notes.append(f"{name!a}: no attribute of Kustomer is called so; left out")
        elif not isinstance(metadata, dict):
            notes.append(f"{name}: its metadata is no object; left out")
        elif metadata.get("deletedAt"):
            notes.append(f"{name}: deleted in Kustomer; left out")
        elif metadata.get("enabled") is False or metadata.get("status") == "disabled":
            notes.append(f"{name}: disabled in Kustomer; left out")
        elif _is_too_deep(metadata.get("tree")):
            notes.append(f"{name}: its tree has more than {_MOST_LEVELS} levels; left out")
        else:
            attributes.append(_attribute(name, metadata, notes))
    label = one_line(content.get("displayName"), _LABEL_LIMIT) or content["name"]
    return Klass(content["name"], label, bool(content.get("standard")), tuple(attributes), tuple(notes))


def _attribute(name: str, metadata: Json, notes: list[str]) -> Attribute:
    suffix = next((row for ending, row in sorted(quirks.SUFFIXES.items()) if name.endswith(ending)), None)
    if suffix is None:
        said = str(metadata.get("type"))
        suffix = quirks.ATTRIBUTE_TYPES.get(said, quirks.ANY_SCALAR)
        notes.append(
            f"{name}: no known suffix; taken as {suffix.kind}"
            + (f" (type {said})" if suffix is not quirks.ANY_SCALAR else "")
        )
    schema: Schema = dict(suffix.schema)
    target, nodes = metadata.get("target"), _tree(metadata.get("tree"))
    choices = sorted({c for c in _list(metadata.get("enumeration")) if isinstance(c, str)})
    if choices and schema.get("type") == "string":
        schema = {"type": "string", "enum": choices}
    if metadata.get("multi") or metadata.get("array"):
        schema = {"type": "array", "items": schema}
    sensitive = metadata.get("sensitive")
    is_sensitive = bool(metadata.get("hasSensitiveAttributes")) or (
        isinstance(sensitive, dict) and bool(sensitive.get("enabled"))
    )
    hints = [hint for hint in (_hint(target, nodes) or suffix.hint, "sensitive" if is_sensitive else "") if hint]
    label = one_line(metadata.get("displayName"), _LABEL_LIMIT) or name
    description = label + (f" ({'; '.join(hints)})" if hints else "")
    kind = suffix.kind + (" list" if schema["type"] == "array" else "") if "type" in schema else suffix.kind
    return Attribute(
        name,
        label,
        kind,
        {**schema, "description": description, "nullable": True},
        description,
        is_sensitive,
        type=metadata["type"] if isinstance(metadata.get("type"), str) else "",
        many=schema.get("type") == "array",
        enumeration=tuple(choices),
        target=target if isinstance(target, str) else "",
        tree=nodes,
    )


def _hint(target: Json, nodes: tuple[TreeNode, ...]) -> str:
    """What a value is one of, where the attribute says so."""
    if choices := _choices(nodes):
        return f"one of: {_listed(choices, _TREE_LIMIT)}"
    return f"{one_line(target.removeprefix('kobject.'), 60)} id" if isinstance(target, str) else ""


def _tree(tree: Json) -> tuple[TreeNode, ...]:
    rows = [node for node in _list(tree.get("children") if isinstance(tree, dict) else None) if isinstance(node, dict)]
    return tuple(
        TreeNode(one_line(str(row.get("id", "")), 100), one_line(row.get("displayName"), 40), _tree(row))
        for row in rows
    )


def _is_too_deep(tree: Json) -> bool:
    level = [tree]
    for _ in range(_MOST_LEVELS + 1):
        level = [child for node in level if isinstance(node, dict) for child in _list(node.get("children"))]
    return bool(level)


def _listed(names: list[str], limit: int) -> str:
    """The first names, and `…` where there is no room for all."""
    text = ", ".join(names)
    return text if len(text) <= limit else f"{text[: limit + 1].rpartition(', ')[0] or names[0]}, …"


def _choices(nodes: tuple[TreeNode, ...]) -> list[str]:
    """The ids of a tree's nodes, which are what is sent, in the order in which a person reads it; with the label where an
    id does not say as much."""
    return [choice for node in nodes for choice in (_choice(node), *_choices(node.children))]


def _choice(node: TreeNode) -> str:
    said, label = (re.sub(r"\W", "", text).lower() for text in (node.id, node.label))
    return node.id if said in label or not label else f"{node.id} ({node.label})"


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def add_klasses(catalog: Catalog, klasses: tuple[Klass, ...]) -> Catalog:
    """Make the catalog this tenant's: typed `custom`, typed tools of each custom Klass, Klass names as choices."""
    by_name = {klass.name: klass for klass in klasses}
    custom = tuple(klass for klass in klasses if not klass.standard)
    operations: list[Operation] = []
    left_out = list(catalog.left_out)
    for operation in catalog.operations:
        if operation.key in quirks.KLASS_OPERATIONS:
            operations.extend(_typed(operation, klass) for klass in custom)
            if not custom:
                left_out.append(_left_out(operation, "this tenant has no custom Klass"))
        elif operation.key in quirks.KLASS_COVERED:
            left_out.append(_left_out(operation, quirks.KLASS_COVERED[operation.key]))
        elif not custom and operation.path.startswith(quirks.KLASS_NAME_PATHS):
            left_out.append(_left_out(operation, "this tenant has no custom Klass"))
        else:
            operations.append(_with_klass_names(_with_custom(operation, by_name), custom))
    return replace(catalog, operations=tuple(operations), klasses=klasses, left_out=tuple(left_out))


def _left_out(operation: Operation, reason: str) -> LeftOut:
    return LeftOut(operation.key, operation.document, operation.operation_id, reason)


def custom_schema(klass: Klass) -> Schema:
    """The `custom` of one Klass: closed, every attribute typed, none required, null clears."""
    if not klass.attributes:
        return {**_OPEN_CUSTOM, "x-empty": True}
    return {
        "type": "object",
        "properties": {attribute.name: attribute.schema for attribute in klass.attributes},
        "description": f"Custom attributes of {_article(klass.label)}",
        "x-name": f"{camel(identifier(klass.name))}Custom",
    }


def _article(label: str) -> str:
    lower = label[0].lower() + label[1:] if label[1:2].islower() else label
    return f"{'an' if lower[:1] in 'aeiou' else 'a'} {lower}"


def _typed(operation: Operation, klass: Klass) -> Operation:
    body = _replace_custom(operation.body or {"type": "object", "properties": {}}, custom_schema(klass))
    verb = "Create" if operation.method == "POST" else "Update"
    return replace(
        operation,
        tool=quirks.KLASS_OPERATIONS[operation.key].format(klass=snake(klass.name)),
        klass=klass.name,
        body=body,
        summary=f"{verb} {klass.label}"[:60],
        description=_klass_description(operation, klass),
        parameters=tuple(p for p in operation.parameters if p.name != "name" or p.place != "path"),
        fixed_path=(("name", klass.name),),
    )


def _klass_description(operation: Operation, klass: Klass) -> str:
    if operation.method == "POST":
        return f"Create {_article(klass.label)} (Klass {klass.name}), optionally linked to a customer."
    return f"Update {_article(klass.label)} (Klass {klass.name}) by id: only the fields given change, null clears."


def _with_custom(operation: Operation, klasses: Mapping[str, Klass]) -> Operation:
    owner = next((name for prefix, name in quirks.CUSTOM_OWNERS if operation.path.startswith(prefix)), "")
    if operation.body is None:
        return operation
    schema = custom_schema(klasses[owner]) if owner in klasses else _OPEN_CUSTOM
    return replace(operation, body=_replace_custom(operation.body, schema))


def _replace_custom(body: Schema, custom: Schema) -> Schema:
    if body.get("type") == "array":
        return {**body, "items": _replace_custom(body["items"], custom)}
    properties = body.get("properties", {})
    if "custom" not in properties:
        return body
    return {**body, "properties": {**properties, "custom": custom}}


def _with_klass_names(operation: Operation, custom: tuple[Klass, ...]) -> Operation:
    if not custom or not operation.path.startswith(quirks.KLASS_NAME_PATHS):
        return operation
    names: Schema = {"type": "string", "enum": [klass.name for klass in custom]}
    parameters = tuple(_offering(p, names) for p in operation.parameters)
    return replace(operation, parameters=parameters)


def _offering(parameter: Parameter, names: Schema) -> Parameter:
    if parameter.name != "name" or parameter.place != "path":
        return parameter
    return replace(parameter, schema=names, description="Klass")
