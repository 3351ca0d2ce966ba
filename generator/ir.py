"""Owns every dataclass of the two vocabularies; read this first. It holds no logic beyond spelling.

The *Catalog* speaks Kustomer: wire names, Klasses, attributes, canonical JSON Schema (see openapi.py).
The *Package* speaks Python and MCP: identifiers, annotations, tools, toolsets. package.py alone crosses.

It is longer than modules here are: both stand in one, so that a reader has what crosses and what it becomes side by side, and
the disk cache one module whose classes it may make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
Schema = dict[str, Json]
Kind = Literal["list", "get", "create", "update", "delete", "custom"]
Effect = Literal["read", "write"]
Place = Literal["path", "query", "body"]
Style = Literal["plain", "comma", "repeat", "deep"]

# ---------------------------------------------------------------------------------------------- Kustomer


@dataclass(frozen=True, slots=True)
class Parameter:
    """A path or query parameter under its wire name; `style` says how a list or an object is spelled."""

    name: str
    place: Literal["path", "query"]
    schema: Schema
    required: bool = False
    description: str = ""
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Scope:
    """An argument that narrows a list by leading to another path; `query` names what that path takes as well."""

    argument: str
    path: str
    parameter: str
    query: tuple[str, ...]
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchField:
    """A field of a typed search: its name for callers, its name on the wire, its kind (see runtime/search.py)."""

    name: str
    wire: str
    kind: str
    choices: tuple[str, ...] = ()
    sorts: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """What a typed search may ask: the `queryContext` and the fields; `name` is that of its table in the code."""

    name: str
    context: str
    fields: tuple[SearchField, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a document, or one branch or Klass of it; `key` is how every table names it.

    `filled_body` are fields that the tool sets to true where another is given, `kept` fields that it reads and sends again
    where they are left out, `elsewhere` arguments that only other branches have, and whose they are.
    """

    document: str
    method: str
    path: str
    operation_id: str
    tags: tuple[str, ...] = ()
    summary: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    body: Schema | None = None
    body_required: bool = False
    paged: bool = False
    tool: str = ""
    kind: Kind = "custom"
    toolset: str = ""
    branch: str = ""
    klass: str = ""
    search: Search | None = None
    scopes: tuple[Scope, ...] = ()
    fixed_path: tuple[tuple[str, Json], ...] = ()
    fixed_query: tuple[tuple[str, Json], ...] = ()
    fixed_body: tuple[tuple[str, Json], ...] = ()
    documented: tuple[str, ...] = ()
    filled_body: tuple[tuple[str, str], ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A choice of a multi-level list, and those below it."""

    id: str
    label: str
    children: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a Klass as its metadata has it, with the schema of its value (null included).

    `type` is what the metadata says, `kind` what the attribute is taken for.
    """

    name: str
    label: str
    kind: str
    schema: Schema
    description: str
    sensitive: bool = False
    type: str = ""
    many: bool = False
    enumeration: tuple[str, ...] = ()
    target: str = ""
    tree: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Klass:
    """A standard object or a custom object type, with the attributes of its `custom`."""

    name: str
    label: str
    standard: bool
    attributes: tuple[Attribute, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An operation that is no tool of this package, and why."""

    operation: str
    document: str
    operation_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """What Kustomer offers one organisation; every pass takes one and gives one."""

    operations: tuple[Operation, ...]
    klasses: tuple[Klass, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


# ---------------------------------------------------------------------------------------- Python and MCP


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a tool: its name for MCP, its Python name, and its place and name on the wire.

    Where the body has no fields of its own, its one argument is the whole body, and `wire` is empty.
    """

    name: str
    python: str
    place: Place
    wire: str
    schema: Schema
    annotation: str
    description: str
    required: bool
    style: Style = "plain"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a request in the generated code: a wire name and the Python expression that fills it."""

    wire: str
    expression: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An argument that Kustomer would clear where it is left out, and the relationship that holds its value now."""

    python: str
    relationship: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request that a tool may send; its fields are what a reader sees in the generated function.

    `scope` names the argument that leads to this call instead of the last one, `refuses` those it can't go with;
    `search` names the table that makes the body of a typed search.
    """

    method: str
    path: str
    path_entries: tuple[Entry, ...]
    query_entries: tuple[Entry, ...]
    body_entries: tuple[Entry, ...]
    whole_body: str
    paged: bool
    search: str = ""
    scope: str = ""
    refuses: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    reads: bool = False


def methods_of(effect: Effect, kind: Kind) -> tuple[str, ...]:
    """What `methods` calls a tool: `read` by effect, `write` for one record, `custom` for every other write; then its
    exact method, where it has one of the usual ones."""
    group = "read" if effect == "read" else "custom" if kind == "custom" else "write"
    return (group,) if kind == "custom" else (group, kind)


@dataclass(frozen=True, slots=True)
class Tool:
    """One MCP tool: what a client sees (`contract`), the function behind it, and where it comes from.

    Any one of `roles` suffices; None is "not known". `role_cases` are the ways of calling it that ask for others.
    """

    name: str
    title: str
    description: str
    toolset: str
    tags: tuple[str, ...]
    kind: Kind
    effect: Effect
    operations: tuple[str, ...]
    operation_id: str
    document: str
    arguments: tuple[Argument, ...]
    calls: tuple[Call, ...]
    arguments_class: str
    search: Search | None = None
    elsewhere: tuple[tuple[str, str], ...] = ()
    contract: Mapping[str, Json] = field(default_factory=dict)
    roles: tuple[str, ...] | None = None
    role_cases: tuple[tuple[str, tuple[str, ...] | None], ...] = ()
    klass: str = ""

    @property
    def reads(self) -> bool:
        return self.effect == "read"

    @property
    def methods(self) -> tuple[str, ...]:
        return methods_of(self.effect, self.kind)


@dataclass(frozen=True, slots=True)
class Toolset:
    """One file each in contract/, models/ and tools/."""

    name: str
    tools: tuple[Tool, ...]
    nested: tuple[str, ...]
    definitions: Mapping[str, Schema]

    @property
    def branched(self) -> tuple[Tool, ...]:
        return tuple(tool for tool in self.tools if tool.elsewhere)


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """What a person fills in; `choices` are the only values where there are any."""

    name: str
    description: str
    required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromptPart:
    """A paragraph of a prompt; steps are numbered. `{argument}` stands for its value in quotes, `{argument!}` for it bare.

    It is left out unless every argument of `given` is there, and none of `missing`.
    """

    text: str
    step: bool = True
    given: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """One MCP prompt, which walks through tools of this package."""

    name: str
    title: str
    description: str
    arguments: tuple[PromptArgument, ...]
    parts: tuple[PromptPart, ...]


@dataclass(frozen=True, slots=True)
class KlassResource:
    """One MCP resource: what a model may know of a Klass without calling a tool."""

    name: str
    content: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Package:
    """Everything that the templates see."""

    tenant: str
    distribution: str
    module: str
    command: str
    server_name: str
    title: str
    base_url: str
    instructions: str
    toolsets: tuple[Toolset, ...]
    klasses: tuple[Klass, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    inputs: Mapping[str, str]
    generator_version: str
    close_windows: bool = False

    version: str = "1.0.0"
    prompts: tuple[Prompt, ...] = ()
    klass_resources: tuple[KlassResource, ...] = ()
    klasses_left_out: tuple[str, ...] = ()
    # What this version changes, as the manifest keeps it.
    changes: tuple[Mapping[str, Json], ...] = ()
    # The whole text of its changelog; where there is none yet, it begins with this version.
    changelog: str = ""

    @property
    def tools(self) -> tuple[Tool, ...]:
        return tuple(tool for toolset in self.toolsets for tool in toolset.tools)

    @property
    def custom_klasses(self) -> tuple[Klass, ...]:
        return tuple(klass for klass in self.klasses if not klass.standard)

    @property
    def summary(self) -> str:
        return f"MCP server of {self.title}: {len(self.tools)} typed Kustomer tools"
