"""Owns cutting a toolset into parts that are rendered each for itself, and putting their files together again.

A part holds the tools of one Klass, or those of none: so one attribute more costs the work of one Klass, whatever else a
tenant has. What comes out is, to the byte, what rendering the toolset as a whole would give; a test says so.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from generator.ir import Toolset
from generator.models import import_rank, in_order, needed_by

_SPACE = "\n\n\n"


def parts_of(toolset: Toolset) -> list[Toolset]:
    """The parts of a toolset, tools of no Klass first."""
    klasses = sorted({tool.klass for tool in toolset.tools})
    if len(klasses) < 2:
        return [toolset]
    return [_part(toolset, klass) for klass in klasses]


def _part(toolset: Toolset, klass: str) -> Toolset:
    tools = tuple(tool for tool in toolset.tools if tool.klass == klass)
    classes = {tool.arguments_class for tool in tools}
    definitions = needed_by(classes, toolset.definitions)
    nested = tuple(sorted(set(definitions) - classes))
    return Toolset(name=toolset.name, tools=tools, nested=nested, definitions=definitions)


def merged(module: str, toolset: Toolset, parts: list[dict[str, str]]) -> dict[str, str]:
    """The toolset's files by their path below generated/<tenant>/, from its rendered parts."""
    contracts: dict[str, str] = {}
    for part in parts:
        contracts |= json.loads(part["contract"])
    rows = (re.sub(r"(?m)^(?=.)", " ", contracts[tool.name].rstrip("\n")) for tool in toolset.tools)
    whole = len(parts) == 1
    sources = {
        "models": parts[0]["models"] if whole else _models(toolset, [part["models"] for part in parts]),
        "tools": parts[0]["tools"] if whole else _tools(toolset, [part["tools"] for part in parts]),
    }
    files = {f"{module}/{folder}/{toolset.name}.py": text for folder, text in sources.items()}
    return {f"{module}/contract/{toolset.name}.json": "[\n" + ",\n".join(rows) + "\n]\n", **files}


@dataclass(slots=True)
class _Source:
    """A formatted module taken apart: its docstring, its imports, and its statements by the name that each gives."""

    docstring: str
    imports: list[tuple[str, list[str]]] = field(default_factory=list)
    statements: dict[str, str] = field(default_factory=dict)


def _read(text: str) -> _Source:
    lines = text.split("\n")
    body = ast.parse(text).body
    source = _Source("\n".join(lines[: body[0].end_lineno]))
    for node in body[1:]:
        segment = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.ImportFrom):
            names = [ast.unparse(alias) for alias in node.names]
            source.imports.append((node.module or "", names))
        elif isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
            source.statements[node.name] = segment
        elif isinstance(node, ast.Assign):
            source.statements[ast.unparse(node.targets[0])] = segment
        elif isinstance(node, ast.AnnAssign):
            source.statements[ast.unparse(node.target)] = segment
    return source


def _imports(sources: list[_Source]) -> list[tuple[str, list[str]]]:
    """What any part imports, each module's names together, in the order that the templates and the engine have."""
    found: dict[tuple[str, str], set[str]] = {}
    for source in sources:
        for module, names in source.imports:
            key = (module, names[0] if module == "pydantic" else "")
            found.setdefault(key, set()).update(names)
    return [
        (module, sorted(names))
        for (module, _), names in sorted(found.items(), key=lambda row: (import_rank(row[0][0]), *row[0]))
    ]


def _head(sources: list[_Source], spaced: bool) -> str:
    rows = _imports(sources)
    lines = [f"from {module} import {', '.join(names)}" for module, names in rows]
    if not spaced:
        return f"{sources[0].docstring}\n\n" + "\n".join(lines)
    groups: dict[int, list[str]] = {}
    for (module, _), line in zip(rows, lines, strict=True):
        groups.setdefault(import_rank(module), []).append(line)
    return f"{sources[0].docstring}\n\n" + "\n\n".join("\n".join(group) for _, group in sorted(groups.items()))


def _models(toolset: Toolset, texts: list[str]) -> str:
    sources = [_read(text) for text in texts]
    classes = {name: text for source in sources for name, text in source.statements.items()}
    return (
        _SPACE.join([_head(sources, spaced=False), *(classes[name] for name in in_order(toolset.definitions))]) + "\n"
    )


def _tools(toolset: Toolset, texts: list[str]) -> str:
    sources = [_read(text) for text in texts]
    found = {name: text for source in sources for name, text in source.statements.items()}
    statements = []
    for tool in toolset.tools:
        if tool.search:
            statements.append(found[tool.search.name])
        statements.append(found[tool.name])
    table = _table("TOOLS: ToolTable", "TOOLS", sources, (tool.name for tool in toolset.tools))
    whole = _SPACE.join([_head(sources, spaced=True), *statements, table]) + "\n"
    if not toolset.branched:
        return whole
    comment = next(re.search(r"(?m)^# Arguments that .*$", text) for text in texts if "\nELSEWHERE" in text)
    elsewhere = _table("ELSEWHERE", "ELSEWHERE", sources, (tool.name for tool in toolset.branched))
    return f"{whole}\n{comment[0] if comment else ''}\n{elsewhere}\n"


def _table(head: str, name: str, sources: list[_Source], keys: Iterable[str]) -> str:
    """A table of all parts, one entry a tool."""
    rows: dict[str, str] = {}
    for source in sources:
        if name in source.statements:
            text = source.statements[name]
            node = ast.parse(text).body[0]
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.Dict):
                lines = text.split("\n")
                for key, entry in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant):
                        rows[str(key.value)] = "\n".join(lines[key.lineno - 1 : entry.end_lineno])
    return "\n".join([f"{head} = {{", *(rows[key] for key in keys), "}"])
