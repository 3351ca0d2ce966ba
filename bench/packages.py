"""Owns the packages under measurement: where they are, how they are started, how large they are."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
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
