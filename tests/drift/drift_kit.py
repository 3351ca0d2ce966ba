"""Owns what the tests of drift share: the base that mutations start from, read from committed files alone, and cases.

A case states what must be found. Nothing of what it states is computed with the code under test: tools come from the
committed manifest, arguments from the text of the committed functions. Must not hold an expectation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.config import Tenant, read_tenant
from generator.drift import compare
from generator.findings import Finding
from generator.package import document_catalog
from generator.snapshot import Snapshot
from generator.states import Documents, surface_now
from generator.surface import Surface

Json = Any
ROOT = Path(__file__).parents[2]
TREE = ROOT / "generated" / "acme"
MODULE = "kustomer_mcp_acme"
DOCUMENTS = ("core-resources", "core-resources-v2", "workflows", "settings-and-configurations")


@lru_cache
def text(document: str) -> str:
    return (ROOT / "specs" / "openapi" / f"{document}.json").read_text(encoding="utf-8")


def klass_files() -> dict[str, Json]:
    """Acme's Klass files, fresh at every call."""
    folder = ROOT / "specs" / "tenants" / "acme"
    found = sorted([*folder.glob("klasses/*.json"), *folder.glob("standard/*.json")])
    return {path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8")) for path in found}


@lru_cache
def slim(document: str) -> str:
    """A document without its answers, which nothing is made of and which are most of it: so it is read anew much faster."""
    whole = json.loads(text(document))
    for path, method, _ in operations(document):
        whole["paths"][path][method]["responses"] = {}
    asked = reached(whole, whole["paths"])
    schemas = whole.get("components", {}).get("schemas", {})
    whole.setdefault("components", {})["schemas"] = {name: schemas[name] for name in schemas if name in asked}
    return json.dumps(whole)


@lru_cache
def original(document: str) -> Json:
    return json.loads(slim(document))


class InMemory(Documents):
    """Documents that are there as values, which no cache has to keep."""

    def __init__(self, values: Mapping[str, Json]) -> None:
        super().__init__({})
        self.__dict__["catalog"] = document_catalog(Snapshot(dict(values)))


@dataclass(frozen=True)
class Expected:
    """One finding: its rule, severity and tools, as a person who knows the case would name them."""

    rule: str
    severity: str
    tools: frozenset[str] = frozenset()


def expected(rule: str, severity: str, tools: Any = ()) -> Expected:
    return Expected(rule, severity, frozenset([tools] if isinstance(tools, str) else tools))


def seen(findings: tuple[Finding, ...]) -> list[Expected]:
    return [Expected(finding.rule, finding.severity, frozenset(finding.tools)) for finding in findings]


@dataclass
class World:
    """The inputs of one package, to be changed: documents are parsed on first use, so that untouched ones cost nothing."""

    parsed: dict[str, Json] = field(default_factory=dict)
    klasses: dict[str, Json] = field(default_factory=klass_files)
    documents: list[str] = field(default_factory=lambda: list(DOCUMENTS))
    tenant: Tenant = field(default_factory=lambda: read_tenant(ROOT, "acme"))

    def __getitem__(self, document: str) -> Json:
        if document not in self.parsed:
            self.parsed[document] = json.loads(slim(document))
        return self.parsed[document]

    def built(self) -> tuple[Documents, Mapping[str, Json], Tenant]:
        if not self.parsed and self.documents == list(DOCUMENTS):
            return base_documents(), self.klasses, self.tenant
        values = {name: self.parsed[name] if name in self.parsed else original(name) for name in self.documents}
        return InMemory(values), self.klasses, self.tenant

    def surface(self) -> Surface:
        return surface_now(*self.built())


@lru_cache
def base_documents() -> Documents:
    return InMemory({name: original(name) for name in DOCUMENTS})


@lru_cache
def base_surface() -> Surface:
    return World().surface()


@dataclass(frozen=True)
class Case:
    """A mutation of `kind` at one place, and all that it must yield; none is "silent"."""

    kind: str
    name: str
    mutate: Callable[[World], None]
    expected: tuple[Expected, ...] = ()
    # Whether what is mutated is the old state, and the committed one is the new.
    backwards: bool = False


def found(case: Case) -> tuple[Finding, ...]:
    """What drift finds of a case."""
    world = World()
    case.mutate(world)
    sides = (base_surface(), world.surface())
    return compare(*(sides[::-1] if case.backwards else sides))


# ------------------------------------------------------------------------------ facts of the committed tree


@lru_cache
def manifest() -> Json:
    return json.loads((TREE / "manifest.json").read_text(encoding="utf-8"))


def tools_of(key: str) -> list[str]:
    """The committed tools whose first operation this is."""
    return sorted(name for name, row in manifest()["tools"].items() if row["operations"][0] == key)


@lru_cache
def signatures() -> dict[str, str]:
    """Tool -> the text of its committed function."""
    found = {}
    for path in sorted((TREE / MODULE / "tools").glob("*.py")):
        for part in path.read_text(encoding="utf-8").split("\nasync def ")[1:]:
            found[part.partition("(")[0]] = part.partition("\nTOOLS")[0]
    return found


def takes(tool: str, argument: str) -> bool:
    """Whether the committed function has an argument of this name."""
    return re.search(rf"^    {argument}_?: ", signatures()[tool].partition(") -> Answer")[0], re.MULTILINE) is not None


def argument(wire: str) -> str:
    """A wire name as callers know it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire).lower()


@lru_cache
def prompted() -> frozenset[str]:
    """Tools that a committed prompt names: without them the prompt goes too, or says something else."""
    told = (TREE / MODULE / "prompts.json").read_text(encoding="utf-8")
    return frozenset(name for name in manifest()["tools"] if name in told)


# ------------------------------------------------------------------------------------- facts of documents


def operations(document: str) -> Iterator[tuple[str, str, str]]:
    """Path as it stands in the document, method, and the key with the base path."""
    whole = json.loads(text(document))
    base = re.sub(r"^https?://[^/]+", "", (whole.get("servers") or [{"url": ""}])[0]["url"]).rstrip("/")
    for path, item in whole["paths"].items():
        for method in item:
            if method in ("get", "put", "post", "patch", "delete"):
                yield path, method, f"{method.upper()} {base}{path}"


def body_of(document: Json, path: str, method: str) -> Json:
    """The schema of a JSON body, its references followed; None where there is none of properties."""
    raw = document["paths"][path][method].get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = raw.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema if "properties" in schema else None


def reached(document: Json, value: Json) -> set[str]:
    """The components that a value refers to, at any depth."""
    found: set[str] = set()
    left = [value]
    while left:
        now = left.pop()
        if isinstance(now, dict):
            name = str(now.get("$ref", "")).rpartition("/")[2]
            if "$ref" in now and name not in found:
                found.add(name)
                left.append(document["components"]["schemas"][name])
            left.extend(now.values())
        elif isinstance(now, list):
            left.extend(now)
    return found


@lru_cache
def users_of_body(document: str, path: str, method: str) -> frozenset[str]:
    """The committed tools whose body is the same component as this operation's, or this operation's tools alone."""
    whole = json.loads(text(document))

    def root(p: str, m: str) -> str:
        raw = whole["paths"][p][m].get("requestBody", {}).get("content", {}).get("application/json", {})
        return str(raw.get("schema", {}).get("$ref", ""))

    mine = root(path, method)
    same = [key for p, m, key in operations(document) if (p, m) == (path, method) or (mine and root(p, m) == mine)]
    return frozenset(tool for key in same for tool in tools_of(key))
