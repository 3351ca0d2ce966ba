"""Owns the crossing from Kustomer's vocabulary to Python and MCP; `build()` is the program in ten lines."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from generator import __version__, cache, contract, models, quirks
from generator.arguments import arguments_of, calls_of
from generator.config import Tenant
from generator.drafts import keep_fields, limit_accounts, schedule_drafts
from generator.errors import ConfigError, SpecError
from generator.ir import Argument, Call, Catalog, Json, Klass, Operation, Package, Schema, Tool, Toolset
from generator.klass_resources import klass_resources
from generator.klasses import add_klasses, hidden_note, read_klasses, told_apart
from generator.naming import effect_of, name_tools
from generator.openapi import parse
from generator.prompts import prompts
from generator.roles import role_cases, roles_of
from generator.search import add_searches
from generator.selection import assign_toolsets, fold_scopes, select, tags_of
from generator.snapshot import ACCOUNTS, HIDDEN, Snapshot, compact, klasses_in, sha256
from generator.text import camel, one_line, shortened, snake
from generator.unions import point_elsewhere, split_replaces, split_unions
from generator.wording import Wording, wording


def build(snapshot: Snapshot, tenant: Tenant) -> Package:
    """Turn what is pinned into the package of one tenant; a pure function.

    Raises:
        SpecError: The documents or the Klasses can't become tools.
        ConfigError: The tenant's filters match nothing, or leave nothing.
    """
    return package(tenant_catalog(document_catalog(snapshot), snapshot, tenant), snapshot, tenant)


def document_catalog(snapshot: Snapshot) -> Catalog:
    """The part of `build` that depends on the documents alone."""
    catalog = parse(dict(snapshot.documents), dict(snapshot.base_paths))
    catalog = split_unions(catalog)
    catalog = split_replaces(catalog)
    catalog = schedule_drafts(catalog)
    catalog = point_elsewhere(catalog)
    return keep_fields(catalog)


def tenant_catalog(catalog: Catalog, snapshot: Snapshot, tenant: Tenant) -> Catalog:
    """Everything that the tenant could have, then what it selects."""
    return select(full_catalog(catalog, snapshot, tenant), tenant)


def full_catalog(catalog: Catalog, snapshot: Snapshot, tenant: Tenant) -> Catalog:
    """Everything that the tenant could have: its Klasses added, every tool named, lists folded."""
    klasses = told_apart(select_klasses(read_klasses(_klass_files(snapshot, tenant)), tenant))
    catalog = add_klasses(catalog, klasses)
    catalog = add_searches(catalog)
    catalog = fold_scopes(catalog)
    catalog = assign_toolsets(catalog)
    catalog = name_tools(catalog)
    return limit_accounts(
        catalog, snapshot.klasses.get(tenant.name, {}).get(ACCOUNTS) if tenant.draft_accounts else None
    )


def _klass_files(snapshot: Snapshot, tenant: Tenant) -> dict[str, Json]:
    return klasses_in(snapshot.klasses.get(tenant.name, {}))


def _hidden(snapshot: Snapshot, tenant: Tenant) -> tuple[str, ...]:
    content = snapshot.klasses.get(tenant.name, {}).get(HIDDEN, {"klasses": {}})
    if not isinstance(content, dict) or not isinstance(hidden := content.get("klasses"), dict):
        raise SpecError(f"{tenant.name}: {HIDDEN} holds no Klasses by name", ["fetch it anew"])
    return tuple(hidden_note(name, str(why)) for name, why in sorted(hidden.items()))


def select_klasses(klasses: tuple[Klass, ...], tenant: Tenant) -> tuple[Klass, ...]:
    """Apply `[klasses]`; standard Klasses always stay.

    Raises:
        ConfigError: A glob matches no custom Klass.
    """
    custom = [klass.name for klass in klasses if not klass.standard]
    problems = [
        f"[klasses] {key}: the glob {glob!r} matches no Klass; the custom Klasses are {', '.join(custom) or 'none'}"
        for key, globs in (("include", tenant.klasses_include), ("exclude", tenant.klasses_exclude))
        for glob in globs
        if not any(fnmatchcase(name, glob) for name in custom)
    ]
    if problems:
        raise ConfigError(f"{tenant.path}: some filters match nothing", problems)
    return tuple(klass for klass in klasses if klass.standard or _wanted(klass.name, tenant))


def _wanted(name: str, tenant: Tenant) -> bool:
    included = not tenant.klasses_include or any(fnmatchcase(name, glob) for glob in tenant.klasses_include)
    return included and not any(fnmatchcase(name, glob) for glob in tenant.klasses_exclude)


def package(catalog: Catalog, snapshot: Snapshot, tenant: Tenant) -> Package:
    """Cross over: operations become tools, tools become toolsets."""
    hashes = inputs(catalog, tenant)  # before anything else: what UTF-8 can't hold is refused here
    # Shared names are judged over the whole catalog, so that a class is called the same whatever is selected.
    shared = models.shared_names(o.body for o in catalog.operations if o.body is not None)
    grouped: dict[str, list[Operation]] = {}
    for operation in sorted(catalog.operations, key=lambda o: o.tool):
        grouped.setdefault(operation.toolset, []).append(operation)
    module = f"kustomer_mcp_{snake(tenant.name)}"
    return Package(
        tenant=tenant.name,
        distribution=f"kustomer-mcp-{tenant.name}",
        module=module,
        command=f"kustomer-mcp-{tenant.name}",
        server_name=f"kustomer-{tenant.name}",
        title=one_line(tenant.title, 100) or f"Kustomer ({tenant.name})",
        base_url=tenant.base_url,
        instructions=instructions(catalog),
        toolsets=tuple(_toolset(name, members, shared, tenant) for name, members in sorted(grouped.items())),
        klasses=catalog.klasses,
        left_out=tuple(sorted(catalog.left_out, key=lambda row: (row.operation, row.document, row.reason))),
        notes=(*catalog.notes, *_hidden(snapshot, tenant)),
        inputs=hashes,
        generator_version=__version__,
        close_windows=tenant.close_windows and any(o.toolset == "unmasking" for o in catalog.operations),
        prompts=prompts((operation.tool for operation in catalog.operations), catalog.klasses),
        klass_resources=klass_resources(catalog),
        klasses_left_out=klasses_left_out(snapshot, tenant, catalog.klasses),
    )


def klasses_left_out(snapshot: Snapshot, tenant: Tenant, klasses: tuple[Klass, ...]) -> tuple[str, ...]:
    """The custom Klasses that are pinned and that `[klasses]` leaves out."""
    pinned = {file["name"] for file in _klass_files(snapshot, tenant).values() if not file.get("standard")}
    return tuple(sorted(pinned - {klass.name for klass in klasses}))


def inputs(catalog: Catalog, tenant: Tenant) -> dict[str, str]:
    """The sha256 of what was used of every input, by its path in specs/.

    What is not used does not count: an example, an operation of a document that is not selected, the icon of a Klass. So the
    package of a tenant is as it was whenever what it is made of is.
    """
    used: dict[str, list[Json]] = {}
    for operation in catalog.operations:
        used.setdefault(f"openapi/{operation.document}.json", []).append(operation)
    for row in catalog.left_out:
        used.setdefault(f"openapi/{row.document}.json", []).append(row)
    for klass in catalog.klasses:
        folder = "standard" if klass.standard else "klasses"
        used[f"tenants/{tenant.name}/{folder}/{klass.name}.json"] = [klass]
    return {path: sha256(compact(rows, cache.values)) for path, rows in sorted(used.items())}


def instructions(catalog: Catalog) -> str:
    """What a client's model reads first; the first 512 characters matter most."""
    custom = [klass.name for klass in catalog.klasses if not klass.standard]
    parts = [
        "Kustomer support CRM: customers, conversations, messages, notes, drafts and custom objects (KObjects) of Klasses."
    ]
    if custom:
        parts.append(f"Klasses here: {', '.join(custom[:12])}{', …' if len(custom) > 12 else ''}.")
    parts.append("Records are {type, id, attributes, relationships}; custom attributes stand in attributes.custom.")
    parts.append(
        "Lists give next_cursor while there is more: pass it back as cursor, with the other arguments as they were."
    )
    parts.append(
        "Messages only record on the timeline; drafts deliver. Rate limits are shared by the whole organisation."
    )
    return " ".join(parts)


