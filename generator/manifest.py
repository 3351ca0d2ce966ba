"""Owns manifest.json: what a package is made of, and the digest of what it ships. It reads and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256

from generator import changelog
from generator.ir import Json, Package
from generator.surface import notes_of

PATH = "manifest.json"
# What is not shipped: it says of the rest what it is.
RECORDS = (PATH, changelog.PATH)


def tree_digest(files: Mapping[str, str]) -> str:
    """The sha256 of everything that a package ships, so that what was edited by hand is not taken for what was released."""
    shipped = sorted((path, text) for path, text in files.items() if path not in RECORDS)
    return sha256(json.dumps(shipped, ensure_ascii=True).encode()).hexdigest()


def maker(package: Package) -> str:
    """The generator that makes a package, with its version."""
    return f"kustomer-mcp {package.generator_version}"


def text_of(package: Package, files: Mapping[str, str], tree: str) -> str:
    """What the package is made of: inputs, tools, what was left out and why, and the files that it owns.

    Args:
        tree: The `tree_digest` of the files, whose records may change while what is shipped does not.
    """
    content = {
        "tenant": package.tenant,
        "version": package.version,
        "changes": [dict(row) for row in package.changes],
        "generator": maker(package),
        "inputs": dict(package.inputs),
        "tools": {
            tool.name: {
                "toolset": tool.toolset,
                "tags": list(tool.tags),
                "kind": tool.kind,
                "effect": tool.effect,
                "operations": list(tool.operations),
                "operation_id": tool.operation_id,
                "document": tool.document,
            }
            for tool in sorted(package.tools, key=lambda tool: tool.name)
        },
        "left_out": [asdict(row) for row in package.left_out],
        "tree": tree,
        "notes": list(notes_of(package)),
        "files": sorted({*files, PATH}),
    }
    rows = ",\n".join(f" {json.dumps(key)}: {_spelled(value)}" for key, value in content.items())
    return f"{{\n{rows}\n}}\n"


def _spelled(value: Json) -> str:
    """The JSON behind a key; of rows one line each, so that a diff shows what a release is about and nothing else of it."""
    if isinstance(value, list) and all(isinstance(row, dict) for row in value):
        rows = ",".join(f"\n  {json.dumps(row, ensure_ascii=False)}" for row in value)
        return f"[{rows}\n ]"
    return json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n ")
