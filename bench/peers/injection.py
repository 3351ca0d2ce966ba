"""Owns what hostile documents do to a peer."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.everything import ROOT
from bench.peers.adapters import Adapter
from bench.peers.client import Client
from bench.peers.generation import DOCUMENT, generate, imports, sources
from bench.peers.measure import serve
from bench.peers.recorder import Recorder
from bench.peers.values import Maker

Json = Any
# The cases of generators into the peers' languages, and a reference of each kind.
_OF = ("orval-", "omg-", "opc-", "dcg-", "typescript-", "swagger-typescript-")
_REFERENCES = frozenset({"ref-http", "ref-file", "ref-absolute", "ref-parent"})


async def injected(adapter: Adapter, row: Json, folder: Path, recorder: Recorder) -> str:
    """What a hostile document does to a peer: `data`, `refused`, `broken`, `read a file`, `asked a server` or `RAN`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    canary, secret = folder / "canary", folder / "secret.json"
    secret.write_text('{"type": "object", "properties": {"stolen_secret": {"type": "string"}}}', encoding="utf-8")
    text = json.dumps(row["document"])
    for mark, value in (("@CANARY@", canary), ("@FILE@", secret), ("@SERVER@", recorder.url)):
        text = text.replace(mark, str(value))
    (folder / DOCUMENT).write_text(text, encoding="utf-8")
    recorder.taken()
    verdict, listed, asked = "data", "", False
    try:
        if adapter.generate is not None:
            generate(adapter, folder)
            listed = json.dumps(sources(folder))
        if adapter.serve is not None:
            async with serve(adapter, folder, recorder.url, 20.0) as client:
                tools = await client.tools()
                listed += json.dumps(tools)
                asked = bool(recorder.taken())  # what the calls send goes there as well
                await _called(client, tools, adapter)
                recorder.taken()
        elif adapter.python and imports(adapter, folder) != "yes":
            verdict = "broken"
    except subprocess.CalledProcessError as error:
        verdict = "refused" if adapter.generate is not None and str(error.cmd[0]) != "npm" else "broken"
    except (OSError, RuntimeError, TimeoutError, ValueError, TypeError, KeyError, subprocess.TimeoutExpired):
        verdict = "refused" if adapter.kind == "runtime" else "broken"
    if canary.exists():
        return "RAN"
    if asked or recorder.taken():
        return "asked a server"
    return "read a file" if "stolen_secret" in listed and "ref-" in row["id"] else verdict


async def _called(client: Client, tools: list[Json], adapter: Adapter) -> None:
    """Call each tool: some of what was planted would run only then."""
    for tool in tools:
        with suppress(RuntimeError, TimeoutError, ValueError, TypeError, KeyError):
            await client.call(tool["name"], Maker(tool["inputSchema"], True, adapter.own).arguments())


def advisories() -> list[Json]:
    """The hostile documents that every peer gets."""
    rows: list[Json] = json.loads((ROOT / "tests" / "hostile" / "advisories.json").read_text(encoding="utf-8"))
    return [row for row in rows if row["id"].startswith(_OF) or row["id"] in _REFERENCES]
