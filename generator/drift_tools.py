"""Owns how the tools of two surfaces differ. What a Klass's change explains is taken away by drift.py."""

from __future__ import annotations

import json
from collections.abc import Iterator

from generator.drift_changes import Change
from generator.drift_shapes import Difference, fields_differ
from generator.ir import Json
from generator.surface import Surface, ToolSurface


def renamed_tools(old: Surface, new: Surface) -> dict[str, str]:
    """Old name -> new name, where that is certain: the same operation (by method and path, or by its id) with the same
    values filled in, and one candidate on each side."""
    gone = [tool for name, tool in old.tools.items() if name not in new.tools]
    come = [tool for name, tool in new.tools.items() if name not in old.tools]
    found: dict[str, str] = {}
    for key in (_by_path, _by_id):
        left = [[t for t in tools if t.name not in (*found, *found.values())] for tools in (gone, come)]
        befores, afters = (_unique(tools, key) for tools in left)
        found |= {befores[same]: afters[same] for same in befores if same in afters}
    return found


def _by_path(tool: ToolSurface) -> Json:
    return (tool.operations[0], tool.fixed, tool.search)


def _by_id(tool: ToolSurface) -> Json:
    return (tool.document, tool.operation_id, tool.fixed, tool.search)


def _unique(tools: list[ToolSurface], key: Json) -> dict[Json, str]:
    found: dict[Json, list[str]] = {}
    for tool in tools:
        found.setdefault(key(tool), []).append(tool.name)
    return {same: names[0] for same, names in found.items() if len(names) == 1}


