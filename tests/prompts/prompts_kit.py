"""Owns what the tests of prompts and resources share. Must not hold an expectation.

`UPDATE_EXPECTED=1` writes the expected files anew; such tests are then skipped, not passed.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn
from expected_kit import expecting
from mcp import Client

from generator.config import Tenant
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import Snapshot, load

ROOT = Path(__file__).parents[2]
expect = expecting(Path(__file__).parent / "expected")
# "auto" asks server/discover first, and so speaks 2026-07-28.
ERAS = ("legacy", "auto")


def package(name: str, *, klasses: bool = True, files: dict[str, Any] | None = None, **given: Any) -> Package:
    """A package of acme's under a name of its own; without Klasses or with other ones."""
    pinned = load(ROOT, ["acme"])
    tenant = Tenant(name, "tenant.toml", "https://acme.api.kustomerapp.com", title="Acme Support", **given)
    chosen = files if files is not None else dict(pinned.klasses["acme"]) if klasses else {}
    if not klasses:
        tenant = Tenant(
            name, tenant.path, tenant.base_url, include=tuple(n for n in tenant.include if "custom_objects" not in n)
        )
    return build(Snapshot(pinned.documents, {name: chosen}, pinned.base_paths), tenant)


def write(package: Package, folder: Path) -> Path:
    for path, text in render(package).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    return folder


@asynccontextmanager
async def connected(module: str, era: str, base_url: str = "https://kustomer.test") -> AsyncIterator[Client]:
    """A real client of the package's server, in either protocol era."""
    info = import_module(f"{module}.server").INFO
    settings = import_module(f"{module}.runtime.settings").Settings(base_url=base_url, api_key="sandbox-acme")
    server = import_module(f"{module}.runtime.server").build_server(info, settings)
    async with Client(server, mode=era) as client:
        yield client


@contextmanager
def serving(module: str) -> Iterator[str]:
    """The package's server over HTTP, in a thread."""
    serving = import_module(f"{module}.runtime.edge.settings").Serving(open=True)
    app = import_module(f"{module}.runtime.edge.assembly").assemble(import_module(f"{module}.server").INFO, serving)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        finally:
            running.should_exit = True
            thread.join(timeout=10)
