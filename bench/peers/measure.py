"""Owns the measurements of one adapter: each gives figures by column, or says in one line why there are none."""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.everything import ROOT
from bench.peers.adapters import KEY, Adapter
from bench.peers.client import Client, connected
from bench.peers.document import Published, Reader
from bench.peers.pins import with_node
from bench.peers.profile import violations
from bench.peers.recorder import Recorder
from bench.peers.values import Maker
from bench.processes import Ran

Json = Any
_SOURCES = (".py", ".ts", ".json", ".toml", ".md", ".html", ".js", ".cjs")
_BY_HAND = {"node_modules", "build", "__pycache__", ".git", "package-lock.json"}
_CALLS, _AT_ONCE, _STARTS = 200, 16, 3
_PATIENCE = 180.0
_HOSTILE = frozenset(
    {"orval-summary", "orval-const", "orval-query-default", "orval-property-name", "ref-http", "ref-absolute", "omg-description",
     "opc-python", "opc-traversal-tag", "dcg-carriage-return", "dcg-default-factory", "dcg-x-python-type", "dcg-x-python-import",
     "oapi-codegen-enum"}
)  # fmt: skip


@dataclass(slots=True)
class Result:
    """Figures by column; `failed` is a step and the reason why it gave none."""

    name: str
    note: str
    cells: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    not_working: dict[str, str] = field(default_factory=dict)
    profile: dict[str, int] = field(default_factory=dict)
    injection: dict[str, str] = field(default_factory=dict)
    customer: tuple[str, str] = ("", "")


def attempt(result: Result, step: str, action: Callable[[], None]) -> bool:
    """Do one step; whatever a peer does wrong is its result and stops nothing else."""
    try:
        action()
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or b"").decode(errors="replace").strip().splitlines()
        result.failed[step] = f"exit code {error.returncode}{': ' + said[-1][:160] if said else ''}"
    except (
        OSError,
        RuntimeError,
        TimeoutError,
        ValueError,
        KeyError,
        TypeError,
        subprocess.TimeoutExpired,
        httpx.HTTPError,
    ) as error:
        result.failed[step] = f"{type(error).__name__}: {str(error)[:160]}".replace("\n", " ")
    return step not in result.failed


# ------------------------------------------------------------------------------------------------- generation


def generate(adapter: Adapter, document: Path, folder: Path) -> dict[str, str]:
    """Generate (and build) below `folder`; time and memory are those of the generator alone."""
    assert adapter.generate is not None
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "out"
    if out.is_symlink():
        out.unlink()
    shutil.rmtree(out, ignore_errors=True)
    if adapter.kind == "models":
        out.mkdir()
    command = adapter.generate(document, folder)
    environment = with_node() | dict(adapter.environment)
    ran = _ran(command, environment)
    if adapter.built is not None:
        for step in adapter.built(folder):
            subprocess.run(step, env=with_node(), check=True, capture_output=True, timeout=300)
    return {"generation, s": f"{ran.seconds:.1f}", "generation, MB": f"{ran.peak_mb:,.0f}"}


# A process counts the memory of the one that it was forked from, so a small one starts what is measured.
_LAUNCHER = (
    "import json, os, sys; from bench.processes import run\n"
    "ran = run(sys.argv[1:], os.environ)\n"
    "print(json.dumps([ran.seconds, ran.processor_seconds, ran.peak_mb]), file=sys.stderr)\n"
)


def _ran(command: list[str], environment: dict[str, str]) -> Ran:
    launch = [sys.executable, "-c", _LAUNCHER, *command]
    done = subprocess.run(launch, cwd=ROOT, env=environment, check=True, capture_output=True, timeout=600)
    seconds, processor, peak = json.loads(done.stderr.decode().strip().splitlines()[-1])
    return Ran(seconds, processor, peak)


def sources(folder: Path) -> dict[str, list[str]]:
    """Every text that was generated, by its path."""
    found: dict[str, list[str]] = {}
    for path in sorted((folder / "out").resolve().rglob("*")):
        parts = path.relative_to((folder / "out").resolve()).parts
        if path.is_file() and path.suffix in _SOURCES and not _BY_HAND & set(parts):
            found["/".join(parts)] = path.read_text(encoding="utf-8").splitlines()
    return found


