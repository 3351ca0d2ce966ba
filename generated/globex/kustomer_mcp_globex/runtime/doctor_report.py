"""Owns how the doctor's checks are shown: aligned text for people, JSON of a stable shape for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import click

from .roles import Status
from .server import PackageInfo
from .settings import Settings
from .sites import shown_address

Group = Literal["connection", "tools", "klasses"]

_COLORS = {"ok": "green", "warning": "yellow", "failed": "red"}
_TITLES = {"connection": "Connection", "tools": "Tools", "klasses": "Klasses"}
_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        group: What it is about.
        name: A tool, a Klass, or a word for a part of the connection.
        status: `ok`, `warning` (also for what could not be checked) or `failed`.
        what: What was found.
        todo: What to do about it, or an empty string.
    """

    group: Group
    name: str
    status: Status
    what: str
    todo: str = ""


def unchecked_text(why: str) -> str:
    """What is said of a check that could not be made."""
    return f"could not be checked: {why}"


def is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing failed; warnings don't count."""
    return all(check.status != "failed" for check in checks)


def as_json(info: PackageInfo, settings: Settings, checks: Sequence[Check]) -> str:
    """One object: `ok`, `package`, `base_url`, `summary` and `checks`, each `{group, name, status, what, todo}`."""
    rows = [
        {"group": c.group, "name": c.name, "status": c.status, "what": c.what, "todo": c.todo or None} for c in checks
    ]
    value = {
        "ok": is_well(checks),
        "package": {"name": info.name, "version": info.version},
        "base_url": shown_address(settings.base_url),
        "summary": _counts(checks),
        "checks": rows,
    }
    return json.dumps(value, indent=1, ensure_ascii=False)


def as_text(info: PackageInfo, checks: Sequence[Check]) -> str:
    """A line a check, in groups; what to do stands once below the checks that share it."""
    lines = [click.style(f"{info.title} {info.version}", bold=True)]
    for group, heading in _TITLES.items():
        members = [check for check in checks if check.group == group]
        if members:
            lines += ["", click.style(heading, bold=True), *_rows(members)]
    counts = _counts(checks)
    summary = f"{counts['ok']} ok, {counts['warning']} warning{'' if counts['warning'] == 1 else 's'}, {counts['failed']} failed"
    state = "failed" if counts["failed"] else "warning" if counts["warning"] else "ok"
    return "\n".join([*lines, "", click.style(summary, fg=_COLORS[state], bold=True)])


def _rows(checks: Sequence[Check]) -> list[str]:
    width = max(len(check.name) for check in checks)
    lines = []
    for number, check in enumerate(checks, 1):
        status = click.style(f"{check.status:<7}", fg=_COLORS[check.status])
        lines.append(f"{_INDENT}{status}  {check.name:<{width}}  {check.what}")
        if check.todo and not any(other.todo == check.todo for other in checks[number:]):
            lines.append(f"{_INDENT}{'':<7}  -> {check.todo}")
    return lines


def _counts(checks: Sequence[Check]) -> dict[str, int]:
    found = Counter(check.status for check in checks)
    return {status: found[status] for status in ("ok", "warning", "failed")}
