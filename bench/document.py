"""Owns the parts of docs/ that measurements write: what stands between a pair of markers, and nothing else of a page."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence

from bench.everything import ROOT

PAGE = ROOT / "docs" / "reliability.md"


def put(part: str, text: str) -> None:
    """Replace what stands between `<!-- part -->` and `<!-- /part -->` of the page.

    Raises:
        RuntimeError: The page lacks the markers.
    """
    begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
    before, first, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    _, last, after = rest.partition(end)
    if not first or not last:
        raise RuntimeError(f"{PAGE.name} has no {begin} ... {end}: put them where the figures belong")
    PAGE.write_text(f"{before}{begin}\n{text.strip()}\n{end}{after}", encoding="utf-8", newline="\n")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table; its first column is text, the others are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def where(command: str, load: float) -> str:
    """The date, the machine, how busy it was when the measurement began, and the command."""
    cores = len(os.sched_getaffinity(0))
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
    busy = f"load {load:.1f} before it began" + (": others were at work" if load > cores / 2 else "")
    return f"{time.strftime('%Y-%m-%d', time.gmtime())}, {machine}, {busy}; `{command}`."