def changed_lines(before: dict[str, list[str]], after: dict[str, list[str]]) -> str:
    """Lines added and removed, and in how many files."""
    added = removed = files = 0
    for path in sorted({*before, *after}):
        if before.get(path) == after.get(path):
            continue
        files += 1
        lines = difflib.unified_diff(before.get(path, []), after.get(path, []), lineterm="", n=0)
        for line in list(lines)[2:]:
            added += line.startswith("+")
            removed += line.startswith("-")
    return f"+{added} -{removed} in {files} files"


def imports(adapter: Adapter, folder: Path) -> str:
    """Whether everything that was generated can be imported: `yes`, or why not."""
    code = (
        "import sys, pkgutil, importlib, os\n"
        "sys.path.insert(0, sys.argv[1])\n"
        "for m in pkgutil.walk_packages([sys.argv[1]]):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
    )
    out = (folder / "out").resolve()
    done = subprocess.run([adapter.python, "-c", code, str(out)], capture_output=True, timeout=300, check=False)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return "yes" if done.returncode == 0 else f"no: {said[-1][:80] if said else done.returncode}"


def check_python(adapter: Adapter, folder: Path) -> dict[str, str]:
    """Whether everything that was generated can be imported, and what mypy --strict says of it."""
    out = (folder / "out").resolve()
    modules = [
        str(path)
        for path in out.iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"
    ]
    mypy = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--cache-dir",
        os.devnull,
        "--python-executable",
        adapter.python,
    ]
    typed = subprocess.run([*mypy, *modules], cwd=out, capture_output=True, timeout=_PATIENCE, check=False)
    errors = sum(b": error:" in line for line in typed.stdout.splitlines())
    return {
        "imports": imports(adapter, folder),
        "type errors": f"{errors}" if typed.returncode in (0, 1) else "mypy failed",
    }


# ---------------------------------------------------------------------------------------------------- serving


def serve(adapter: Adapter, document: Path, folder: Path, url: str, patience: float = 60.0) -> Any:
    """The server of an adapter as a client, to be used in `async with`."""
    assert adapter.serve is not None
    folder.mkdir(parents=True, exist_ok=True)
    command, environment = adapter.serve(document, folder, url)
    return connected(command, environment, folder, patience)


async def starts(adapter: Adapter, document: Path, folder: Path, url: str, result: Result) -> list[Json]:
    """Start to first list, its size and the memory then."""
    seconds, peaks, tools = [], [], []
    for _ in range(_STARTS + 1):
        start = time.perf_counter()
        async with serve(adapter, document, folder, url) as client:
            tools = await client.tools()
            seconds.append(time.perf_counter() - start)
            peaks.append(client.peak_mb)
    size = len(json.dumps(tools, separators=(",", ":"), ensure_ascii=False).encode())
    result.cells |= {
        "tools": str(len(tools)),
        "start to list, s": f"{median(seconds[1:]):.1f}",
        "list, tokens": f"{size / 4:,.0f}",
        "memory, MB": f"{median(peaks[1:]):,.0f}" if any(peaks) else "-",
    }
    result.profile = violations(tools)
    result.cells["profile violations"] = f"{sum(result.profile.values()):,} in {len(result.profile)} rules"
    return tools


async def calls(
    adapter: Adapter,
    document: Path,
    folder: Path,
    recorder: Recorder,
    reader: Reader,
    tools: list[Json],
    result: Result,
) -> None:
    """Call every tool with all of its arguments, then with those that must be; a tool works if both requests are right."""
    working: set[str] = set()
    named: set[str] = set()
    async with serve(adapter, document, folder, recorder.url, 20.0) as client:
        await client.tools()
        for tool in tools:
            verdicts = [
                await _one(client, adapter, tool, everything, recorder, reader, result) for everything in (True, False)
            ]
            keys = {key for key, _ in verdicts if key}
            named |= keys
            problem = next((said for _, said in verdicts if said), "")
            if problem:
                result.not_working[tool["name"]] = problem
            else:
                working |= keys
    result.cells["operations reached"] = f"{len(named)}"
    result.cells["operations right"] = f"{len(working)} of {len(reader.operations)}"


