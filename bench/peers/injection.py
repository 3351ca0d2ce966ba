"""Owns what hostile documents do to a peer."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from bench.everything import ROOT
from bench.peers.adapters import Adapter
from bench.peers.generation import DOCUMENT, generate, imports, sources
from bench.peers.measure import serve
from bench.peers.recorder import Recorder

Json = Any
_HOSTILE = frozenset(
    {"orval-summary", "orval-const", "orval-query-default", "orval-property-name", "ref-http", "ref-absolute", "omg-description",
     "opc-python", "opc-traversal-tag", "dcg-carriage-return", "dcg-default-factory", "dcg-x-python-type", "dcg-x-python-import",
     "oapi-codegen-enum"}
)  # fmt: skip


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
    verdict, listed = "data", ""
    try:
        if adapter.generate is not None:
            generate(adapter, folder)
            listed = json.dumps(sources(folder))
        if adapter.serve is not None:
            async with serve(adapter, folder, recorder.url, 20.0) as client:
                listed += json.dumps(await client.tools())
        elif adapter.python and imports(adapter, folder) != "yes":
            verdict = "broken"
    except subprocess.CalledProcessError as error:
        verdict = "refused" if adapter.generate is not None and str(error.cmd[0]) != "npm" else "broken"
    except (OSError, RuntimeError, TimeoutError, ValueError, TypeError, KeyError, subprocess.TimeoutExpired):
        verdict = "refused" if adapter.kind == "runtime" else "broken"
    if canary.exists():
        return "RAN"
    if recorder.taken():
        return "asked a server"
    return "read a file" if "stolen_secret" in listed and "ref-" in row["id"] else verdict


def advisories() -> list[Json]:
    """The hostile documents that every peer gets: at least one of each kind of way in."""
    rows: list[Json] = json.loads((ROOT / "tests" / "hostile" / "advisories.json").read_text(encoding="utf-8"))
    return [row for row in rows if row["id"] in _HOSTILE]
