"""Owns turning a package into text, and is the only importer of jinja2 and black: `Package -> {path: text}`."""

from __future__ import annotations

import ast
import json
import os
import re
import textwrap
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import black
import jinja2
from black.mode import TargetVersion
from black.parsing import InvalidInput

from generator import cache, changelog, manifest, models
from generator.beside import beside_files, pretty
from generator.deploy import FILTERS, deploy_table
from generator.errors import RenderError
from generator.ir import Json, Package, Tool, Toolset
from generator.parts import ANYONES, Rendered, indented, merged, parts_of, taken_apart
from generator.text import markdown

_LINE = 110
_MODE = black.Mode(line_length=_LINE, target_versions={TargetVersion.PY311})
_SHAPING = ("black", "datamodel-code-generator", "jinja2")
_RUNTIME_SUFFIXES = (".py", ".html", ".css", ".js")
# Names as Kustomer and Python have them; in a code span nothing can be escaped.
_PLAIN_CODE = re.compile(r"[\w.:/{}=-]+", re.ASCII)
# From this many toolsets on it pays to render them in several processes.
_PARALLEL_FROM = 8


def templates() -> Path:
    """The templates' folder: beside the generator in a checkout, inside it in a wheel."""
    here = Path(__file__).parent
    return next(path for path in (here / "templates", here.parent / "templates") if path.is_dir())


def docstring(text: str) -> str:
    """Filter: a text inside a triple-quoted string, which it can't end."""
    escaped = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    before = escaped[:-1]
    is_bare = escaped.endswith('"') and (len(before) - len(before.rstrip("\\"))) % 2 == 0
    return before + '\\"' if is_bare else escaped


def code(text: str) -> str:
    """Filter: a name as code inside a Markdown table, or as text where it could end the code span or the cell."""
    return f"`{text}`" if _PLAIN_CODE.fullmatch(text) else markdown(text)


def toml(text: str) -> str:
    """Filter: a text as a TOML basic string; JSON's escapes are TOML's, but for surrogates and DEL (TOML 1.0, Strings)."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def tool_docstring(tool: Tool) -> str:
    """Filter: the docstring of a tool's function, with its arguments."""
    lines = _wrapped(docstring(tool.description), "    ", first='    """')
    if tool.arguments:
        lines += ["", "    Args:"]
        for argument in tool.arguments:
            text = docstring(argument.description.rstrip(".")) + "."
            lines += _wrapped(f"{argument.python}: {text}", "            ", first="        ")
    if len(lines) == 1 and len(lines[0]) < _LINE - 3:
        return f'{lines[0]}"""'
    return "\n".join([*lines, '    """'])


def _wrapped(text: str, indent: str, first: str) -> list[str]:
    return textwrap.wrap(
        text, _LINE - 4, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


@lru_cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates()),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701  what is made is source and Markdown; every foreign string passes one of these filters
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for row in (models.literal, docstring, markdown, code, toml, tool_docstring, *FILTERS):
        environment.filters[row.__name__] = row
    return environment


def render(package: Package) -> dict[str, str]:
    """Render the whole package: path below generated/<tenant>/ -> text.

    Raises:
        RenderError: A template or a model failed, or made text that is no Python.
    """
    files = _package_files(package) | _runtime_files(package)
    files |= _toolset_files(package)
    files |= beside_files(package)
    files |= deploy_files(package)
    files[manifest.PATH] = manifest.text_of(package, files, manifest.tree_digest(files))
    return dict(sorted(files.items()))


def _package_files(package: Package) -> dict[str, str]:
    module = package.module
    python = {
        f"{module}/__init__.py": "init.py.jinja",
        f"{module}/__main__.py": "main.py.jinja",
        f"{module}/server.py": "server.py.jinja",
    }
    text = {"README.md": "README.md.jinja", "TOOLS.md": "TOOLS.md.jinja", "pyproject.toml": "pyproject.toml.jinja"}
    files = {path: _formatted(path, _filled(name, package=package)) for path, name in python.items()}
    files |= {path: _filled(name, package=package) for path, name in text.items()}
    for folder, owns in (
        ("contract", "What MCP clients see."),
        ("models", "What the tools take."),
        ("tools", "The tools."),
    ):
        files[f"{module}/{folder}/__init__.py"] = f'"""{owns}"""\n'
    files[f"{module}/py.typed"] = ""
    files[changelog.PATH] = changelog.text_of(package)
    return files


def deploy_files(package: Package) -> dict[str, str]:
    """The deployment files: path below generated/<tenant>/ -> text."""

    def text(name: str) -> str:
        plain = not name.endswith(".jinja")
        return (templates() / name).read_text(encoding="utf-8") if plain else _filled(name, package=package)

    return {path: text(name) for path, name in deploy_table(package).items()}


def _runtime_files(package: Package) -> dict[str, str]:
    folder = templates() / "runtime"
    found = sorted(path for path in folder.rglob("*.*") if path.suffix in _RUNTIME_SUFFIXES)
    return {
        f"{package.module}/runtime/{path.relative_to(folder).as_posix()}": path.read_text(encoding="utf-8")
        for path in found
    }


