"""Owns what the generator's tests share: small inputs, running what was generated, expected texts. Must not hold an expectation.

`UPDATE_EXPECTED=1 python -m pytest tests/generator` writes the expected files anew; such tests are then skipped, not
passed, and the diff of the expected files is what is to be reviewed.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from generator.config import Tenant
from generator.errors import KustomerMcpError as KustomerMcpError
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot, load, save_documents, save_klasses

Json = Any
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = HERE / "cases"
UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"
MORE = "Also: "
# How a nested field looks, behind its name in `more`.
_OUTLINE = re.compile(r" \[*\{[^}]*\}\]*")
# The arguments that are the server's own: no function of a tool takes them.
OWN: Json = {
    "confirm": {"type": "string", "description": "Id of the record once more"},
    "dry_run": {"type": "boolean", "description": "True: answer the request, send nothing"},
    "fields": {"type": "array", "items": {"type": "string"}, "description": "Only these attributes"},
}
BASE_URL = "https://acme.api.kustomerapp.com"

# ------------------------------------------------------------------------------------------- small inputs


def document(paths: Json, **rest: Json) -> Json:
    return {"openapi": "3.0.3", "info": {"title": "Test", "version": "1"}, "paths": paths, **rest}


def operation(name: str = "GetThings", tag: str = "Things", **rest: Json) -> Json:
    return {"operationId": name, "tags": [tag], "summary": "Things", "description": "Things of a test.", **rest}


def body(schema: Json, media: str = "application/json") -> Json:
    return {"content": {media: {"schema": schema}}}


def tenant(name: str = "acme", **rest: Json) -> Tenant:
    return Tenant(name, f"specs/tenants/{name}/tenant.toml", BASE_URL, **rest)


def snapshot(paths: Json, klasses: Mapping[str, Json] | None = None, *, name: str = "acme", **rest: Json) -> Snapshot:
    """One document with these paths, and one tenant's Klass files."""
    return Snapshot({"core": document(paths, **rest)}, {name: klasses or {}})


def klass(name: str, attributes: Json, *, standard: bool = False, **rest: Json) -> Json:
    return {"name": name, "displayName": name.capitalize(), "standard": standard, "attributes": attributes, **rest}


def package_of(paths: Json, klasses: Mapping[str, Json] | None = None, **rest: Json) -> Package:
    return build(snapshot(paths, klasses), tenant(**rest))


def rendered(paths: Json, klasses: Mapping[str, Json] | None = None, **rest: Json) -> dict[str, str]:
    return render(package_of(paths, klasses, **rest))


def write_root(
    root: Path, documents: Mapping[str, Json], klasses: Mapping[str, Json], toml: str, name: str = "acme"
) -> Path:
    """A folder in which the commands run: specs/ with its lock, and nothing generated yet."""
    save_documents(root, {key: (value, {"url": f"{key}.json", "operations": 1}) for key, value in documents.items()})
    save_klasses(root, name, klasses)
    (root / "specs" / "tenants" / name / "tenant.toml").write_text(toml, encoding="utf-8")
    return root


THINGS: Json = {
    "/v1/things": {
        "get": operation("GetThings", description="List all things."),
        "post": operation(
            "CreateThing",
            description="Create a thing.",
            requestBody=body({"type": "object", "properties": {"name": {"type": "string"}}}),
        ),
    },
    "/v1/notes": {"get": operation("GetNotes", "Notes", description="List all notes.")},
}


def things() -> Json:
    return copy.deepcopy(THINGS)


def real() -> Snapshot:
    """What the repository pins: the nine documents, and the Klasses of its two tenants."""
    return load(ROOT, ["acme", "globex"])


# ------------------------------------------------------------------------------- running what was generated


def write_tree(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    return folder


def read_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if not path.is_dir()}


@contextlib.contextmanager
def importable(folder: Path, module: str) -> Iterator[ModuleType]:
    """The generated package in `folder`, imported under its own name for as long as the block runs."""
    sys.path.insert(0, str(folder))
    before = {name: found for name, found in sys.modules.items() if name.split(".")[0] == module}
    for name in before:
        del sys.modules[name]
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == module]:
            del sys.modules[name]
        sys.modules.update(before)


