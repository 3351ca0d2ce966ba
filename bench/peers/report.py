"""Owns docs/benchmarks.md: the results as Markdown, with versions, machine and commands."""

from __future__ import annotations

import os
import platform
from collections import Counter
from importlib import metadata
from pathlib import Path

from bench.everything import ROOT
from bench.peers.measure import Result
from bench.peers.pins import PINS

COLUMNS = (
    "operations right", "the same, by two calls a tool", "operations reached", "valid calls that send nothing", "valid calls that send something wrong",
    "request fields that arrive", "tools", "list, tokens", "profile violations", "start to list, s", "memory, MB",
    "call, x httpx", "throughput, of httpx", "generation, s", "generation, MB", "lines", "imports", "type errors",
    "one field more", "hostile documents",
)  # fmt: skip

_HOW = """\
# Side by side with what a user could pick instead

Written by `make bench-peers`; don't edit it. Every server gets the same document (the nine of `specs/openapi` merged into one,
because none of the others takes several), speaks stdio, and is asked by the same client in the same run.

- The merged document has 406 operations: four of the 410 stand in two documents.
- **Calls**: every tool is called with the arguments that it requires, with all of them (in each branch of its unions), and with
  those that it requires plus each other one alone; all are made from its own input schema and nothing else. What arrives at a
  recording server is held against the document by a reader of its own: method and path are an operation's, query names are its,
  the body validates against its schema, every text that was given arrives, and an argument that is added changes the request.
- **operations right**: all that arrived for the operation was right, whichever tool sent it, and a tool for it had each of its
  arguments arrive in a right request. What a server leaves out is not right, even where another tool does the same. A call that
  a tool's schema allows and that sends nothing counts in a row of its own, with all calls; **something wrong** is a call whose
  request was not right. **By two calls a tool**: what is required and everything, and no argument alone, which is kinder to schemas
  that require less than the operation does, and can't see the operations that a tool reaches by an argument. **reached**: some request for the operation arrived, right or not.
- **request fields that arrive**: query names and fields of bodies (the first level), by operation, in requests that were right.
- **list, tokens**: the tools as compact JSON, bytes / 4. **profile violations**: tools that break a rule of the schema profile
  which all common clients accept (names, closed objects, keys, no type lists, descriptions, hints), one count a tool and rule.
- **call**: median of 200 calls of "get one customer" against the emulator, one after the other, as a multiple of httpx alone;
  **throughput**: 16 at once, as a share of what httpx does. **memory**: the server's peak until its first list.
- **generation**: the whole process, cache off. **lines**: all text that is generated. **type errors**: mypy --strict (tsc for TypeScript).
- **one field more**: lines that change when one operation gets one more optional field.
- **hostile documents**: the cases of `tests/hostile/advisories.json` that are of generators into Python or TypeScript, and a reference
  of each kind, that neither ran code, nor asked a server, nor read a file, nor broke what came out; a refusal counts as survived.
  What is generated is built and imported, servers are started, and each of their tools is called once.

With other work on the machine only sizes, counts and ratios hold.
"""

_AHEAD = """\
## Where others are ahead, and why

- **Calls a second, start and generation**: openapi-mcp-generator runs in Node and writes a file without models. The servers in Python
  are near one another: they spend a call in the SDK and the HTTP client. Making typed models and formatting them is what takes time here.
- **Operations**: kustomer-mcp leaves one of the 406 out (`manifest.json` says why): creating an object below a customer, which the
  tool of each Klass does with `customer`. Bulk deletion of custom objects sends the `ids` that Kustomer's guide asks for and that
  its document does not have: held against the document it is not right, and without them it would say nothing of what to delete.
- **Operations by two calls**: there fastmcp and openapi-mcp-generator are ahead. kustomer-mcp reaches the lists of one customer or
  company by an argument, which two calls never give alone. With arguments given alone, servers lose operations whose body the
  documents require something of and their schemas do not.
- **Calls that send nothing**: the lists of one customer or one company are one tool, whose arguments for them exclude each other
  and some others. Its schema says so in words, because a union at the root makes some clients refuse the whole list; a caller
  that gives all arguments at once is refused and told which to leave out.
- **Request fields**: in kustomer-mcp what few callers set is in the one argument `more`, which has their names and forms in words alone
  (tests/proof calls them); the caller above, which goes by schemas, never gives it. `page` is said by cursors.
- **One field more** changes a few lines in four files instead of one: model, function, contract and record, for whoever reviews it.
- **List**: mcp-openapi-proxy shows less, and fewer of its tools work.
"""