def _toolset_files(package: Package) -> dict[str, str]:
    """Every toolset's files, put together from parts that are in the cache or made; each part depends on nothing but itself,
    so any process may make it, and any tenant that has the same part."""
    parts = {toolset.name: parts_of(toolset) for toolset in package.toolsets}
    flat = [part for row in parts.values() for part in row]
    keys = [_key(part) for part in flat]
    made = [cache.find(key) for key in keys]
    missing = [position for position, found in enumerate(made) if found is None]
    for position, part in zip(missing, _made([flat[position] for position in missing]), strict=True):
        cache.keep(keys[position], part)
        made[position] = part
    rendered = iter([found or {} for found in made])
    files: dict[str, str] = {}
    for toolset in package.toolsets:
        files |= merged(package.module, toolset, [next(rendered) for _ in parts[toolset.name]], fitted)
    return files


def fitted(head: str) -> str:
    """The head of a module as black would have it: a module's name may be too long for a line."""
    return head if all(len(line) <= _LINE for line in head.split("\n")) else black.format_str(head, mode=_MODE)


def _made(parts: list[Toolset]) -> list[Rendered]:
    workers = min(os.cpu_count() or 1, 4)
    if len(parts) < _PARALLEL_FROM or workers < 2:
        return [_render_part(part) for part in parts]
    try:
        return list(_pool(workers).map(_render_part, parts, chunksize=4 if len(parts) > 4 * _PARALLEL_FROM else 1))
    except BrokenExecutor as error:
        _pool.cache_clear()
        raise RenderError(
            "a process that renders was ended from outside", [f"{error}; is there enough memory?"]
        ) from None


@lru_cache(maxsize=1)
def _pool(workers: int) -> ProcessPoolExecutor:
    """One pool for all packages, for starting one takes longer than many a package; spawned, for a caller may have threads,
    and a fork of those can hang."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Let a worker end when its parent does, however that ends: a killed `generate` leaves nothing running."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    if (parent := parent_process()) is not None:
        parent.join()
        os._exit(1)


def _key(part: Toolset) -> str:
    return json.dumps(["part", _fingerprint(), part], default=cache.values, sort_keys=True)


def _render_part(part: Toolset) -> Rendered:
    """A part of a toolset's files as they would be if it were all of them, in a package without a tenant."""
    source = models.python_source(part.definitions, f"{ANYONES}.runtime.model.Request")
    made = {
        "models": _filled("models.py.jinja", toolset=part, source=source),
        "tools": _filled("tools.py.jinja", package={"module": ANYONES}, toolset=part),
    }
    sources = {folder: taken_apart(_formatted(f"{folder}/{part.name}.py", text)) for folder, text in made.items()}
    return {**sources, "contract": {tool.name: indented(pretty(tool.contract)) for tool in part.tools}}


def _filled(name: str, **values: Json) -> str:
    try:
        return _environment().get_template(name).render(**values)
    except jinja2.TemplateError as error:
        raise RenderError(f"the template {name} failed", [str(error)]) from None


def page(name: str, **values: Json) -> str:
    """Fill a template of an HTML page: whatever it prints is escaped.

    Raises:
        RenderError: The template failed.
    """
    try:
        return _environment().overlay(autoescape=True).get_template(name).render(**values)
    except jinja2.TemplateError as error:
        raise RenderError(f"the template {name} failed", [str(error)]) from None


def _formatted(path: str, text: str) -> str:
    try:
        return black.format_str(_without_unused_imports(text), mode=_MODE)
    except (InvalidInput, SyntaxError, RecursionError) as error:
        raise RenderError(f"{path} would be no Python, or nests too deeply", [str(error)]) from None


_IMPORTABLE = re.compile(r"^from [\w.]+ import (?P<names>\w+(?:, \w+)*)(?P<alias> as \w+)?\n", re.MULTILINE)


def _without_unused_imports(text: str) -> str:
    """Drop the imported names that a file does not use, so that templates can import whatever they may need."""
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} | {"annotations"}

    def kept(found: re.Match[str]) -> str:
        if found["alias"]:
            return found[0] if found["alias"].split()[-1] in used else ""
        names = [name.strip() for name in found["names"].split(",")]
        wanted = [name for name in names if name in used]
        return found[0].replace(found["names"], ", ".join(wanted)) if wanted else ""

    return text if "__all__" in text else _IMPORTABLE.sub(kept, text)


@lru_cache
def _fingerprint() -> str:
    """What shapes a part besides itself: the generator's modules, the templates of parts, the pinned libraries."""
    libraries = " ".join(f"{name} {metadata.version(name)}" for name in _SHAPING)
    return _digest(Path(__file__).parent, "*.py") + _digest(templates(), "*.jinja") + libraries


@lru_cache
def fingerprint() -> str:
    """What shapes a package besides its inputs: every file of the generator and of its templates, the pinned libraries."""
    return _digest(Path(__file__).parent, "**/*.*") + _digest(templates(), "**/*.*") + _fingerprint()


def _digest(folder: Path, pattern: str) -> str:
    digest = sha256()
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and path.suffix != ".pyc":
            data = path.read_bytes()
            digest.update(f"{path.relative_to(folder).as_posix()}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
