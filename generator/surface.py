"""Owns what callers can notice of a package, as plain values: `surface_of(package)`. It compares nothing.

surface_files.py reads the same from the files of a package, so that a committed tree is its own record.

A *shape* is a schema as the models check it, said one way: `{"type": ..., "enum": [...], bounds, "nullable": true}`,
`{"type": "array", "items": shape}`, `{"type": "object", "class": name, "open": false, "fields": {name: Field}}`,
`{"type": "object"}` for any object, `{"anyOf": [shapes]}`, and `{}` for any value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.contract import MORE, OWN_ARGUMENTS
from generator.ir import Json, Package, Schema, Tool, Toolset

Shape = dict[str, Json]
_REF = "#/components/schemas/"
_BOUNDS = ("minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "pattern")


@dataclass(frozen=True, slots=True)
class Field:
    """An argument, or a field of a nested object; `wire` is its place in the request (`body title`), where one is known."""

    shape: Shape
    required: bool
    description: str = ""
    wire: str = ""


@dataclass(frozen=True, slots=True)
class ToolSurface:
    """One tool as callers see it. `fixed` are the values that the tool fills in itself: with the operation they say
    which tool this is, whatever it is called. `own` are the server's own arguments."""

    name: str
    description: str
    toolset: str
    tags: tuple[str, ...]
    kind: str
    effect: str
    operations: tuple[str, ...]
    operation_id: str
    document: str
    arguments: Mapping[str, Field]
    contract: Mapping[str, Json]
    own: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    search: str = ""
    roles: Json = None

    @property
    def title(self) -> str:
        return str(self.contract.get("title", ""))

    @property
    def hints(self) -> Mapping[str, Json]:
        hints: Mapping[str, Json] = self.contract.get("annotations", {})
        return hints


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything that callers of one package can notice.

    Attributes:
        klasses: The content of each Klass's resource, by the resource's name.
        left_out: Operation and document -> why it is no tool.
        notes: What was said of the inputs: attributes and Klasses that are left out, and why.
        facts: Title, instructions and base URL.
        idle_filters: Filters of tenant.toml that match nothing (`[tools] exclude 'x'`).
        module: The package's module, in whose folder its files stand.
    """

    tools: Mapping[str, ToolSurface] = field(default_factory=dict)
    klasses: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    left_out: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    documents: tuple[str, ...] = ()
    prompts: Mapping[str, Json] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    klasses_left_out: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    idle_filters: tuple[str, ...] = ()
    module: str = ""


def surface_of(package: Package) -> Surface:
    """What callers can notice of a package; a pure function."""
    tools = {tool.name: _tool(tool, Shapes(toolset)) for toolset in package.toolsets for tool in toolset.tools}
    return Surface(
        tools=dict(sorted(tools.items())),
        klasses={resource.name: plain(resource.content) for resource in package.klass_resources},
        left_out=reasons((row.operation, row.document, row.reason) for row in package.left_out),
        documents=documents_of(package.inputs),
        prompts={
            prompt.name: _prompt(prompt.description, prompt.parts, prompt.arguments) for prompt in package.prompts
        },
        notes=notes_of(package),
        klasses_left_out=package.klasses_left_out,
        facts={"title": package.title, "instructions": package.instructions, "base_url": package.base_url},
        module=package.module,
    )


def notes_of(package: Package) -> tuple[str, ...]:
    """What the manifest says of the inputs."""
    klasses = (f"{klass.name}.{note}" for klass in package.klasses for note in klass.notes)
    return (*package.notes, *klasses)


def documents_of(inputs: Iterable[str]) -> tuple[str, ...]:
    """The names of the documents among the inputs' paths."""
    return tuple(sorted(p.removeprefix("openapi/").removesuffix(".json") for p in inputs if p.startswith("openapi/")))


