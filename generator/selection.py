"""Owns what of the catalog a tenant gets: scopes folded, methods, tags, include and exclude applied, and for each
operation that is left out, why. A filter that matches nothing is an error."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase

from generator import quirks
from generator.config import Tenant
from generator.errors import ConfigError
from generator.ir import Catalog, LeftOut, Operation, Scope, methods_of
from generator.naming import effect_of
from generator.text import module_name
from generator.toolsets import LEADING_TAGS, TOOLSET_OVERRIDES, TOOLSETS


def tags_of(operation: Operation) -> tuple[str, ...]:
    """The tags that selection and grants know: the toolset first, then the others, sorted."""
    rows = [TOOLSETS.get(tag) or (module_name(tag.partition(" (")[0]),) for tag in operation.tags] or [("other",)]
    further = sorted({tag for row in rows for tag in row} - {operation.toolset})
    return (operation.toolset, *further)


def known_tags(catalog: Catalog) -> list[str]:
    """Every tag that `[tools] tags` may name, sorted."""
    return sorted({tag for operation in catalog.operations for tag in tags_of(operation)})


def assign_toolsets(catalog: Catalog) -> Catalog:
    """Give every operation its toolset, from its tags."""
    return replace(catalog, operations=tuple(replace(o, toolset=_toolset(o)) for o in catalog.operations))


def _toolset(operation: Operation) -> str:
    if operation.key in TOOLSET_OVERRIDES:
        return TOOLSET_OVERRIDES[operation.key]
    leading = next((tag for tag in LEADING_TAGS if tag in operation.tags), "")
    first = leading or next(iter(operation.tags), "")
    row = TOOLSETS.get(first)
    return row[0] if row else module_name(first.partition(" (")[0])


def fold_scopes(catalog: Catalog) -> Catalog:
    """Fold the lists of quirks.SCOPES: one tool, whose optional argument chooses the path."""
    by_key = {operation.key: operation for operation in catalog.operations}
    folded: set[str] = set()
    for key, rows in quirks.SCOPES.items():
        there = [(argument, by_key[target], parameter) for argument, target, parameter in rows if target in by_key]
        if key in by_key and there:
            scopes = tuple(_scope(argument, target, parameter) for argument, target, parameter in there)
            text = by_key[key].description
            for argument, target, _ in there:  # what spoke of the folded list by its title speaks of the argument
                text = text.replace(target.summary, argument) if target.summary else text
            keys = tuple(target.key for _, target, _ in there)
            by_key[key] = replace(by_key[key], scopes=scopes, documented=keys, description=text)
            folded.update(target.key for _, target, _ in there)
    operations = [by_key[o.key] if o.key in quirks.SCOPES else o for o in catalog.operations if o.key not in folded]
    return replace(catalog, operations=tuple(operations))


def _scope(argument: str, target: Operation, parameter: str) -> Scope:
    query = tuple(p.name for p in target.parameters if p.place == "query")
    return Scope(argument, target.path, parameter, query, target.roles)


def select(catalog: Catalog, tenant: Tenant) -> Catalog:
    """Keep what the tenant's `[tools]` and `[klasses]` ask for.

    Raises:
        ConfigError: Every filter that matches nothing, at once; or nothing is left.
    """
    _refuse_idle_filters(catalog, tenant)
    kept: list[Operation] = []
    left_out = list(catalog.left_out)
    for operation in catalog.operations:
        reason = _reason(operation, tenant)
        if reason:
            name = f"{operation.tool}: {reason}"
            left_out.append(LeftOut(operation.key, operation.document, operation.operation_id, name))
            left_out.extend(LeftOut(key, operation.document, "", name) for key in operation.documented)
        else:
            kept.append(operation)
    if not kept:
        raise ConfigError(
            f"{tenant.path}: [tools] leaves no tool", ["widen methods, tags or include, or take back an exclude"]
        )
    return replace(catalog, operations=tuple(kept), left_out=tuple(left_out))


def _reason(operation: Operation, tenant: Tenant) -> str:
    if not tenant.unmasking and operation.toolset == "unmasking":
        return "[unmasking] allow is false"
    channel = draft_channel(operation)
    if channel and tenant.draft_channels and channel not in tenant.draft_channels:
        return f"[drafts] channels leaves out {channel}"
    excluded = next((glob for glob in tenant.exclude if fnmatchcase(operation.tool, glob)), None)
    if excluded:
        return f"excluded by {excluded!r}"
    if any(fnmatchcase(operation.tool, glob) for glob in tenant.include):
        return ""
    if tenant.include and not tenant.tags and not tenant.methods:
        return "no include matches"
    if tenant.tags and not set(tags_of(operation)) & set(tenant.tags):
        return f"tags {', '.join(tags_of(operation))} are not among the selected ones"
    methods = methods_of(effect_of(operation), operation.kind)
    if tenant.methods and set(tenant.methods).isdisjoint(methods):
        return f"method {operation.kind} ({methods[0]}) is not selected"
    return ""


def draft_channel(operation: Operation) -> str:
    """The channel of a tool that writes drafts of one channel, else an empty string."""
    return str(dict(operation.fixed_body).get("channel", "")) if operation.path in quirks.DRAFT_PATHS else ""


def _refuse_idle_filters(catalog: Catalog, tenant: Tenant) -> None:
    names = [operation.tool for operation in catalog.operations]
    tags = known_tags(catalog)
    problems = [
        f"[tools] {key}: the glob {glob!r} matches no tool (of {len(names)}); see `kustomer-mcp tools {tenant.name} --all`"
        for key, globs in (("include", tenant.include), ("exclude", tenant.exclude), ("confirm", tenant.confirm))
        for glob in globs
        if not any(fnmatchcase(name, glob) for name in names)
    ]
    problems += [
        f"[tools] tags: {tag!r} is no tag; the tags are {', '.join(tags)}" for tag in tenant.tags if tag not in tags
    ]
    if problems:
        raise ConfigError(f"{tenant.path}: some filters match nothing", problems)
