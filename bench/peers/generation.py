"""Owns the measurements of what a peer generates: time, memory, lines, imports and types."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.everything import ROOT
from bench.peers.adapters import Adapter
from bench.peers.pins import with_node
from bench.processes import Ran

_SOURCES = (".py", ".ts", ".json", ".toml", ".md", ".html", ".js", ".cjs")
_BY_HAND = {"node_modules", "build", "__pycache__", ".git", "package-lock.json"}
_PATIENCE = 180.0
# What a peer is given, in the folder that it works in.
DOCUMENT = "document.json"


def generate(adapter: Adapter, folder: Path) -> dict[str, str]:
    """Generate (and build) below `folder`, of the document there; time and memory are those of the generator alone."""
    assert adapter.generate is not None
    out = folder / "out"
    if out.is_symlink():
        out.unlink()
    shutil.rmtree(out, ignore_errors=True)
    if adapter.kind == "models":
        out.mkdir()
    command = adapter.generate(folder / DOCUMENT, folder)
    environment = with_node() | dict(adapter.environment)
    ran = _ran(command, environment)
    if adapter.built is not None:
        for step in adapter.built(folder):
            subprocess.run(step, env=with_node(), check=True, capture_output=True, timeout=300)
    return {"generation, s": f"{ran.seconds:.1f}", "generation, MB": f"{ran.peak_mb:,.0f}"}


# A process counts the memory of the one that it was forked from, so a small one starts what is measured.
_LAUNCHER = (
    "import json, os, sys; from bench.processes import run\n"
    "ran = run(sys.argv[1:], os.environ)\n"
    "print(json.dumps([ran.seconds, ran.processor_seconds, ran.peak_mb]), file=sys.stderr)\n"
)


def _ran(command: list[str], environment: dict[str, str]) -> Ran:
    launch = [sys.executable, "-c", _LAUNCHER, *command]
    done = subprocess.run(launch, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=600)
    seconds, processor, peak = json.loads(done.stderr.decode().strip().splitlines()[-1])
    return Ran(seconds, processor, peak)


def sources(folder: Path) -> dict[str, list[str]]:
    """Every text that was generated, by its path."""
    found: dict[str, list[str]] = {}
    for path in sorted((folder / "out").resolve().rglob("*")):
        parts = path.relative_to((folder / "out").resolve()).parts
        if path.is_file() and path.suffix in _SOURCES and not _BY_HAND & set(parts):
            found["/".join(parts)] = path.read_text(encoding="utf-8").splitlines()
    return found


def changed_lines(before: dict[str, list[str]], after: dict[str, list[str]]) -> str:
    """Lines added and removed, and in how many files."""
    added = removed = files = 0
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        files += 1
        lines = difflib.unified_diff(before.get(path, []), after.get(path, []), lineterm="", n=0)
        for line in list(lines)[2:]:
            added += line.startswith("+")
            removed += line.startswith("-")
    return f"+{added} -{removed} in {files} files"


def imports(adapter: Adapter, folder: Path) -> str:
    """Whether everything that was generated can be imported: `yes`, or why not."""
    code = (
        "import sys, pkgutil, importlib, os\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "for m in pkgutil.walk_packages([sys.argv[1]]):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
    )
    out = (folder / "out").resolve()
    done = subprocess.run([adapter.python, "-c", code, str(out)], capture_output=True, timeout=300, check=False)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return "yes" if done.returncode == 0 else f"no: {said[-1][:80] if said else done.returncode}"


def check_python(adapter: Adapter, folder: Path) -> dict[str, str]:
    """Whether everything that was generated can be imported, and what mypy --strict says of it."""
    out = (folder / "out").resolve()
    modules = [
        str(path)
        for path in out.iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"
    ]
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        os.devnull,
        "--python-executable",
        adapter.python,
    ]
    typed = subprocess.run([*mypy, *modules], cwd=out, capture_output=True, timeout=_PATIENCE, check=False)
    errors = sum(b": error:" in line for line in typed.stdout.splitlines())
    return {
        "imports": imports(adapter, folder),
        "type errors": f"{errors}" if typed.returncode in (0, 1) else "mypy failed",
    }