def _toolset(name: str, operations: list[Operation], shared: frozenset[str], tenant: Tenant) -> Toolset:
    namer = models.Namer(shared)
    tools = tuple(_tool(operation, namer, tenant) for operation in operations)
    argument_classes = {tool.arguments_class for tool in tools}
    nested = tuple(sorted(set(namer.definitions) - argument_classes))
    return Toolset(name=name, tools=tools, nested=nested, definitions=dict(sorted(namer.definitions.items())))


def _tool(operation: Operation, namer: models.Namer, tenant: Tenant) -> Tool:
    prefix = models.nested_prefix(operation.tool)
    clears = operation.kind == "update" or operation.key.startswith(("PUT", "PATCH"))
    replaces = (quirks.REPLACE_PARAMETER, True) in operation.fixed_query
    if operation.body is not None and (not clears or replaces):
        operation = replace(operation, body=_without_null(operation.body))
    arguments = arguments_of(operation, lambda schema, name: namer.annotation(schema, prefix + camel(name)))
    namer.add_arguments(models.class_name(operation.tool), prefix, arguments)
    said = wording(operation, {a.wire: a.name for a in arguments})
    calls = calls_of(operation, arguments)
    shown = contract.input_schema(
        _shown(arguments, clears and not replaces), contract.DETAILS[tenant.detail], excluded(calls)
    )
    own = (name for name in _own_arguments(operation, tenant) if name not in {a.name for a in arguments})
    return Tool(
        name=operation.tool,
        title=said.title,
        description=said.description,
        toolset=operation.toolset,
        tags=tags_of(operation),
        kind=operation.kind,
        effect=effect_of(operation),
        operations=(operation.key, *operation.documented),
        operation_id=operation.operation_id,
        document=operation.document,
        arguments=arguments,
        calls=calls,
        arguments_class=models.class_name(operation.tool),
        search=operation.search,
        elsewhere=operation.elsewhere,
        roles=roles_of(operation),
        role_cases=role_cases(operation),
        klass=operation.klass,
        contract=_contract(operation, tenant, said, contract.with_own(shown, own)),
    )


