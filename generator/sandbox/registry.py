"""Owns the OpenAPI documents of a folder and what operations they name. Must not write there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from generator.sandbox.store import Json

PREFIX = "/api/v1/api-registry/"
METHODS = ("get", "post", "put", "patch", "delete")
ENDINGS = (".json", ".yaml")


@dataclass(frozen=True, slots=True)
class Documented:
    method: str
    pattern: re.Pattern[str]
    path: str


def _base(document: Json) -> str:
    """The path part of the first server: what stands before every path of the document."""
    servers = document.get("servers") or [{"url": ""}]
    url: str = servers[0].get("url", "")
    return urlsplit(url).path.rstrip("/")


def _operations(document: Json) -> Iterator[Documented]:
    base = _base(document)
    for path, item in document.get("paths", {}).items():
        whole = path if re.match(r"/v\d+/", path) else base + path
        literal = [re.escape(part) for part in re.split(r"\{[^}]*\}", whole)]
        pattern = re.compile("[^/]+".join(literal) + r"\Z")
        yield from (Documented(m.upper(), pattern, whole) for m in METHODS if m in item)


def _holes(template: str) -> int:
    return template.count("{")


class Registry:
    """The documents of one folder, by name with or without ending. Without a folder it knows none."""

    def __init__(self, folder: Path | None) -> None:
        files = sorted(p for p in folder.iterdir() if p.suffix in ENDINGS) if folder else []
        self._files = {name: path for path in files for name in (path.stem, path.name)}
        self._documented = [o for path in files for o in self._read(path)]

    @staticmethod
    def _read(path: Path) -> Iterator[Documented]:
        """Documents which are not JSON are served but not searched: the sandbox has no YAML reader."""
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return
        yield from _operations(document)

    def file(self, name: str) -> Path | None:
        return self._files.get(name)

    def documents(self, method: str, raw_path: str, modelled: str | None) -> str | None:
        """The documented operation this request means, if it is another one than the modelled template's.

        A literal path beats a parameter: `/customers/searches` is not the customer with the id "searches".
        """
        found = [o.path for o in self._documented if o.method == method and o.pattern.match(raw_path)]
        closest = min(found, key=_holes, default=None)
        if closest is None or modelled is None:
            return closest
        return closest if _holes(closest) < _holes(modelled) else None
