"""Owns the hostile strings as data, the places where a foreign string can stand, and what must be true of what comes out.

`corpus.json` holds the strings, `advisories.json` whole documents, one a published advisory. `@CANARY@` stands for a file
that the string would make if it ran, `@FILE@` for a file that nobody may read, `@SERVER@` for a server that nobody may ask.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

import generator_kit
from markdown_it import MarkdownIt

from generator.config import Tenant
from generator.errors import KustomerMcpError
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot

Json = Any
Values = Sequence[str]
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODULE = "kustomer_mcp_acme"
BASE_URL = "https://acme.api.kustomerapp.com"
_RUNTIME = ROOT / "templates" / "runtime"


@dataclass(frozen=True)
class Row:
    """One hostile string."""

    id: str
    value: str
    why: str


@dataclass(frozen=True)
class Advisory:
    """One document of a published advisory."""

    id: str
    advisory: str
    why: str
    document: Json


def _rows(name: str) -> list[Json]:
    return json.loads((HERE / name).read_text(encoding="utf-8"))


CORPUS = tuple(Row(**row) for row in _rows("corpus.json"))
ADVISORIES = tuple(Advisory(**row) for row in _rows("advisories.json"))


def planted(value: Json, **places: str) -> Json:
    """The value with its marks replaced: `@CANARY@`, `@FILE@`, `@SERVER@`."""
    if isinstance(value, str):
        for name, text in places.items():
            value = value.replace(f"@{name.upper()}@", text)
        return value
    if isinstance(value, list):
        return [planted(one, **places) for one in value]
    if isinstance(value, dict):
        return {planted(name, **places): planted(one, **places) for name, one in value.items()}
    return value


# ------------------------------------------------------------------------------ where a foreign string can stand

small = json.loads((generator_kit.HERE / "shared" / "small.json").read_text(encoding="utf-8"))


def things(**rest: Json) -> Json:
    """A document of three operations, one of them with a body, changed as told."""
    paths = generator_kit.things()
    paths["/v1/things"]["post"].update(rest)
    return generator_kit.document(paths)


def _with_properties(properties: Json, required: Json = ()) -> tuple[Json, Json]:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, **properties}, "required": list(required)}
    return things(requestBody=generator_kit.body(schema)), {}


def _order(content: Json) -> tuple[Json, Json]:
    return small, {"klasses/order.json": content}


def text_places(s: str) -> tuple[Json, Json]:
    """One document and one Klass that hold the string wherever free text stands."""
    extensions = dict.fromkeys(
        ("x-python-type", "x-python-import", "x-comment", "customBasePath", "default_factory"), s
    )
    leaf = {
        "type": "string",
        "description": s,
        "title": s,
        "example": s,
        "default": s,
        "format": s,
        "pattern": s,
        **extensions,
    }
    inner = {"type": "object", "title": s, "description": s, "properties": {"deep": dict(leaf)}, "default": {"deep": s}}
    operation = generator_kit.operation(
        "CreateThing",
        summary=s,
        description=s,
        externalDocs={"url": s, "description": s},
        parameters=[{"in": "query", "name": "q", "description": s, "schema": dict(leaf)}],
        requestBody={
            "description": s,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "description": s,
                        "properties": {"leaf": leaf, "inner": inner, "kind": {"type": "string", "enum": [s, "other"]}},
                    }
                }
            },
        },
        responses={"200": {"description": s, "headers": {s: {"description": s}}}},
        **extensions,
    )
    paths = {**small["paths"], "/v1/things": {"post": operation, "summary": s, "description": s}}
    document = {
        **small,
        "info": {"title": s, "version": s, "description": s, "license": {"name": s}},
        "tags": [{"name": s, "description": s}],
        "paths": paths,
        "x-tagGroups": [{"name": s, "tags": [s]}],
        **extensions,
    }
    attributes = {
        "aStr": {"displayName": s, "enumeration": [s, "b"], "type": s},
        "bTree": {"displayName": s, "tree": {"children": [{"displayName": s, "id": s}]}},
        "cId": {"displayName": s, "target": s},
        "other": {"displayName": s, "type": s},
    }
    order = {**generator_kit.klass("order", attributes), "displayName": s, "description": s, "icon": s}
    return document, {"klasses/order.json": order}


def _operations(values: Values, row: Callable[[str], Json]) -> tuple[Json, Json]:
    """One operation a string, each with a path of its own."""
    paths = {f"/v1/things{i}": {"get": {**generator_kit.operation(), **row(s)}} for i, s in enumerate(values)}
    return generator_kit.document({**generator_kit.things(), **paths}), {}


def _parameters(values: Values, place: str = "query", spelled: str = "{}") -> tuple[Json, Json]:
    rows = [{"in": place, "name": spelled.format(s), "schema": {"type": "string"}} for s in values]
    return things(parameters=rows), {}


def _components(values: Values) -> tuple[Json, Json]:
    schemas = {s: {"type": "object", "properties": {"x": {"type": "string"}}} for s in values}
    document, klasses = _with_properties(
        {f"kind{i}": {"$ref": f"#/components/schemas/{s}"} for i, s in enumerate(values)}
    )
    return {**document, "components": {"schemas": schemas}}, klasses


def _nested(values: Values) -> tuple[Json, Json]:
    inner = {
        "type": "object",
        "properties": {"kind": {"type": "string", "enum": ["a", "b"]}, **{s: {"type": "string"} for s in values}},
    }
    return _with_properties({"inner": inner})


def _branch(s: str) -> tuple[Json, Json]:
    branches = [
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"type": "string", "enum": [each]}, each[:5] or "x": {"type": "string"}},
        }
        for each in (s, "other")
    ]
    return things(requestBody=generator_kit.body({"oneOf": branches})), {}


def _path(path: str) -> tuple[Json, Json]:
    return generator_kit.document({**generator_kit.things(), path: {"get": generator_kit.operation()}}), {}


def _attributes(values: Values, ending: str, metadata: Json) -> tuple[Json, Json]:
    return _order(generator_kit.klass("order", {"aStr": {}, **{f"{s}{ending}": metadata for s in values}}))


# Where a string is a name; each gives the document and the Klasses that hold these strings there. First the places where
# many can stand side by side, then those where one does.
MANY: dict[str, Callable[[Values], tuple[Json, Json]]] = {
    "operation id": lambda values: _operations(values, lambda s: {"operationId": s}),
    "tag": lambda values: _operations(values, lambda s: {"tags": [s]}),
    "second tag": lambda values: _operations(values, lambda s: {"tags": ["Things", s]}),
    "query name": lambda values: _parameters(values),
    "deep query name": lambda values: _parameters(values, spelled="filter[{}]"),
    "header name": lambda values: _parameters(values, "header"),
    "property name": lambda values: _with_properties({s: {"type": "string"} for s in values}),
    "nested property name": _nested,
    "required name": lambda values: _with_properties({}, values),
    "component": _components,
    "choice": lambda values: _with_properties(
        {"kind": {"type": "array", "items": {"type": "string", "enum": [*values]}}}
    ),
    "const": lambda values: _with_properties({f"kind{i}": {"const": s} for i, s in enumerate(values)}),
    "pattern": lambda values: _with_properties(
        {f"kind{i}": {"type": "string", "pattern": s} for i, s in enumerate(values)}
    ),
    "attribute name": lambda values: _attributes(values, "", {"type": "string"}),
    "suffixed attribute name": lambda values: _attributes(values, "Str", {"enumeration": ["a"]}),
}
ONE: dict[str, Callable[[str], tuple[Json, Json]]] = {
    "parameter place": lambda s: _parameters(("q",), s),
    "path": lambda s: _path(f"/v1/{s}"),
    "path parameter": lambda s: _path(f"/v1/things/{{{s}}}"),
    "branch": _branch,
    "media type": lambda s: (things(requestBody=generator_kit.body({"type": "object", "properties": {"a": {"type": "string"}}}, s)), {}),
    "type": lambda s: _with_properties({"kind": {"type": s}}),
    "$ref": lambda s: _with_properties({"kind": {"$ref": s}}),
    "server": lambda s: ({**things(), "servers": [{"url": s}]}, {}),
    "Klass name": lambda s: _order(generator_kit.klass(s, {"aStr": {}})),
}  # fmt: skip


# ---------------------------------------------------------------------------------------------- making and checking


def package(document: Json, klasses: Json, title: str = "") -> Package | None:
    """The package, or None where the generator refused with an error of its own that can be shown to a person."""
    tenant = Tenant("acme", "specs/tenants/acme/tenant.toml", BASE_URL, title=title)
    try:
        return build(Snapshot({"core": document}, {"acme": klasses}), tenant)
    except KustomerMcpError as error:
        assert_readable(error)
        return None


def files_of(made: Package | None) -> dict[str, str] | None:
    """Its files, or None where it, or rendering it, was refused."""
    try:
        return None if made is None else render(made)
    except KustomerMcpError as error:
        assert_readable(error)
        return None


def side_by_side(place: Callable[[Values], tuple[Json, Json]], values: Values) -> Iterator[Package]:
    """Packages that hold all of the strings together; where they can't stand together, fewer in each."""
    if made := package(*place(values)):
        yield made
    elif len(values) > 1:
        half = len(values) // 2
        yield from side_by_side(place, values[:half])
        yield from side_by_side(place, values[half:])


