"""Owns what must be true of every package and of every refusal, whatever the documents say."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from markdown_it import MarkdownIt

from generator.errors import KustomerMcpError

Json = Any
MODULE = "kustomer_mcp_acme"
_RUNTIME = Path(__file__).parents[2] / "templates" / "runtime"


def assert_readable(error: KustomerMcpError) -> None:
    """What is said can be printed, commands no terminal, and is not the document over again."""
    said = str(error)
    said.encode("utf-8")
    assert error.what and len(said) < 20_000
    assert not any("\n" in text or "##[" in text for text in (error.what, *error.problems)), ascii(said)[:300]
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
