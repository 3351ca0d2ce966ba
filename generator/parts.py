"""Owns cutting a toolset into parts that are rendered each for itself, and putting their files together again.

A part holds the tools of one Klass, or those of none: so one attribute more costs the work of one Klass, whatever else a
tenant has. A part is rendered for no tenant, and gets the module's name when parts are put together: so what tenants have in
common is rendered once. What comes out is, to the byte, what rendering the toolset as a whole would give; tests say so.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable

from generator.definitions import in_order, needed_by
from generator.errors import RenderError
from generator.ir import Json, Toolset
from generator.models import import_block

# The module that parts import from: shorter than that of any tenant, so that no line is broken for it alone.
ANYONES = "kustomer_mcp_"

_COMMENT = re.compile(r"(?m)^# Arguments that .*$")

# A part's `contract` by tool, `models` and `tools`: plain data, for the cache.
Rendered = dict[str, Json]


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


def taken_apart(text: str) -> Json:
    """A formatted module as what `merged` needs of it: docstring, imports, statements and entries of tables by name.

    Raises:
        RenderError: It holds something that this module does not know.
    """
    lines = text.split("\n")
    body = ast.parse(text).body
    comment = _COMMENT.search(text)
    source: Json = {
        "docstring": "\n".join(lines[: body[0].end_lineno]),
        "imports": [],
        "statements": {},
        "tables": {},
        "comment": comment[0] if comment else "",
    }
    for node in body[1:]:
        segment = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        if isinstance(node, ast.ImportFrom):
            source["imports"].append([node.module or "", [ast.unparse(alias) for alias in node.names]])
        elif isinstance(node, ast.ClassDef | ast.AsyncFunctionDef):
            source["statements"][node.name] = segment
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
            source["tables"][_target(node)] = _entries(node.value, lines)
        elif isinstance(node, ast.Assign):
            source["statements"][_target(node)] = segment
        else:
            raise RenderError("a rendered module holds a statement that generator/parts.py does not know", [segment])
    return source


def _target(node: ast.Assign | ast.AnnAssign) -> str:
    return ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])


def _entries(table: ast.Dict, lines: list[str]) -> dict[str, str]:
    rows = zip(table.keys, table.values, strict=True)
    return {
        str(key.value): "\n".join(lines[key.lineno - 1 : entry.end_lineno])
        for key, entry in rows
        if isinstance(key, ast.Constant)
    }


def indented(contract: str) -> str:
    """A contract as it stands in the list of its toolset."""
    return re.sub(r"(?m)^(?=.)", " ", contract.rstrip("\n"))


def merged(module: str, toolset: Toolset, parts: list[Rendered], fitted: Callable[[str], str]) -> dict[str, str]:
    """The toolset's files by their path below generated/<tenant>/, from its rendered parts.

    Args:
        fitted: Formats the head of a module, where a line of it is too long.
    """
    contracts: dict[str, str] = {}
    for part in parts:
        contracts |= part["contract"]
    rows = ",\n".join(contracts[tool.name] for tool in toolset.tools)
    models, tools = ([part[folder] for part in parts] for folder in ("models", "tools"))
    return {
        f"{module}/contract/{toolset.name}.json": f"[\n{rows}\n]\n",
        f"{module}/models/{toolset.name}.py": fitted(_head(module, models, 1)) + _models(toolset, models),
        f"{module}/tools/{toolset.name}.py": fitted(_head(module, tools, 2)) + _tools(toolset, tools),
    }


def _head(module: str, sources: list[Json], most: int) -> str:
    """Docstring and imports, as the templates and the engine have them: below tools' docstrings, two lines where a group is
    not needed."""
    found: dict[str, set[str]] = {}
    for source in sources:
        for name, names in source["imports"]:
            found.setdefault(name.replace(ANYONES, module, 1), set()).update(names)
    return f"{sources[0]['docstring']}\n\n{import_block(found, most)}"


def _models(toolset: Toolset, sources: list[Json]) -> str:
    classes = {name: text for source in sources for name, text in source["statements"].items()}
    return "".join(f"\n\n{classes[name]}\n" for name in in_order(toolset.definitions))


def _tools(toolset: Toolset, sources: list[Json]) -> str:
    found = {name: text for source in sources for name, text in source["statements"].items()}
    statements = []
    for tool in toolset.tools:
        if tool.search:
            statements.append(found[tool.search.name])
        statements.append(found[tool.name])
    text = "".join(f"\n\n{statement}\n" for statement in statements)
    if toolset.tools and toolset.tools[0].search:
        text = text[1:]  # below imports, a table has one line where a function has two
    text += f"\n\n{_table('TOOLS: ToolTable', 'TOOLS', sources, (tool.name for tool in toolset.tools))}\n"
    if not toolset.branched:
        return text
    comment = next(source["comment"] for source in sources if source["comment"])
    elsewhere = _table("ELSEWHERE", "ELSEWHERE", sources, (tool.name for tool in toolset.branched))
    return f"{text}\n{comment}\n{elsewhere}\n"


def _table(head: str, name: str, sources: list[Json], keys: Iterable[str]) -> str:
    """A table of all parts, one entry a tool."""
    rows = {key: entry for source in sources for key, entry in source["tables"].get(name, {}).items()}
    return "\n".join([f"{head} = {{", *(rows[key] for key in keys), "}"])