def assert_readable(error: KustomerMcpError) -> None:
    """What is said can be printed, commands no terminal, and is not the document over again."""
    said = str(error)
    said.encode("utf-8")
    assert error.what and len(said) < 20_000
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", said), ascii(said)[
        :300
    ]


# What generated modules may import and call; anything else would be somebody's code.
_IMPORTS = re.compile(rf"(__future__|typing|pydantic|{MODULE}(\.[a-z0-9_]+)*)")
_CALLS = frozenset(
    {"Field", "Kustomer", "PackageInfo", "Search", "Settings.from_environment", "Struct", "body", "call", "comma", "command",
     "cursor", "given", "main", "package_version", "refuse_together", "related"}
)  # fmt: skip
_NODES_NEVER = (ast.Lambda, ast.JoinedStr, ast.Global, ast.Nonlocal, ast.Delete, ast.With, ast.Try, ast.For, ast.While,
                ast.ListComp, ast.GeneratorExp, ast.NamedExpr, ast.Starred, ast.Import, ast.Assert, ast.Raise)  # fmt: skip
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)
_markdown = MarkdownIt("commonmark", {"html": True}).enable("table")


def assert_harmless(files: Mapping[str, str]) -> None:
    """Everything that must be true of a package whatever its documents say, without running it."""
    assert_paths([*files])
    for path, source in files.items():
        source.encode("utf-8")
        name = PurePosixPath(path)
        if "/runtime/" in path:
            assert source == _runtime(path.partition("/runtime/")[2])
            continue
        unseen = _UNSEEN.search(_decoded(path, source))
        assert unseen is None, (path, ascii(source[max(0, unseen.start() - 80) : unseen.end() + 20]))
        if name.suffix == ".py":
            assert_python(path, source)
        elif name.suffix == ".json":
            json.loads(source, object_pairs_hook=_each_once)
        elif name.suffix == ".md":
            assert_markdown(path, source)
    project = tomllib.loads(files["pyproject.toml"])
    assert set(project) == {"build-system", "project", "tool"} and set(project["tool"]["hatch"]["build"]) == {"targets"}
    assert project["project"]["name"] == "kustomer-mcp-acme"
    assert project["project"]["scripts"] == {"kustomer-mcp-acme": f"{MODULE}.server:main"}


