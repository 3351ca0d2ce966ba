"""Owns the Python types of arguments, and is the only importer of datamodel_code_generator.

Nested objects get their names here, before the engine sees them, from the component or from the tool and the field:
left to itself the engine numbers them, so that one new field renames its neighbours.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datamodel_code_generator import generate
from datamodel_code_generator.enums import DataModelType, InputFileType
from datamodel_code_generator.format import PythonVersion

from generator.definitions import ARGUMENTS, in_order
from generator.errors import RenderError, SpecError
from generator.ir import Argument, Json, Schema
from generator.text import camel, identifier, python_name

_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_REF = "#/components/schemas/"
_CLASS = re.compile(r"^class ", re.MULTILINE)
# What the engine writes, and what stands there instead; a line that is not found is an error.
_EXPERIMENTAL = "from pydantic.experimental.missing_sentinel import MISSING"
_STABLE = "from pydantic import MISSING"
# What the engine makes of a definition that is no object.
_ROOT_CLASS = re.compile(r"(\w+)\(RootModel\[.*\]\):\n    root: (.*)")
_FIELD_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern")


def literal(value: Json) -> str:
    """Filter: a value as Python source; `ast.literal_eval` gives it back, whatever it holds."""
    return ascii(value)


@dataclass(slots=True)
class Namer:
    """Gives nested objects their class names and collects their schemas, for one toolset.

    Args:
        shared: Component names that mean one thing in all documents, so that tools may share the class.
    """

    shared: frozenset[str]
    definitions: dict[str, Schema] = field(default_factory=dict)

    def hoisted(self, schema: Schema, name: str) -> Schema:
        """The schema as the engine gets it: every object with properties behind a `$ref`."""
        if "anyOf" in schema:
            return {"anyOf": [self.hoisted(option, f"{name}{i or ''}") for i, option in enumerate(schema["anyOf"], 1)]}
        if schema.get("type") == "array":
            return {"type": "array", "items": self.hoisted(schema["items"], f"{name}Item"), **_bounds(schema)}
        if schema.get("properties"):
            return {"$ref": _REF + self._define(schema, name)}
        if schema.get("type") == "object":
            values = self.hoisted(_values(schema), f"{name}Value")
            return {"type": "object", "additionalProperties": values or True}
        if "enum" in schema:
            return {"type": schema["type"], "enum": schema["enum"]}
        return {"type": schema["type"], **_bounds(schema)} if "type" in schema else {}

    def _define(self, schema: Schema, name: str) -> str:
        own = schema.get("x-name", "")
        name = schema.get("x-class") or (camel(identifier(own)) if own in self.shared else name)
        fields = {
            wire: self._field(inner, f"{name}{camel(identifier(wire))}") for wire, inner in schema["properties"].items()
        }
        definition: Schema = {"type": "object", "properties": fields, "required": schema.get("required", [])}
        if schema.get("additionalProperties"):
            definition["additionalProperties"] = True
        if self.definitions.setdefault(name, definition) != definition:
            raise SpecError(
                f"two objects would both be the class {name}", ["rename one with a row in generator/quirks.py"]
            )
        return name

    def _field(self, schema: Schema, name: str) -> Schema:
        result = self.hoisted(schema, name)
        if schema.get("nullable"):
            result = {"allOf": [result], "nullable": True} if "$ref" in result else {**result, "nullable": True}
        if schema.get("description") and "$ref" not in result and "allOf" not in result:
            result["description"] = schema["description"]
        return result

    def annotation(self, schema: Schema, name: str) -> str:
        """The Python annotation of an argument, without what makes it optional."""
        return self._annotated(schema, name) + (" | None" if schema.get("nullable") else "")

    def _annotated(self, schema: Schema, name: str) -> str:
        if "anyOf" in schema:
            options = [self._annotated(option, f"{name}{i or ''}") for i, option in enumerate(schema["anyOf"], 1)]
            return " | ".join(dict.fromkeys(options))
        if schema.get("type") == "array":
            return f"list[{self._annotated(schema['items'], f'{name}Item')}]"
        if schema.get("properties"):
            return f"models.{self._define(schema, name)}"
        if schema.get("type") == "object":
            return f"dict[str, {self._annotated(_values(schema), f'{name}Value')}]"
        if "enum" in schema:
            return f"Literal[{', '.join(literal(value) for value in schema['enum'])}]"
        return _SCALARS.get(schema.get("type", ""), "Any")

    def add_arguments(self, class_name: str, tool_prefix: str, arguments: Iterable[Argument]) -> None:
        """Define the class that validates one tool's arguments."""
        arguments = tuple(arguments)
        fields = {a.name: self._argument(a, tool_prefix) for a in arguments}
        definition: Schema = {
            "type": "object",
            "properties": fields,
            "required": [a.name for a in arguments if a.required],
        }
        if class_name in self.definitions:
            raise SpecError(
                f"two objects would both be the class {class_name}", ["rename the tool in generator/tool_names.py"]
            )
        self.definitions[class_name] = definition

    def _argument(self, argument: Argument, tool_prefix: str) -> Schema:
        schema = self._field(argument.schema, tool_prefix + camel(argument.name))
        schema.pop("description", None)
        return schema


