"""Owns the rows: how each peer is given a document, generates, is served and is checked. What differs between them is here."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from bench.everything import TENANT, command, write_specs
from bench.peers.pins import PINS, home, node, with_node

Json = Any
Command = list[str]
KEY = "sandbox-acme"
_BY_NAME = {pin.name: pin for pin in PINS}


@dataclass(frozen=True, slots=True)
class Adapter:
    """One row.

    Attributes:
        name: What the table calls it.
        kind: "package" (generates a server), "runtime" (makes its tools when it starts) or "models" (no server).
        generate: Document and folder -> the command that generates into `folder/out`; None for what makes nothing.
        serve: Document, folder and base URL -> the command that serves over stdio, and its environment.
        own: Arguments that are the server's own.
        python: The interpreter that imports what was generated.
        built: What is still to be run before it can be served.
        hostile: Whether it gets the hostile documents; not where a row above is the same generator.
        for_latency: Options that it is served with where calls are timed, if its defaults fail there; `note` says why.
    """

    name: str
    kind: str
    generate: Callable[[Path, Path], Command] | None = None
    serve: Callable[[Path, Path, str], tuple[Command, Mapping[str, str]]] | None = None
    own: tuple[str, ...] = ()
    python: str = ""
    built: Callable[[Path], list[Command]] | None = None
    hostile: bool = True
    for_latency: tuple[str, ...] = ()
    note: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)


def _python(name: str) -> str:
    return str(home(_BY_NAME[name]) / "venv" / "bin" / "python")


def _script(name: str, script: str) -> str:
    return str(home(_BY_NAME[name]) / "venv" / "bin" / script)


# ------------------------------------------------------------------------------------------------------- ours


def _ours_generate(document: Path, folder: Path, detail: str = "full") -> Command:
    """The nine documents as they are pinned; for another document, that one alone."""
    _ours_specs(document, folder, detail)
    return command(folder / "root", "generate", TENANT)


def _ours_specs(document: Path, folder: Path, detail: str) -> None:
    from generator.snapshot import save_documents

    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    write_specs(root, detail)
    value = json.loads(document.read_text(encoding="utf-8"))
    if value["info"].get("title") != "Kustomer":  # a document of the hostile corpus
        shutil.rmtree(root / "specs" / "openapi")
        lock = root / "specs" / "lock.json"
        pins = json.loads(lock.read_text(encoding="utf-8"))
        lock.write_text(json.dumps({**pins, "documents": {}}), encoding="utf-8")
        save_documents(root, {"core": (value, {"url": "core.json", "operations": 1})})
    else:
        _ours_change(root, value)
    (folder / "out").unlink(missing_ok=True)
    (folder / "out").symlink_to(root / "generated" / TENANT)


def _ours_change(root: Path, merged: Json) -> None:
    """Carry the one field that is added over to the document that has the operation."""
    from bench.peers.document import ADDED
    from generator.snapshot import load, save_documents

    method, path, name = ADDED
    there = json.dumps(merged["paths"][path][method]) + json.dumps(merged["components"])
    if f'"{name}"' not in there:
        return
    documents = dict(load(root, [TENANT]).documents)
    core = json.loads(json.dumps(documents["core-resources"]))
    schema = core["paths"][path.removeprefix("/v1")][method]["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = core["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    schema["properties"][name] = {"type": "string", "description": "What friends say"}
    save_documents(
        root, {n: (core if n == "core-resources" else d, {"url": n, "operations": 1}) for n, d in documents.items()}
    )


def _ours_serve(document: Path, folder: Path, url: str) -> tuple[Command, Mapping[str, str]]:
    values = {"KUSTOMER_BASE_URL": url, "KUSTOMER_API_KEY": KEY, "PYTHONPATH": str(folder / "out")}
    return [sys.executable, "-m", f"kustomer_mcp_{TENANT}", "serve"], os.environ | values


# ------------------------------------------------------------------------------------------------------ peers

_FASTMCP = """
import json, sys, httpx2
from fastmcp import FastMCP
document, url, key = sys.argv[1:]
client = httpx2.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
FastMCP.from_openapi(json.load(open(document, encoding="utf-8")), client=client, name="peer").run(show_banner=False)
"""


def _fastmcp_serve(document: Path, folder: Path, url: str) -> tuple[Command, Mapping[str, str]]:
    return [_python("fastmcp"), "-c", _FASTMCP, str(document), url, KEY], os.environ | {
        "FASTMCP_CHECK_FOR_UPDATES": "off"
    }


def _awslabs_serve(document: Path, folder: Path, url: str) -> tuple[Command, Mapping[str, str]]:
    name = "awslabs.openapi-mcp-server"
    options = [
        "--api-name",
        "peer",
        "--api-url",
        url,
        "--spec-path",
        str(document),
        "--auth-type",
        "bearer",
        "--auth-token",
        KEY,
    ]
    options += [
        "--allow-insecure-http",
        "--allow-private-networks",
        "--allowed-spec-dirs",
        str(document.parent),
        "--log-level",
        "ERROR",
    ]
    return [_script(name, name), *options], dict(os.environ)


def _proxy_serve(document: Path, folder: Path, url: str) -> tuple[Command, Mapping[str, str]]:
    values = {"OPENAPI_SPEC_URL": f"file://{document}", "SERVER_URL_OVERRIDE": url, "API_KEY": KEY}
    return [_script("mcp-openapi-proxy", "mcp-openapi-proxy")], os.environ | values


def _omg_generate(document: Path, folder: Path) -> Command:
    main = home(_BY_NAME["openapi-mcp-generator"]) / "node_modules" / ".bin" / "openapi-mcp-generator"
    return [
        str(node()),
        str(main),
        "-i",
        str(document),
        "-o",
        str(folder / "out"),
        "-n",
        "peer",
        "-b",
        "http://127.0.0.1:9",
        "--force",
    ]


def _omg_built(folder: Path) -> list[Command]:
    # Node looks for packages beside the real place of the one that asks, so the folder must be called node_modules.
    shared = home(_BY_NAME["openapi-mcp-generator"]) / "shared" / "node_modules"
    out = str(folder / "out")
    build = ["npm", "run", "build", "--prefix", out]
    if shared.exists():
        return [["ln", "-s", str(shared), f"{out}/node_modules"], build]
    return [
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", out],
        ["mkdir", "-p", str(shared.parent)],
        ["mv", f"{out}/node_modules", str(shared)],
        ["ln", "-s", str(shared), f"{out}/node_modules"],
        build,
    ]


def _omg_serve(document: Path, folder: Path, url: str) -> tuple[Command, Mapping[str, str]]:
    values = {"API_BASE_URL": url, "BEARER_TOKEN_BEARERAUTH": KEY}
    return [str(node()), str(folder / "out" / "build" / "index.js")], with_node() | values


def _client_generate(document: Path, folder: Path) -> Command:
    name = "openapi-python-client"
    return [
        _script(name, name),
        "generate",
        "--path",
        str(document),
        "--meta",
        "none",
        "--output-path",
        str(folder / "out" / "peer_client"),
        "--overwrite",
    ]


def _models_generate(document: Path, folder: Path) -> Command:
    options = [
        "--input",
        str(document),
        "--input-file-type",
        "openapi",
        "--output",
        str(folder / "out" / "peer_models.py"),
    ]
    options += [
        "--output-model-type",
        "pydantic_v2.BaseModel",
        "--disable-timestamp",
        "--openapi-scopes",
        "schemas",
        "paths",
        "--target-python-version",
        "3.11",
    ]
    return [_script("datamodel-code-generator", "datamodel-codegen"), *options]


ADAPTERS: tuple[Adapter, ...] = (
    *(
        Adapter(name, "package", partial(_ours_generate, detail=detail), _ours_serve, ("cursor", "fields", "dry_run", "confirm", "more"),
                sys.executable, environment={"KUSTOMER_MCP_CACHE": "off"}, note=f"detail = {detail!r}, with acme's Klasses",
                hostile=detail == "full")
        for name, detail in (("kustomer-mcp", "full"), ("kustomer-mcp, lean", "lean"))
    ),
    Adapter("fastmcp", "runtime", serve=_fastmcp_serve, note="FastMCP.from_openapi, its defaults"),
    Adapter("awslabs.openapi-mcp-server", "runtime", serve=_awslabs_serve, for_latency=("--no-validate-output",),
            note="its defaults, private networks allowed; calls are timed with --no-validate-output, for else it makes an error "
            "of each answer that lacks what the documents' example organisation has"),
    Adapter("mcp-openapi-proxy", "runtime", serve=_proxy_serve, note="low-level mode, its default"),
    Adapter("openapi-mcp-generator", "package", _omg_generate, _omg_serve, built=_omg_built, note="stdio, its default"),
    Adapter("openapi-python-client", "models", _client_generate, python=_python("openapi-python-client"), note="generation only: no MCP server"),
    Adapter("datamodel-code-generator", "models", _models_generate, python=_python("datamodel-code-generator"), note="generation only: no MCP server"),
)  # fmt: skip
