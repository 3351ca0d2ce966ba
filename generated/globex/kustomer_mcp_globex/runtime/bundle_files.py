"""Owns the bundle of a package for Claude Desktop (.mcpb, manifest 0.4): a zip that is the same for the same package.

Its server is of type `uv`: the host makes an environment of pyproject.toml. A bundle of type `python` would have to hold the
dependencies, some of which are compiled, and so be one bundle a platform. Source: github.com/modelcontextprotocol/mcpb, MANIFEST.md.
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from typing import Any

from .connect import command_name
from .connect_clients import KEY
from .server import Contract, PackageInfo

_DATE = (1980, 1, 1, 0, 0, 0)
_ENTRY = "server.py"
# Names that are no part of a package, wherever they stand.
_LEFT_OUT = ("__pycache__",)


class BundleError(Exception):
    """A bundle that can't be made; the text says why and what to do."""


def bundle_files(info: PackageInfo) -> dict[str, bytes]:
    """What is in the bundle: path -> content.

    Raises:
        BundleError: The package is neither installed nor beside its pyproject.toml, so that what it needs is not known.
    """
    python, needs = _requirements(info)
    files = {f"{info.module}/{path}": data for path, data in _package(resources.files(info.module))}
    files["manifest.json"] = (json.dumps(manifest(info, python), indent=2, ensure_ascii=False) + "\n").encode()
    files["pyproject.toml"] = _pyproject(info, python, needs).encode()
    files[_ENTRY] = _entry(info).encode()
    return dict(sorted(files.items()))


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip: in order, with one date and one mode."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, _DATE)
            entry.create_system = 3  # Unix, wherever it is made
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def manifest(info: PackageInfo, python: str) -> dict[str, Any]:
    """The manifest: what Claude Desktop shows, asks for and starts."""
    tools = Contract(info.module).tools.tools
    secret = {
        "type": "string",
        "title": "Kustomer API key",
        "description": "Kustomer: Settings > Security > API Keys. It is sent to Kustomer only.",
        "sensitive": True,
        "required": True,
    }
    started = {
        "command": "uv",
        "args": ["run", "--directory", "${__dirname}", _ENTRY],
        "env": {KEY: "${user_config.api_key}"},
    }
    return {
        "manifest_version": "0.4",
        "name": command_name(info),
        "display_name": info.title,
        "version": info.version,
        "description": f"{info.title}: {len(tools)} typed Kustomer tools",
        "author": {"name": info.title},
        "server": {"type": "uv", "entry_point": _ENTRY, "mcp_config": started},
        "tools": [{"name": tool.name, "description": tool.description or ""} for tool in tools],
        "compatibility": {"platforms": ["darwin", "linux", "win32"], "runtimes": {"python": python}},
        "user_config": {"api_key": secret},
    }


def _package(folder: Traversable, before: str = "") -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.name in _LEFT_OUT:
            continue
        if one.is_dir():
            yield from _package(one, f"{before}{one.name}/")
        else:
            yield before + one.name, one.read_bytes()


def _requirements(info: PackageInfo) -> tuple[str, list[str]]:
    """Which Python, and which distributions; of the installed package, or of the pyproject.toml beside its folder."""
    name = command_name(info)
    try:
        found = metadata.metadata(name)
        needs = [need for need in metadata.requires(name) or () if "extra ==" not in need]
        return found["Requires-Python"], needs
    except metadata.PackageNotFoundError:
        beside = Path(str(resources.files(info.module))).parent / "pyproject.toml"
    if not beside.is_file():
        raise BundleError(f"{name} is not installed, so what it depends on is not known: pip install it first.")
    project = tomllib.loads(beside.read_text(encoding="utf-8"))["project"]
    return project["requires-python"], project["dependencies"]


def _pyproject(info: PackageInfo, python: str, needs: list[str]) -> str:
    """What the host's uv makes an environment of; the package itself lies beside it and is not built."""
    plain = (json.dumps(" ".join(need.split())) for need in sorted(needs, key=str.lower))
    listed = "".join(f"    {need},\n" for need in plain)
    return (
        f"[project]\nname = {json.dumps(command_name(info))}\nversion = {json.dumps(info.version)}\n"
        f"requires-python = {json.dumps(python)}\ndependencies = [\n{listed}]\n\n[tool.uv]\npackage = false\n"
    )


def _entry(info: PackageInfo) -> str:
    return f'"""Starts the server over stdio."""\n\nfrom {info.module}.server import main\n\nmain(["serve"])\n'


def put(path: Path, data: bytes) -> None:
    """Write a file whole, or not at all. Raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