def class_name(tool: str) -> str:
    """The class of a tool's arguments."""
    return camel(tool) + ARGUMENTS


def nested_prefix(tool: str) -> str:
    """What the classes of a tool's nested objects begin with: the tool's name without its boilerplate."""
    return camel(re.sub(r"_a_kustomer_|_all_kustomer_|_single_kustomer_|kustomer_|_by_id$", "_", tool))


def _bounds(schema: Schema) -> Schema:
    return {key: schema[key] for key in _FIELD_BOUNDS if key in schema}


def _values(schema: Schema) -> Schema:
    """What stands in an object that names no field."""
    values = schema.get("additionalProperties")
    return values if isinstance(values, dict) else {}


def shared_names(schemas: Iterable[Schema]) -> frozenset[str]:
    """Component names that stand for the same schema wherever they occur."""
    found: dict[str, set[str]] = {}
    for schema in schemas:
        _collect(schema, found)
    return frozenset(name for name, forms in found.items() if len(forms) == 1 and camel(name))


def _collect(schema: Json, found: dict[str, set[str]]) -> None:
    if isinstance(schema, dict):
        if schema.get("properties") and "x-name" in schema:
            form = {
                key: value for key, value in schema.items() if key in ("properties", "required", "additionalProperties")
            }
            found.setdefault(schema["x-name"], set()).add(json.dumps(form, sort_keys=True))
        for inner in schema.values():
            _collect(inner, found)
    elif isinstance(schema, list):
        for inner in schema:
            _collect(inner, found)


def python_source(definitions: Mapping[str, Schema], base_class: str) -> str:
    """Run the engine over one toolset's definitions: nested classes first, each after those it uses, then the
    arguments of each tool, all by name, so that one more class moves no other. The source is not formatted yet.

    Raises:
        RenderError: The engine failed, or its output is not of the form that this module knows.
    """
    bounded = _free_name(definitions)
    source = _generated(_apart(definitions, bounded), base_class)
    head, *classes = _CLASS.split("\n".join(line for line in source.split("\n") if not line.startswith("#")))
    if "MISSING" in head and _EXPERIMENTAL not in head:
        raise RenderError("the model engine imports MISSING in a way that generator/models.py does not know")
    types = {found[1]: found[2] for found in map(_ROOT_CLASS.match, classes) if found}
    by_name = {text.partition("(")[0]: f"class {text.strip()}" for text in classes if not _ROOT_CLASS.match(text)}
    if set(by_name) != set(definitions):
        odd = sorted(set(by_name) ^ set(definitions))
        raise RenderError("the model engine made other classes than it was given", odd)
    made = "\n\n\n".join(by_name[name] for name in in_order(definitions))
    while bounded in made:
        made = re.sub(rf"{bounded}\d+", lambda found: types[found[0]], made)
    return _imports(head.replace(_EXPERIMENTAL, _STABLE).replace(", RootModel", "")) + f"\n\n{made}"


