"""Owns what MCP resources tell of each Klass and standard object: its attributes, and how its records are addressed."""

from __future__ import annotations

from collections.abc import Iterable

from generator import quirks
from generator.ir import Attribute, Catalog, Json, Klass, KlassResource, Operation, Schema, TreeNode
from generator.text import is_device

_MASKED = (
    "Values of sensitive attributes may come back masked, as {isMasked: true, maskedPresentation: ...}: what stands there "
    "is no data, must not be compared or written back, and is readable while an unmasking window is open."
)
_SETTING = "null clears an attribute; what is left out stays as it is; no other attribute is accepted."


def klass_resources(catalog: Catalog) -> tuple[KlassResource, ...]:
    """One resource a Klass, standard objects first."""
    return tuple(KlassResource(resource_name(klass), _content(klass, catalog.operations)) for klass in catalog.klasses)


def resource_name(klass: Klass) -> str:
    """The Klass's name, in Kustomer's longer spelling where a standard object or a device of Windows has the same one."""
    shadowed = not klass.standard and (klass.name in quirks.STANDARD_KLASSES or is_device(klass.name))
    return f"kobject.{klass.name}" if shadowed else klass.name


def _content(klass: Klass, operations: tuple[Operation, ...]) -> dict[str, Json]:
    return {
        "name": klass.name,
        "label": klass.label,
        "standard": klass.standard,
        "address": _address(klass),
        "tools": _tools(klass, operations),
        "attributes": [_attribute(attribute) for attribute in klass.attributes],
        "notes": [_SETTING, *([_MASKED] if any(a.sensitive for a in klass.attributes) else [])],
    }


def _address(klass: Klass) -> dict[str, Json]:
    address = {
        "record_type": klass.name if klass.standard else f"kobject.{klass.name}",
        "in_records": "attributes.custom.<attribute>",
        "in_tools": "custom.<attribute>",
    }
    return address if klass.standard else {**address, "klass_name": klass.name}


def _tools(klass: Klass, operations: Iterable[Operation]) -> dict[str, Json]:
    """The tools that take this Klass's `custom`, and those that take any Klass by `klass_name`."""
    own = (
        o.tool for o in operations if (_writes_custom_of(o) == klass.name if klass.standard else o.klass == klass.name)
    )
    if klass.standard:
        return {"own": sorted(own)}
    any_klass = (o.tool for o in operations if not o.klass and o.path.startswith(quirks.KLASS_NAME_PATHS))
    return {"own": sorted(own), "by_klass_name": sorted(any_klass)}


def _writes_custom_of(operation: Operation) -> str:
    """The standard object whose attributes the body's `custom` has, or an empty string."""
    owner = next((name for prefix, name in quirks.CUSTOM_OWNERS if operation.path.startswith(prefix)), "")
    return owner if _has_custom(operation.body or {}) else ""


def _has_custom(body: Schema) -> bool:
    if body.get("type") == "array":
        return _has_custom(body["items"])
    return "custom" in body.get("properties", {})


def _attribute(attribute: Attribute) -> dict[str, Json]:
    """What is the same for most attributes is left out: one value, any value, not sensitive."""
    row: dict[str, Json] = {
        "name": attribute.name,
        "label": attribute.label,
        "kind": attribute.kind,
        "type": attribute.type,
        "address": f"custom.{attribute.name}",
        "list": attribute.many,
        "enumeration": list(attribute.enumeration),
        "target": attribute.target,
        "tree": [_node(node) for node in attribute.tree],
        "sensitive": attribute.sensitive,
    }
    return {key: value for key, value in row.items() if value}


def _node(node: TreeNode) -> dict[str, Json]:
    row: dict[str, Json] = {"id": node.id, "label": node.label, "children": [_node(child) for child in node.children]}
    return {key: value for key, value in row.items() if value or key == "id"}
