"""Owns the words that all reports share: foreign text made harmless, counts, order. It knows no format."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable

from generator.findings import SEVERITIES, Finding, Report, Severity, TenantReport
from generator.ir import Json

_LONGEST = 600
# Control characters, bidi and other format controls, lone surrogates, and characters that are nobody's.
_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co"}
_MARK = "\N{REPLACEMENT CHARACTER}"
# What GitHub and GitLab read as a person, a team, an issue, a merge request, a label, a snippet, a link or a commit.
_REFERENCES = re.compile(r"(?<=[@#!~%$&:])(?=[\w/])|(?<=GH)(?=-\d)|(?<=[wW]{3})(?=\.)|(?<=[0-9a-f]{6})(?=[0-9a-f])")
_NOTHING_SEEN = "\u200b"


def clean(text: str, longest: int = _LONGEST) -> str:
    """One line without anything unseen, cut at `longest` characters. What joins emoji stays."""
    line = " ".join(text.split())
    seen = "".join(_MARK if _is_unseen(char) else char for char in line)
    return seen if len(seen) <= longest else seen[: longest - 1].rstrip() + "…"


def harmless(text: str) -> str:
    """A CI runner takes a line that begins with `::`, or holds `##[`, for a command; nothing foreign may give it one."""
    return _COMMAND.sub(r"\1: :", text).replace("##[", "## [")


_COMMAND = re.compile(r"^([^\S\n]*)::", re.MULTILINE)


def apart(text: str) -> str:
    """Text in which no forge finds a mention, a reference or a link: its marks are parted from its names, unseen."""
    return _REFERENCES.sub(_NOTHING_SEEN, text)


def _is_unseen(char: str) -> bool:
    return char not in "\u200d\ufe0f" and unicodedata.category(char) in _UNSEEN


def shown(value: Json, longest: int = 160) -> str:
    """A value as JSON on one line; strings as they stand."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return clean(text, longest)


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def counts(of: Report | TenantReport) -> str:
    """`2 breaking, 1 warning`, without zeros; `no findings` where there is none."""
    said = [f"{of.count(severity)} {severity}" for severity in SEVERITIES if of.count(severity)]
    return ", ".join(said) or "no findings"


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Breaking first; within one severity as they came."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def worst(findings: Iterable[Finding]) -> Severity | None:
    return next((finding.severity for finding in ordered(findings)), None)


def versions(tenant: TenantReport) -> str:
    """`1.2.0 → 2.0.0`, one version where it stays, or an empty string."""
    if tenant.version and tenant.next_version not in ("", tenant.version):
        return f"{tenant.version} → {tenant.next_version}"
    return tenant.next_version or tenant.version


def summary(report: Report) -> str:
    """One sentence: how many tenants were looked at, how many moved or failed."""
    drifted = sum(tenant.state == "drifted" for tenant in report.tenants)
    failed = sum(tenant.state == "failed" for tenant in report.tenants)
    said = f"{counted(len(report.tenants), 'tenant')} looked at, {drifted or 'none'} drifted"
    return f"{said}, {failed} failed" if failed else said


def names(tools: Iterable[str], most: int = 8) -> tuple[list[str], int]:
    """The first `most` names, and how many more there are."""
    every = list(tools)
    return [clean(name, 80) for name in every[:most]], max(0, len(every) - most)