def reasons(rows: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Why each operation is no tool; one that has branches may have several reasons."""
    found: dict[tuple[str, str], set[str]] = {}
    for operation, document, reason in rows:
        found.setdefault((operation, document), set()).add(reason)
    return {key: tuple(sorted(said)) for key, said in sorted(found.items())}


def own_arguments(contract: Mapping[str, Json], arguments: Iterable[str]) -> tuple[str, ...]:
    """The arguments of a contract that the server takes for itself."""
    shown = contract["inputSchema"].get("properties", {})
    known = {*arguments, MORE}
    return tuple(sorted(name for name in shown if name not in known and name in OWN_ARGUMENTS))


def plain(value: Json) -> Json:
    """A value as JSON gives it back: lists for tuples."""
    return json.loads(json.dumps(value))


def described(text: str) -> str:
    """A description as docstrings have it, without the period at the end."""
    return " ".join(text.split()).rstrip(".")


def _prompt(description: str, parts: Iterable[Json], arguments: Iterable[Json]) -> Json:
    told = [[part.text, list(part.given), list(part.missing)] for part in parts]
    return [description, told, [[a.name, a.required, list(a.choices)] for a in arguments]]


def _tool(tool: Tool, shapes: Shapes) -> ToolSurface:
    call = tool.calls[-1]
    definition = shapes.definitions[tool.arguments_class]
    wires = {a.name: "" if tool.search else f"{a.place} {a.wire}" for a in tool.arguments}
    texts = {a.name: described(a.description) for a in tool.arguments}
    arguments = {
        name: Field(shapes(inner), name in definition["required"], texts[name], wires[name])
        for name, inner in definition["properties"].items()
    }
    entries = {"path": call.path_entries, "query": call.query_entries, "body": call.body_entries}
    fixed = [
        f"{place} {e.wire}={e.expression}" for place, rows in entries.items() for e in rows if is_literal(e.expression)
    ]
    contract = plain(tool.contract)
    return ToolSurface(
        name=tool.name,
        description=described(tool.description),
        toolset=tool.toolset,
        tags=tool.tags,
        kind=tool.kind,
        effect=tool.effect,
        operations=tool.operations,
        operation_id=tool.operation_id,
        document=tool.document,
        arguments=arguments,
        contract=contract,
        own=own_arguments(contract, arguments),
        fixed=tuple(sorted(fixed)),
        search=tool.search.context if tool.search else "",
        roles=plain(roles_row(tool)),
    )


def roles_row(tool: Tool) -> Json:
    """The roles of a tool as doctor.json has them: `any_of` is null where they are not known, and empty where any valid key
    will do."""
    row: dict[str, Json] = {"any_of": tool.roles}
    return row | ({"cases": dict(tool.role_cases)} if tool.role_cases else {})


def is_literal(expression: str) -> bool:
    """Whether an expression of a request is a value that the tool fills in, and no argument."""
    return expression[:1] in "'\"-0123456789[{" or expression in ("True", "False", "None")


class Shapes:
    """Resolves the schemas of one toolset, as the model engine gets them, to shapes."""

    def __init__(self, toolset: Toolset) -> None:
        self.definitions: Mapping[str, Schema] = toolset.definitions
        self._known: dict[str, Shape] = {}

    def __call__(self, schema: Schema) -> Shape:
        """The shape of one schema."""
        if "allOf" in schema:
            return {**self(schema["allOf"][0]), "nullable": True}
        if "$ref" in schema:
            return dict(self._named(schema["$ref"].removeprefix(_REF)))
        shape = self._unnamed(schema)
        return {**shape, "nullable": True} if schema.get("nullable") else shape

    def _unnamed(self, schema: Schema) -> Shape:
        if "anyOf" in schema:
            return union([self(option) for option in schema["anyOf"]])
        shape: Shape = {"type": schema["type"]} if "type" in schema else {}
        if "items" in schema:
            shape["items"] = self(schema["items"])
        if "enum" in schema:
            shape["enum"] = list(schema["enum"])
        return shape | {key: schema[key] for key in _BOUNDS if key in schema}

    def _named(self, name: str) -> Shape:
        if name not in self._known:
            definition = self.definitions[name]
            required = definition.get("required", ())
            fields = {
                wire: Field(self(inner), wire in required, described(inner.get("description", "")))
                for wire, inner in definition["properties"].items()
            }
            opened = bool(definition.get("additionalProperties"))
            self._known[name] = {"type": "object", "class": name, "open": opened, "fields": fields}
        return self._known[name]


def union(options: list[Shape]) -> Shape:
    """Several shapes, each once; null is a property of the whole."""
    kept: list[Shape] = []
    for option in options:
        option = {key: value for key, value in option.items() if key != "nullable"}
        if option not in kept:
            kept.append(option)
    whole = kept[0] if len(kept) == 1 else {"anyOf": kept}
    return {**whole, "nullable": True} if any(option.get("nullable") for option in options) else whole
