"""Owns the packages under measurement: where they are, how they are started, how large they are."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from bench.table import Row, Section

_TEXT = (".py", ".json", ".md", ".toml")


@dataclass(frozen=True, slots=True)
class Served:
    """A server: a name for the table, its command up to the transport, and its environment."""

    name: str
    stdio: list[str]
    http: list[str]
    environment: dict[str, str]

    def run_by(self, python: str) -> Served:
        """The same server, run by another interpreter."""
        return replace(self, stdio=[python, *self.stdio[1:]], http=[python, *self.http[1:]])


def interpreter(folder: Path, package: Path) -> str:
    """An interpreter that has what a package asks for and nothing else, as who deploys it has it: an environment for work on
    this project holds more, and some of it is imported wherever it is installed (trio, by the HTTP client)."""
    python = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [python, "-m", "pip", "install", "--quiet", str(package)],
    ):
        subprocess.run(command, check=True)
    return python


def package(name: str, folder: Path, tenant: str) -> Served:
    """A generated package, run from where it stands."""
    command = [sys.executable, "-m", f"kustomer_mcp_{tenant}", "serve"]
    http = [*command, "--transport", "http", "--port", "0", "--open"]
    return Served(name, command, http, os.environ | {"PYTHONPATH": str(folder)})


def empty(*words: str) -> Served:
    """The SDK's low-level server with no tools, or with one that does nothing."""
    command = [sys.executable, str(Path(__file__).with_name("empty_server.py"))]
    return Served("SDK, no tools", [*command, "stdio", *words], [*command, "http", *words], dict(os.environ))


def sizes(folders: dict[str, Path]) -> Section:
    """Files and lines of each package."""
    rows = []
    for name, folder in folders.items():
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*")) if path.suffix in _TEXT]
        python = list(folder.rglob("*.py"))
        rows += [
            Row(f"{name}: files", len(texts), "files"),
            Row(f"{name}: lines", sum(text.count("\n") for text in texts), "lines"),
            Row(f"{name}: lines of Python", sum(path.read_text("utf-8").count("\n") for path in python), "lines"),
            Row(f"{name}: bytes", sum(len(text.encode()) for text in texts) / 1000, "kB"),
        ]
    return Section("Package sizes", "Everything that is generated, counted on disk; no byte code.", rows)
