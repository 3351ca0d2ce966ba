"""Owns the hostile strings as data, and making and importing packages of them. Where they stand is in `hostile_places`.

`corpus.json` holds the strings, `advisories.json` whole documents, one a published advisory. `@CANARY@` stands for a file
that the string would make if it ran, `@FILE@` for a file that nobody may read, `@SERVER@` for a server that nobody may ask.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import generator_kit
from hostile_checks import MODULE, assert_readable

from generator.config import Tenant
from generator.errors import KustomerMcpError
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot

Json = Any
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE_URL = "https://acme.api.kustomerapp.com"


@dataclass(frozen=True)
class Row:
    """One hostile string."""

    id: str
    value: str
    why: str


@dataclass(frozen=True)
class Advisory:
    """One document of a published advisory. Where those of a family don't say which way in is whose, each row names them all.

    `values` are what callers would give to the one argument of its tool.
    """

    id: str
    advisory: str
    why: str
    document: Json
    values: Sequence[str] = ()


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


@contextlib.contextmanager
def imported(folder: Path, files: Mapping[str, str]) -> Iterator[Any]:
    """Write the package and import all that was made from documents: what is planted in it would run now.

    The runtime is the same in every package: it is that of the committed one.
    """
    importlib.import_module(f"{MODULE}.runtime.server")
    generator_kit.write_tree(folder, {p: t for p, t in files.items() if p.endswith(".py") and "/runtime/" not in p})
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
