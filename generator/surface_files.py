"""Owns reading a package's surface from its own files: contracts, models and tools say all that the IR said.

Models and tools are read as syntax trees; nothing of a package is imported or run. What another version of the
generator wrote in a form that is not known here is left out, and then compared by what the contract says alone.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.errors import SpecError
from generator.ir import Json
from generator.surface import (
    Field,
    Surface,
    ToolSurface,
    described,
    documents_of,
    own_arguments,
    reasons,
)
from generator.surface_known import Known
from generator.surface_models import Models, name_of

_PLACES = {"path_arguments": "path", "query": "query", "body": "body"}


def read_package(folder: Path) -> dict[str, str]:
    """The text files of a package folder that say what callers see, by their path in it; empty where there is none.

    Raises:
        SpecError: A file is no text.
    """
    if not (folder / "manifest.json").is_file():
        return {}
    wanted = ("manifest.json", "*/doctor.json", "*/prompts.json", "*/__init__.py", "*/server.py", "*/klasses/*.json")
    globs = (*wanted, "*/contract/*.json", "*/models/*.py", "*/tools/*.py")
    try:
        return {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for pattern in globs
            for path in sorted(folder.glob(pattern))
        }
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"{folder.name}: a file of the package can't be read", [str(error)]) from None


def surface_from(files: Mapping[str, str], known: Known | None = None) -> Surface:
    """The surface that a package's files show.

    Args:
        files: Text by path below the package's folder; other files may be among them.
        known: Spares reading what another package has too; given only where nobody edited the files.

    Raises:
        SpecError: They are no package, or JSON or Python among them is broken.
    """
    try:
        manifest = json.loads(files["manifest.json"])
        module = f"kustomer_mcp_{manifest['tenant'].replace('-', '_')}"
        return _surface(files, manifest, module, known or Known())
    except (KeyError, ValueError, SyntaxError, TypeError, AttributeError) as error:
        said = f"{type(error).__name__}: {error}"
        mend = "take it back from version control, or delete the folder and generate it anew"
        raise SpecError("the package in generated/ can't be read", [said, mend]) from None


def _surface(files: Mapping[str, str], manifest: Json, module: str, known: Known) -> Surface:
    inside = {path.removeprefix(f"{module}/"): text for path, text in files.items() if path.startswith(f"{module}/")}
    doctor = json.loads(inside.get("doctor.json", '{"tools": {}}'))
    names = [
        path.split("/")[1].removesuffix(".json")
        for path in inside
        if path.startswith("contract/") and path.endswith(".json")
    ]
    tools = {}
    for name in names:
        reader = _toolset(module, name, inside, known)
        for contract in json.loads(inside[f"contract/{name}.json"]):
            tool = contract["name"]
            tools[tool] = reader.code(tool).tool(contract, manifest["tools"][tool], doctor["tools"].get(tool))
    klasses = {
        path.removeprefix("klasses/").removesuffix(".json"): json.loads(text)
        for path, text in inside.items()
        if path.startswith("klasses/")
    }
    left_out = ((row["operation"], row["document"], row["reason"]) for row in manifest["left_out"])
    return Surface(
        tools=dict(sorted(tools.items())),
        klasses=klasses,
        left_out=reasons(left_out),
        documents=documents_of(manifest["inputs"]),
        prompts={row["name"]: _prompt(row) for row in json.loads(inside.get("prompts.json", "[]"))},
        notes=tuple(manifest["notes"]),
        klasses_left_out=tuple(doctor.get("klasses_left_out", ())),
        facts=_facts(inside),
        module=module,
    )


def _prompt(row: Json) -> Json:
    told = [[part["text"], part.get("given", []), part.get("missing", [])] for part in row["parts"]]
    return [row["description"], told, [[a["name"], a["required"], a.get("choices", [])] for a in row["arguments"]]]


def _facts(inside: Mapping[str, str]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for node in ast.walk(ast.parse(inside.get("server.py", ""))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "PackageInfo":
            given = {k.arg: k.value.value for k in node.keywords if isinstance(k.value, ast.Constant)}
            facts.update((key, str(given[key])) for key in ("title", "instructions") if key in given)
    for node in ast.parse(inside.get("__init__.py", "")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BASE_URL":
            facts["base_url"] = str(ast.literal_eval(node.value))
    return facts


def _toolset(module: str, name: str, inside: Mapping[str, str], known: Known) -> _Toolset:
    paths = (f"models/{name}.py", f"tools/{name}.py")
    models, tools = (inside.get(path, "") for path in paths)
    same, (models, tools) = known.parted(models, tools, (f"{module}/{paths[0]}", f"{module}/{paths[1]}"))
    return _Toolset(Models(models), _functions(tools), same)


@dataclass(frozen=True, slots=True)
class _Function:
    """What a tool's function says: its arguments' texts, their wires, the values that it fills in, its search."""

    description: str
    texts: Mapping[str, str]
    wires: Mapping[str, str]
    fixed: tuple[str, ...]
    search: str
    model: str


@dataclass(frozen=True, slots=True)
class _Code:
    """What of a tool its Python says: all but what contract, manifest and doctor.json have."""

    description: str
    arguments: Mapping[str, Field]
    fixed: tuple[str, ...]
    search: str

    @classmethod
    def of(cls, tool: ToolSurface) -> _Code:
        return cls(tool.description, tool.arguments, tool.fixed, tool.search)

    def tool(self, contract: Json, row: Json, roles: Json) -> ToolSurface:
        """The tool, with its contract, its row in the manifest and its roles."""
        return ToolSurface(
            name=contract["name"],
            description=self.description,
            toolset=row["toolset"],
            tags=tuple(row["tags"]),
            kind=row["kind"],
            effect=row["effect"],
            operations=tuple(row["operations"]),
            operation_id=row["operation_id"],
            document=row["document"],
            arguments=self.arguments,
            contract=contract,
            own=own_arguments(contract, self.arguments),
            fixed=self.fixed,
            search=self.search,
            roles=roles,
        )


@dataclass(frozen=True, slots=True)
class _Toolset:
    """Reads the tools of one toolset."""

    models: Models
    functions: Mapping[str, _Function]
    same: Mapping[str, ToolSurface]

    def code(self, name: str) -> _Code:
        """What of a tool its function and its class say."""
        if name in self.same:
            return _Code.of(self.same[name])
        function = self.functions[name]
        pythons = self.models.pythons(function.model)
        arguments = {
            name: Field(f.shape, f.required, function.texts[pythons[name]], function.wires.get(pythons[name], ""))
            for name, f in self.models.fields(function.model).items()
        }
        return _Code(function.description, arguments, function.fixed, function.search)


# ------------------------------------------------------------------------------------------------- tools


def _functions(source: str) -> dict[str, _Function]:
    body = ast.parse(source).body
    assigned = [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call | ast.Dict)]  # fmt: skip
    searches, models = {}, {}
    for node in assigned:
        target = ast.unparse(node.target if isinstance(node, ast.AnnAssign) else node.targets[0])
        if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "Search":
            searches[target] = str(next(ast.literal_eval(k.value) for k in node.value.keywords if k.arg == "context"))
        elif isinstance(node.value, ast.Dict) and target == "TOOLS":
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(value, ast.Tuple):
                    models[str(key.value)] = ast.unparse(value.elts[1]).removeprefix("models.")
    rows = (node for node in body if isinstance(node, ast.AsyncFunctionDef))
    return {node.name: _function(node, searches, models[node.name]) for node in rows}


def _function(node: ast.AsyncFunctionDef, searches: Mapping[str, str], model: str) -> _Function:
    description, texts = _texts(ast.get_docstring(node) or "", {a.arg for a in node.args.kwonlyargs})
    calls = [
        c
        for statement in node.body
        for c in ast.walk(statement)
        if isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr == "call"
    ]
    calls.sort(key=lambda call: call.lineno)
    wires: dict[str, str] = {}
    for call in calls:
        wires |= _wires(call)
    places = [(_PLACES[k.arg], k.value) for k in calls[-1].keywords if k.arg in _PLACES]
    bodies = (ast.unparse(value).partition(".")[0] for place, value in places if place == "body")
    search = next((searches[name] for name in bodies if name in searches), "")
    fixed = sorted(row for place, value in places if isinstance(value, ast.Dict) for row in _fixed(place, value))
    return _Function(description, texts, {} if search else wires, tuple(fixed), search, model)


def _wires(call: ast.Call) -> dict[str, str]:
    """Python name -> the place in the request that one call gives it: `body title`, or `body ` for the whole body."""
    found: dict[str, str] = {}
    for keyword in call.keywords:
        place, value = _PLACES.get(keyword.arg or "", ""), keyword.value
        if place and isinstance(value, ast.Dict):
            rows = ((wire, python) for wire, entry in _entries(value) if (python := _python(entry)))
            found |= {python: f"{place} {wire}" for wire, python in rows}
        elif place == "body" and isinstance(value, ast.Name):
            found[value.id] = "body "
        elif keyword.arg == "cursor" and isinstance(value, ast.Name):
            found[value.id] = f"query {value.id}"
    return found


def _fixed(place: str, table: ast.Dict) -> Iterator[str]:
    """The values that a tool fills in itself, spelled as the IR has them."""
    for wire, entry in _entries(table):
        if not isinstance(entry, ast.Name | ast.Call):
            yield f"{place} {wire}={ast.literal_eval(entry)!a}"


def _entries(table: ast.Dict) -> Iterator[tuple[str, ast.expr]]:
    for key, value in zip(table.keys, table.values, strict=True):
        yield str(ast.literal_eval(key)) if key is not None else "", value


def _python(value: ast.expr) -> str | None:
    """The argument that an entry of a request sends: by its name, or as one value separated by commas."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Call) and name_of(value.func) == "comma" and isinstance(value.args[0], ast.Name):
        return value.args[0].id
    return None


def _texts(docstring: str, names: set[str]) -> tuple[str, dict[str, str]]:
    """The description, and the text of each argument, as tool_docstring of render.py wrapped them."""
    head, _, tail = docstring.partition("\n\nArgs:\n")
    texts: dict[str, list[str]] = {}
    current = ""
    for line in tail.splitlines():
        name = line.strip().partition(":")[0]
        if line.startswith("    ") and line[4:5] != " " and name in names:
            current = name
            texts[current] = [line.strip().partition(":")[2]]
        elif current:
            texts[current].append(line)
    return described(head), {name: described(" ".join(lines)) for name, lines in texts.items()}