async def _one(
    client: Client, adapter: Adapter, tool: Json, everything: bool, recorder: Recorder, reader: Reader, result: Result
) -> tuple[str, str]:
    """The operation that a call reached, and what was wrong with it."""
    recorder.taken()
    said = ""
    try:
        given = Maker(tool["inputSchema"], everything, adapter.own).arguments()
        answer = await client.call(tool["name"], given)
        content = answer.get("content") or [{}]
        said = str(content[0].get("text", ""))[:140] if answer.get("isError") else ""
    except (RuntimeError, TimeoutError) as error:
        said = f"{type(error).__name__}: {error}"[:140]
    except Exception as error:  # arguments can't be made: a pattern that is none, a reference into itself
        return "", f"no arguments can be made: {type(error).__name__}"
    arrived = recorder.taken()
    if not arrived:
        return "", f"nothing arrived: {said}".replace("\n", " ")
    request = arrived[-1]
    found: Published | None = reader.find(request.method, request.target)
    if found is None:
        return "", f"{request.method} {request.target[:80]} is no operation"
    if found.key == "GET /v1/customers/{id}" and not everything and not result.customer[0]:
        result.customer = (tool["name"], next(iter(given), ""))
    problems = reader.problems(found, request.target, request.raw, given)
    return found.key, "; ".join(problems[:3])


async def latency(adapter: Adapter, document: Path, folder: Path, url: str, result: Result) -> None:
    """One tool against the emulator: one call after the other, and several at once, beside httpx alone."""
    name, argument = result.customer
    if not name:
        result.failed["latency"] = "no tool reads one customer"
        return
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as bare:
        customer = (await bare.get("/v1/customers/externalId=USR-100")).raise_for_status().json()["data"]["id"]

        async def direct() -> None:
            (await bare.get(f"/v1/customers/{customer}")).raise_for_status().json()

        async with serve(adapter, document, folder, url) as client:
            await client.tools()

            async def through() -> None:
                answer = await client.call(name, {argument: customer})
                if customer not in json.dumps(answer):
                    raise RuntimeError(f"the answer is not the customer: {json.dumps(answer)[:120]}")

            await through()
            one = {key: await _p50(way) for key, way in (("bare", direct), ("tool", through))}
            many = {key: await _rate(way) for key, way in (("bare", direct), ("tool", through))}
    result.cells["call, x httpx"] = f"{one['tool'] / one['bare']:.1f} ({one['tool'] * 1000:.1f} ms)"
    result.cells["throughput, of httpx"] = f"{many['tool'] / many['bare']:.2f} ({many['tool']:,.0f}/s)"


async def _p50(way: Callable[[], Any]) -> float:
    for _ in range(20):
        await way()
    seconds = []
    for _ in range(_CALLS):
        start = time.perf_counter()
        await way()
        seconds.append(time.perf_counter() - start)
    return median(seconds)


async def _rate(way: Callable[[], Any]) -> float:
    async def worker() -> None:
        for _ in range(_CALLS // 8):
            await way()

    start = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(_AT_ONCE)))
    return _AT_ONCE * (_CALLS // 8) / (time.perf_counter() - start)


# -------------------------------------------------------------------------------------------------- injection


async def injected(adapter: Adapter, row: Json, folder: Path, recorder: Recorder) -> str:
    """What a hostile document does to a peer: `data`, `refused`, `broken`, `read a file`, `asked a server` or `RAN`."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    canary, secret, document = folder / "canary", folder / "secret.json", folder / "document.json"
    secret.write_text('{"type": "object", "properties": {"stolen_secret": {"type": "string"}}}', encoding="utf-8")
    text = json.dumps(row["document"])
    for mark, value in (("@CANARY@", canary), ("@FILE@", secret), ("@SERVER@", recorder.url)):
        text = text.replace(mark, str(value))
    document.write_text(text, encoding="utf-8")
    recorder.taken()
    verdict, listed = "data", ""
    try:
        if adapter.generate is not None:
            generate(adapter, document, folder)
            listed = json.dumps(sources(folder))
        if adapter.serve is not None:
            async with serve(adapter, document, folder, recorder.url, 20.0) as client:
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