def tool_changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Every change of tools, each at its place, not grouped yet."""
    renamed = renamed_tools(old, new)
    for name, tool in old.tools.items():
        if name in new.tools:
            yield from _changed(tool, new.tools[name])
        elif name in renamed:
            other = new.tools[renamed[name]]
            moved = tool.operations[0] != other.operations[0]
            before, after = (f"{t.name} ({t.operations[0]})" if moved else t.name for t in (tool, other))
            names = (name, other.name)
            yield Change("tool-renamed", f"tool {name}", before, after, names, path=contract_path(other))
            yield from (change for change in _changed(tool, other) if change.rule != "operation-moved")
        else:
            yield _gone(tool, new)
    for name, tool in new.tools.items():
        if name not in old.tools and name not in renamed.values():
            yield _come(tool, old)


def _gone(tool: ToolSurface, new: Surface) -> Change:
    why = _reason(tool, new)
    said = f": {why}" if why else f", as {tool.operations[0]} is gone upstream" if not _is_there(tool, new) else ""
    operation = tool.operations[0]
    return Change(
        "tool-removed", f"tool {tool.name}", operation, None, (tool.name,), why or operation,
        path="manifest.json", why=said,
    )  # fmt: skip


def _come(tool: ToolSurface, old: Surface) -> Change:
    why = _reason(tool, old)
    said = f", selected now (before: {why})" if why else f": {tool.operations[0]}"
    operation = tool.operations[0]
    return Change(
        "tool-added", f"tool {tool.name}", None, operation, (tool.name,), why or operation,
        path=contract_path(tool), why=said,
    )  # fmt: skip


def _reason(tool: ToolSurface, surface: Surface) -> str:
    """Why this very tool is left out there, or an empty string."""
    said = surface.left_out.get((tool.operations[0], tool.document), ())
    return next((row.removeprefix(f"{tool.name}: ") for row in said if row.startswith(f"{tool.name}: ")), "")


def _is_there(tool: ToolSurface, surface: Surface) -> bool:
    offered = {key for other in surface.tools.values() for key in other.operations}
    return tool.operations[0] in offered | {operation for operation, _ in surface.left_out}


def contract_path(tool: ToolSurface) -> str:
    """The file that shows a tool, as a glob-free end of its path; drift.py puts the module before it."""
    return f"contract/{tool.toolset}.json"


def _changed(old: ToolSurface, new: ToolSurface) -> Iterator[Change]:
    subject, path, one = f"tool {new.name}", contract_path(new), (new.name,)
    yield from _hints(old, new)
    if (old.tags, old.kind) != (new.tags, new.kind):
        before, after = (f"{tool.kind} of {', '.join(tool.tags)}" for tool in (old, new))
        yield Change("tool-grouping-changed", subject, before, after, one, f"{before} {after}", path="manifest.json")
    if old.operations[0] != new.operations[0]:
        before, after = old.operations[0], new.operations[0]
        yield Change(
            "operation-moved", subject, before, after, one, f"{before} {after}", path=f"tools/{new.toolset}.py"
        )
    if old.roles != new.roles:
        before, after = roles_said(old.roles), roles_said(new.roles)
        yield Change(
            "roles-changed", subject, before, after, one, f"{new.operations[0]} {before} {after}", path="doctor.json"
        )
    yield from _own(old, new)
    for difference in fields_differ(old.arguments, new.arguments):
        yield of_difference(difference, new)
    if (old.description, old.title) != (new.description, new.title):
        is_titled = old.title != new.title
        texts = [f"{tool.title}: {tool.description}" if is_titled else tool.description for tool in (old, new)]
        same = json.dumps([old.description, new.description, new.operations[0]])
        yield Change("tool-description-changed", subject, texts[0], texts[1], one, same, path=path)


def _hints(old: ToolSurface, new: ToolSurface) -> Iterator[Change]:
    before, after = dict(old.hints), dict(new.hints)
    if before == after:
        return
    subject, path = f"tool {new.name}", contract_path(new)
    was, now = before.get("readOnlyHint"), after.get("readOnlyHint")
    if was != now:
        yield Change("tool-now-reads" if now else "tool-now-writes", subject, before, after, (new.name,), path=path)
    else:
        changed = [key for key in after if before.get(key) != after[key]]
        yield Change(
            "tool-hint-changed", subject, {key: before.get(key) for key in changed}, {key: after[key] for key in changed},
            (new.name,), path=path,
        )  # fmt: skip


def _own(old: ToolSurface, new: ToolSurface) -> Iterator[Change]:
    """The server's own arguments; changed in tenant.toml, and so in many tools at once."""
    for name in old.own:
        if name not in new.own and name not in new.arguments:
            rule = "confirmation-removed" if name == "confirm" else "argument-removed"
            yield _own_change(rule, name, new, "the server's own", None)
    for name in new.own:
        if name not in old.own and name not in old.arguments:
            rule = "confirmation-added" if name == "confirm" else "argument-added"
            yield _own_change(rule, name, new, None, "the server's own")


def _own_change(rule: str, name: str, tool: ToolSurface, before: Json, after: Json) -> Change:
    of_tool = rule.startswith("confirmation")
    subject = f"tool {tool.name}" if of_tool else f"argument {tool.name}.{name}"
    what = "" if of_tool else f"argument `{name}`"
    return Change(rule, subject, before, after, (tool.name,), f"own {name}", what, contract_path(tool))


def of_difference(difference: Difference, tool: ToolSurface) -> Change:
    """A difference of arguments as a change of a tool. The same difference at the same place of several tools, or in a
    class that they share, is one change upstream."""
    place = difference.owner or difference.path
    group = json.dumps([place, difference.before, difference.after], default=str)
    return Change(
        rule=difference.rule,
        subject=f"argument {tool.name}.{difference.path}",
        before=difference.before,
        after=difference.after,
        tools=(tool.name,),
        group=group,
        what=f"argument `{difference.path}`",
        path=contract_path(tool),
    )


def roles_said(roles: Json) -> str:
    """Roles in words."""
    known = roles and roles.get("any_of") is not None
    said = (" or ".join(roles["any_of"]) or "none") if known else "not known"
    cases = (roles or {}).get("cases", {})
    return said + "".join(f"; {case}: {' or '.join(rows or ()) or 'not known'}" for case, rows in cases.items())
