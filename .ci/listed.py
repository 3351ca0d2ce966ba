"""Owns what must be true of what the inspector printed.

`listed.py tools LIST MANIFEST`: both name the same tools. `listed.py era ANSWER legacy|modern`: that era was spoken.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

_MODERN = "2026-07-28"


def _read(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def tools(answer: str, manifest: str) -> None:
    """The list is the manifest's, whatever the order."""
    listed = sorted(tool["name"] for tool in _read(answer)["result"]["tools"])
    made = sorted(_read(manifest)["tools"])
    if listed != made:
        sys.exit(f"{len(listed)} tools are listed, {len(made)} are in the manifest; {set(listed) ^ set(made)}")
    print(f"{len(listed)} tools")


def era(answer: str, wanted: str) -> None:
    """The version agreed on belongs to that era."""
    version = _read(answer)["result"]["protocolVersion"]
    if (version >= _MODERN) != (wanted == "modern"):
        sys.exit(f"{version} was spoken where the {wanted} era was asked for")
    print(version)


if __name__ == "__main__":
    {"tools": tools, "era": era}[sys.argv[1]](*sys.argv[2:])