@cache
def _runtime(name: str) -> str:
    return (_RUNTIME / name).read_text(encoding="utf-8")


def _decoded(path: str, source: str) -> str:
    return source if path.endswith((".py", ".md", ".toml")) else ""  # JSON and literals escape what they hold


def _each_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    assert len({name for name, _ in pairs}) == len(pairs), "a key twice"
    return dict(pairs)


def assert_paths(paths: list[str]) -> None:
    """Below the folder, spelled for every file system, and no two the same where case does not count."""
    for path in paths:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", path) and len(path) < 400, path
        assert not [
            part for part in path.split("/") if part in (".", "..") or _DEVICES.fullmatch(part) or len(part) > 255
        ], path
    assert len({path.lower() for path in paths}) == len(paths)


def assert_python(path: str, source: str) -> None:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        assert not isinstance(node, _NODES_NEVER), (path, ast.unparse(node)[:200])
        if isinstance(node, ast.ImportFrom):
            assert _IMPORTS.fullmatch(node.module or ""), (path, node.module)
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) and called.attr in _CALLS else ast.unparse(called)
            assert name in _CALLS, (path, name)
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("__"), (path, node.attr)
    for node in tree.body:
        assert isinstance(node, ast.ImportFrom | ast.ClassDef | ast.AsyncFunctionDef | ast.FunctionDef | ast.Assign | ast.AnnAssign) or (
            isinstance(node, ast.Expr) and (isinstance(node.value, ast.Constant) or path.endswith("__main__.py"))
        ), (path, ast.unparse(node)[:200])  # fmt: skip


