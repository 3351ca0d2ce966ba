"""Owns how one schema is shown to a client: whole, or by what it must have and a line that names the rest.

What the models ask for, a shape asks for too, so that a call that is valid by its contract is valid: a shortened object
keeps its required fields and their types, and a pattern stays where the models check it.
"""

from __future__ import annotations

from generator import quirks
from generator.ir import Schema
from generator.schema import without_repeats

_SHOWN_FORMATS = ("date-time", "uri", "email")
SHOWN_BOUNDS = ("minimum", "maximum", "maxLength", "minItems", "maxItems")
_ANY_JSON: Schema = {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}, {"type": "object"}]}
_NULL: Schema = {"type": "null"}
_OUTLINE = 42  # characters


def shape(schema: Schema, *, nested: bool) -> Schema:
    """The schema as a client sees it, without its description; objects whole if `nested`, else by what they must have."""
    if "anyOf" in schema:
        options = without_repeats(shape(option, nested=nested) for option in schema["anyOf"])
        return options[0] if len(options) == 1 else {"anyOf": options}
    if schema.get("type") == "array":
        return {"type": "array", "items": shape(schema["items"], nested=nested), **_shown(schema)}
    if schema.get("properties") and nested and all(_key_is_plain(key) for key in schema["properties"]):
        return _object(schema)
    if schema.get("type") == "object":
        return _needed(schema)
    if "enum" in schema:
        return {"type": schema["type"], "enum": schema["enum"]}
    return {"type": schema["type"], **_shown(schema)} if "type" in schema else dict(_ANY_JSON)


def _needed(schema: Schema) -> Schema:
    """An object by the fields that it must have, without their texts; what else it may have is named in words."""
    names = [
        name for name in schema.get("required", ()) if name in schema.get("properties", {}) and _key_is_plain(name)
    ]
    if not names:
        return {"type": "object"}
    fields = {name: schema["properties"][name] for name in dict.fromkeys(names)}
    properties = {name: nullable(inner, shape(inner, nested=False)) for name, inner in fields.items()}
    return {"type": "object", "properties": properties, "required": list(properties)}


def _object(schema: Schema) -> Schema:
    properties = {
        name: nullable(inner, described(shape(inner, nested=True), _telling(name, inner.get("description", ""))))
        for name, inner in schema["properties"].items()
    }
    result: Schema = {"type": "object", "properties": properties}
    if schema.get("required"):
        result["required"] = schema["required"]
    if not schema.get("additionalProperties"):
        result["additionalProperties"] = False
    return result


def _telling(name: str, text: str) -> str:
    """What is said of a nested field, unless its name says as much: `Portal` of `portalUrl`."""
    said, named = ("".join(filter(str.isalnum, words)).lower() for words in (text, name))
    return "" if named.startswith(said) else text


def _shown(schema: Schema) -> Schema:
    shown: Schema = {key: schema[key] for key in SHOWN_BOUNDS if key in schema}
    if schema.get("maxLength") == quirks.SUFFIXES["Str"].schema["maxLength"]:
        del shown["maxLength"]  # every text attribute has it; the models check it
    if schema.get("format") in _SHOWN_FORMATS:
        shown["format"] = schema["format"]
    if "pattern" in schema and schema["pattern"].isprintable():  # text for a client never holds control characters
        shown["pattern"] = schema["pattern"]
    return shown


def _key_is_plain(key: str) -> bool:
    return key.replace("_", "").isalnum() and key.isascii() and len(key) <= 64


def nullable(schema: Schema, shown: Schema) -> Schema:
    """What is shown of a schema, with null where the schema takes it."""
    if not schema.get("nullable"):
        return shown
    description = {"description": shown.pop("description")} if "description" in shown else {}
    options = shown.get("anyOf", [shown])
    return {"anyOf": [*options, _NULL], **description}


def described(shown: Schema, description: str) -> Schema:
    """What is shown of a schema, with its description where there is one."""
    return {**shown, "description": description} if description else shown


def rank(field: str) -> tuple[int, int]:
    """How soon a field is told: those that most callers set in the order of the table, last those that few do."""
    if field in quirks.COMMON_FIELDS:
        return 0, quirks.COMMON_FIELDS.index(field)
    return 2 if field in quirks.RARE_FIELDS else 1, 0


def signature(schema: Schema, depth: int = 0, shown: bool = False) -> str:
    """One line that names the fields of a nested object, `?` behind what may be left out; empty for scalars.

    Args:
        schema: The argument, or what is nested in it.
        depth: How deep that is.
        shown: Whether its schema shows what it must have, so that the line need not name it.

    >>> signature({"type": "array", "items": {"type": "object", "properties": {"email": {}, "name": {}}, "required": ["email"]}})
    '[{email, name?}]'
    """
    if schema.get("type") == "array":
        inner = signature(schema["items"], depth, shown)
        return f"[{inner}]" if inner else ""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(filter(None, (signature(o, depth, shown) for o in schema["anyOf"]))))
    if not schema.get("properties") or depth > 1:
        return ""
    required = schema.get("required", ())
    names = []
    for name in sorted(schema["properties"], key=lambda name: (name not in required, *rank(name))):
        inner = schema["properties"][name]
        deeper = signature(inner, depth + 1, shown and name in required)
        if deeper or not (shown and name in required and _key_is_plain(name)):
            names.append(name + ("" if name in required else "?") + (f": {deeper}" if deeper else ""))
    return "{" + ", ".join(names) + "}" if names else ""


def outline(schema: Schema) -> str:
    """The shortest line that tells the form of a nested value: its fields, else those that it must have.

    >>> email = {"type": "object", "properties": {"email": {}, "type": {}, "verified": {}}, "required": ["email"]}
    >>> outline({"type": "array", "items": email})
    '[{email, type?, verified?}]'
    >>> outline({"type": "object", "properties": {f"address{i}": {} for i in range(9)}})
    '{…}'
    """
    if schema.get("type") == "array":
        inner = outline(schema["items"])
        return f"[{inner}]" if inner else ""
    if not schema.get("properties"):
        return ""
    if not all(map(_key_is_plain, schema["properties"])):
        return "{…}"
    required = [name for name in schema["properties"] if name in schema.get("required", ())]
    optional = [f"{name}?" for name in schema["properties"] if name not in required]
    chosen = [name + _chosen(schema["properties"][name]) for name in required]
    texts = (", ".join(names) for names in ((*chosen, *optional), (*required, *optional), (*required, "…"), "…"))
    return "{" + next(text for text in texts if len(text) <= _OUTLINE) + "}"


def _chosen(schema: Schema) -> str:
    choices = [str(value) for value in schema.get("enum", ())]
    return f": {'|'.join(choices)}" if choices and all(map(_key_is_plain, choices)) else ""
