"""Owns the version that the server reports: of the package as it stands, or as it is installed."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

_UNKNOWN = "0"


def package_version(distribution: str, file: str) -> str:
    """The version of the package.

    Args:
        distribution: Its name, such as `kustomer-mcp-acme`.
        file: A module of the package; where it runs from its own folder, an image or a bundle, the manifest beside it says the
            version.
    """
    try:
        manifest = json.loads(Path(file).parents[1].joinpath("manifest.json").read_text(encoding="utf-8"))
        if distribution in (f"kustomer-mcp-{manifest.get('tenant')}", manifest.get("name")):
            return str(manifest["version"])
    except (OSError, ValueError, KeyError, AttributeError, IndexError):
        pass  # installed: the wheel holds no manifest
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return _UNKNOWN