def assert_markdown(path: str, source: str) -> None:
    """No HTML, no picture, and no link but those that the template has."""
    columns = 0
    for token in _flat(_markdown.parse(source)):
        assert token.type not in ("html_block", "html_inline", "image"), (path, token.content[:200])
        if token.type == "link_open":
            assert token.attrGet("href") in ("TOOLS.md", "http://127.0.0.1:8000/mcp"), (path, token.attrs)
        if token.type == "heading_open":
            assert len(token.markup) <= 3, (path, token.map)
        columns = 0 if token.type == "tr_open" else columns + (token.type in ("td_open", "th_open"))
        assert columns <= 4, path
    for line in source.splitlines():
        if line.startswith("|"):
            inside = re.sub(r"\\.", "", line)
            assert inside.count("|") in ((3,) if path == "README.md" else (4, 5)), (path, line[:200])


def _flat(tokens: list[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


@contextlib.contextmanager
def imported(folder: Path, files: Mapping[str, str]) -> Iterator[Any]:
    """Write the package and import all that was made from documents: what is planted in it would run now.

    The runtime is the same in every package, so it is imported once a process.
    """
    there = f"{MODULE}.runtime.server" in sys.modules
    generator_kit.write_tree(
        folder, {p: t for p, t in files.items() if p.endswith(".py") and not (there and "/runtime/" in p)}
    )
    sys.path.insert(0, str(folder))
    before = _forgotten()
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(MODULE)
        for path in files:
            if re.fullmatch(rf"{MODULE}/(tools|models)/\w+\.py", path):
                importlib.import_module(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        importlib.import_module(f"{MODULE}.server")
        yield module
    finally:
        sys.path.remove(str(folder))
        _forgotten()
        sys.modules.update(before)


def _forgotten() -> dict[str, Any]:
    """Take the package's modules out of Python's memory, but for the runtime, and give them."""
    names = [name for name in sys.modules if name.split(".")[0] == MODULE and ".runtime" not in name]
    return {name: sys.modules.pop(name) for name in names}


def tools_of(module: Any, files: Mapping[str, str]) -> Iterator[tuple[str, str, Json]]:
    """Toolset, tool and contract of everything in a package."""
    for path, source in files.items():
        if path.startswith(f"{MODULE}/contract/") and path.endswith(".json"):
            for contract in json.loads(source):
                yield PurePosixPath(path).stem, contract["name"], contract