def _contract(operation: Operation, tenant: Tenant, said: Wording, schema: Schema) -> dict[str, Json]:
    """What a client sees of a tool, in these words and with this input schema."""
    replaces = (quirks.REPLACE_PARAMETER, True) in operation.fixed_query
    return {
        "name": operation.tool,
        "title": said.title,
        "description": shortened(said.description, contract.DETAILS[tenant.detail].description),
        "inputSchema": schema,
        "annotations": contract.hints(operation.kind, effect_of(operation), operation.method, replaces),
    }


def _own_arguments(operation: Operation, tenant: Tenant) -> tuple[str, ...]:
    """The server's own arguments that a tool offers besides Kustomer's."""
    if effect_of(operation) == "read":
        return ("fields",) if operation.paged and tenant.detail == "full" else ()
    confirm = any(fnmatchcase(operation.tool, glob) for glob in tenant.confirm)
    return (*(("confirm",) if confirm else ()), *(("dry_run",) if tenant.dry_run else ()))


def _without_null(body: Schema) -> Schema:
    """Null taken from the body's own fields; nested classes are shared with the tools that update, so they keep it."""
    fields = {name: {k: v for k, v in s.items() if k != "nullable"} for name, s in body.get("properties", {}).items()}
    return {**body, "properties": fields} if fields else body


def _shown(arguments: tuple[Argument, ...], clears: bool) -> tuple[Argument, ...]:
    return arguments if clears else tuple(replace(a, schema=contract.without_null(a.schema)) for a in arguments)


def excluded(calls: tuple[Call, ...]) -> dict[str, tuple[str, ...]]:
    """Scope -> the arguments that its request does not take."""
    return {call.scope: call.refuses for call in calls if call.scope and call.refuses}