def write(path: Path, results: list[Result], seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = text(results, seconds).replace(f"{ROOT}/", "")  # no folder of this machine in what errors say
    path.write_text(said, encoding="utf-8", newline="\n")


def text(results: list[Result], seconds: float) -> str:
    parts = [_HOW, "## Results\n", _table(results), f"\n{_AHEAD}", "## What failed, and why\n", *_failures(results)]
    parts += ["\n## Why tools are not right\n", *_not_working(results), "\n## Schema profile\n", *_profile(results)]
    parts += [
        "\n## Hostile documents\n",
        *_injection(results),
        "\n## Versions and machine\n",
        *_machine(results, seconds),
    ]
    return "\n".join(parts) + "\n"


def _table(results: list[Result]) -> str:
    rows = ["| | " + " | ".join(_plain(result.name) for result in results) + " |", "|---" * (len(results) + 1) + "|"]
    for column in COLUMNS:
        rows.append(f"| {column} | " + " | ".join(_plain(result.cells.get(column, "-")) for result in results) + " |")
    return "\n".join(rows)


def _failures(results: list[Result]) -> list[str]:
    rows = [f"- {r.name}, {step}: {_plain(why)}" for r in results for step, why in r.failed.items()]
    return rows or ["Nothing."]


def _not_working(results: list[Result]) -> list[str]:
    made = []
    for result in results:
        if not result.not_working:
            continue
        kinds = Counter(_kind(why) for why in result.not_working.values())
        said = "; ".join(f"{count} {kind}" for kind, count in kinds.most_common(8))
        name, why = next(iter(result.not_working.items()))
        made.append(
            f"- {result.name}: {len(result.not_working)} tools: {_plain(said)}. For instance `{name}`: {_plain(why[:160])}"
        )
    return made or ["All are."]


def _kind(why: str) -> str:
    if "never arrived" in why:
        return "lose an argument"
    if why.startswith("nothing arrived"):
        return "send nothing for valid arguments"
    if "is no operation" in why:
        return "call another path or method"
    if "query " in why:
        return "send a query that the document has not"
    if "body" in why:
        return "send a body that the document refuses"
    return why[:40]


def _profile(results: list[Result]) -> list[str]:
    return [
        f"- {r.name}: " + (", ".join(f"{count:,} {_plain(name)}" for name, count in r.profile.items()) or "none")
        for r in results
        if "tools" in r.cells
    ]


def _injection(results: list[Result]) -> list[str]:
    made = []
    for result in results:
        counts = Counter(result.injection.values())
        bad = [
            f"{name} ({verdict})" for name, verdict in result.injection.items() if verdict not in ("data", "refused")
        ]
        said = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        made.append(f"- {result.name}: {said or 'not run'}" + (f". {', '.join(bad)}" if bad else ""))
    return made


def _machine(results: list[Result], seconds: float) -> list[str]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[0]
    peers = ", ".join(f"{pin.name} {pin.version} ({pin.registry})" for pin in PINS)
    return [
        f"- {platform.system()} {platform.machine()}, {cores} cores, {memory:.0f} GB, Python {platform.python_version()}; load at the end {load:.1f}",
        f"- kustomer-mcp {metadata.version('kustomer-mcp')}, mcp {metadata.version('mcp')}; {peers}",
        f"- `make bench-peers`, {seconds:.0f} s in all, without installing",
        *(f"- {result.name}: {result.note}" for result in results),
    ]


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