def _imports(head: str) -> str:
    """The engine's imports, in our order."""
    found: dict[str, set[str]] = {}
    for line in filter(None, head.strip().split("\n")):
        _, module, _, names = line.split(" ", 3)
        found.setdefault(module, set()).update(names.split(", "))
    return import_block(found, 1)


def import_block(found: Mapping[str, Iterable[str]], most: int) -> str:
    """Import lines, each module's names together; between groups a line, or `most` where a group is not needed."""
    text, last = "", 0
    for module in sorted(found, key=lambda name: (_import_rank(name), name)):
        rank = _import_rank(module)
        text += "\n" * min(rank - last, most) + f"from {module} import {', '.join(sorted(found[module]))}\n"
        last = rank
    return text


def _free_name(definitions: Mapping[str, Schema]) -> str:
    """What no name and no text in the definitions holds, so that it can be replaced in what is made of them."""
    name, text = "BoundedValue", json.dumps(definitions)
    while name in text:
        name += "X"
    return name


def _apart(definitions: Mapping[str, Schema], bounded: str) -> dict[str, Schema]:
    """The definitions, with a definition more for every value that has bounds and is no field: the engine makes a class of
    it in any case."""
    found: dict[str, str] = {}

    def inner(schema: Schema) -> Schema:
        schema = outer(schema)
        if not _bounds(schema):
            return schema
        return {"$ref": _REF + found.setdefault(json.dumps(schema, sort_keys=True), f"{bounded}{len(found)}")}

    def outer(schema: Schema) -> Schema:
        result = dict(schema)
        if "items" in schema:
            result["items"] = inner(schema["items"])
        if _values(schema):
            result["additionalProperties"] = inner(_values(schema))
        if "anyOf" in schema:
            result["anyOf"] = [inner(option) for option in schema["anyOf"]]
        if "properties" in schema:
            result["properties"] = {name: outer(field) for name, field in schema["properties"].items()}
        return result

    made = {name: outer(definition) for name, definition in definitions.items()}
    return made | {name: json.loads(schema) for schema, name in found.items()}


def _generated(definitions: Mapping[str, Schema], base_class: str) -> str:
    """What the engine makes of the definitions, as it comes."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "models", "version": "1"},
        "paths": {},
        "components": {"schemas": dict(sorted(definitions.items()))},
    }
    source = generate(
        json.dumps(document),
        input_file_type=InputFileType.OpenAPI,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        base_class=base_class,
        formatters=[],
        disable_timestamp=True,
        use_standard_collections=True,
        use_union_operator=True,
        field_constraints=True,
        use_annotated=True,
        aliases=_python_names(definitions),
        enum_field_as_literal="all",  # type: ignore[arg-type]
        use_field_description=True,
        use_single_line_docstring=True,
        strict_nullable=True,
        use_missing_sentinel=True,
    )
    if not isinstance(source, str):
        raise RenderError("the model engine gave several modules where one was due")
    return source


def _import_rank(module: str) -> int:
    """Where an import stands: the engine's own order depends on which class it comes to first."""
    if module.startswith("kustomer_mcp_"):
        return 3
    return {"__future__": 0, "pydantic": 2}.get(module, 1)


def _python_names(definitions: Mapping[str, Schema]) -> dict[str, str]:
    """The fields of the tools' arguments that have the name of the function's parameter and not their own, and those
    whose name Python would take for another one (it normalises identifiers), apart from that one."""
    found: dict[str, str] = {}
    for name, definition in definitions.items():
        taken = set(definition.get("properties", ()))
        for wire in definition.get("properties", ()):
            spelled = python_name(wire) if name.endswith(ARGUMENTS) else unicodedata.normalize("NFKC", wire)
            if spelled != wire:
                while spelled in taken:
                    spelled += "_"
                taken.add(spelled)
                found[f"{name}.{wire}"] = spelled
    return found