class Recorder:
    """Stands for the client: keeps what a generated function would send."""

    def __init__(self) -> None:
        self.method = self.path = ""
        self.query: list[tuple[str, str]] = []
        self.body: Json = None

    async def call(
        self, method: str, path: str, *, path_arguments: Json = None, query: Json = None, body: Json = None, **_: Json
    ) -> None:
        wire = self.wire
        self.method, self.path = method, wire.build_path(path, path_arguments or {})
        self.query, self.body = wire.build_query(query or {}), wire.encode(body)

    async def related(self, path: str, path_arguments: Json, name: str) -> str:
        """The id that the record is related to, as Kustomer would tell it."""
        return f"{name} of {self.wire.build_path(path, path_arguments)}"

    wire: Json = None


async def call(module: ModuleType, toolset: str, tool: str, arguments: Json) -> Recorder:
    """Call a tool as the server does, its arguments validated by its model, and give what it would send."""
    table = importlib.import_module(f"{module.__name__}.tools.{toolset}").TOOLS
    validation = importlib.import_module(f"{module.__name__}.runtime.validation")
    function, model = table[tool]
    recorder = Recorder()
    recorder.wire = importlib.import_module(f"{module.__name__}.runtime.wire")
    await function(recorder, **validation.keyword_arguments(model, arguments))
    return recorder


def moved(more: Json) -> set[str]:
    """The arguments that travel in `more`, as its description names them."""
    assert more["description"].startswith(MORE), more
    return set(_OUTLINE.sub("", more["description"]).removeprefix(MORE).split(", "))


def assert_fits(contract: Json, function: Json, model: Json) -> None:
    """A contract, its model and its function speak of the same arguments."""
    names = {name: info.alias or name for name, info in model.model_fields.items()}
    parameters = list(inspect.signature(function).parameters.values())[1:]
    assert [p.name for p in parameters if p.name not in names] == [], function.__name__
    assert [name for name in names if name not in {p.name for p in parameters}] == [], function.__name__
    properties = contract["inputSchema"]["properties"]
    own = {name for name, schema in properties.items() if name not in names.values() and OWN.get(name) == schema}
    shown, further = set(properties) - own, set()
    if "more" in shown and "more" not in names.values():
        shown, further = shown - {"more"}, moved(properties["more"])
    assert shown | further == set(names.values()), function.__name__
    required = {names[name] for name, info in model.model_fields.items() if info.is_required()}
    assert set(contract["inputSchema"].get("required", ())) == required, function.__name__
    assert {names[p.name] for p in parameters if p.default is p.empty} == required, function.__name__


def command(
    root: Path, *words: str, variables: Mapping[str, str] | None = None, shell: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own; `shell` is what a shell does with its streams."""
    command = [sys.executable, "-m", "generator_main", "-C", str(root), *words]
    return subprocess.run(
        ["sh", "-c", f"{shlex.join(command)} {shell}"] if shell else command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", **(variables or {})},
        timeout=120,
        check=False,
    )


# ------------------------------------------------------------------------------------------ expected texts


def expect(path: Path, text: str) -> None:
    """Compare a text with the expected one, or write it anew where UPDATE_EXPECTED=1."""
    expect_tree(path.parent, {path.name: text}, only=path.name)


def expect_tree(folder: Path, texts: Mapping[str, str], only: str = "") -> None:
    """Compare texts with all files of a folder (or with `only` one of them), or write them anew."""
    present = [folder / only] if only else [path for path in folder.rglob("*") if path.is_file()]
    if UPDATE:
        for path in present:
            path.unlink(missing_ok=True)
        write_tree(folder, texts)
        pytest.skip(f"written anew: {folder.relative_to(HERE)}")
    found = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in present if path.exists()}
    assert sorted(found) == sorted(texts), "UPDATE_EXPECTED=1 writes the expected files anew"
    for name, expected in found.items():
        assert texts[name] == expected, f"{folder.name}/{name}; UPDATE_EXPECTED=1 writes the expected files anew"


def pretty(value: Json) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"
