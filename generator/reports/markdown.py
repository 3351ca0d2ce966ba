"""Owns the report as the body of a pull request: short first, details folded, nothing foreign that acts.

What comes from outside is either a code span (names, values) or escaped text: it can't open a tag, a link, a table cell or
a list, mention a person or refer to an issue, on GitHub or GitLab. A body is cut between two findings, never inside one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from generator.findings import SEVERITIES, Finding, Report, TenantReport, untold
from generator.reports import words

# GitHub refuses a body over 65,536 characters; GitLab's limit is higher.
LIMIT = 65_536
_MOST_TENANTS = 100
_MOST_FOUND = 20
_TAIL = 400
_PUNCTUATION = re.compile(r"[\\`*_{}\[\]#!|~$^]")
_LIST_MARK = re.compile(r"^(\d*)([.)+-])")
_SIGNS = {"breaking": "🔴", "warning": "🟠", "info": "🔵", "failed": "⚫", "clean": "⚪"}


def render(report: Report, limit: int = LIMIT) -> str:
    """Counts and one row a tenant, then what failed with what was found there, then each finding of the others folded,
    breaking first over all tenants; at most `limit` characters."""
    blocks = [_head(report), _table(report.tenants), *_failures(report.tenants)]
    taken = tuple(tenant for tenant in report.tenants if tenant.state != "failed")
    rows = [(tenant, finding) for tenant in taken for finding in tenant.findings]
    parts: list[tuple[str, bool]] = [(block, False) for block in blocks if block]
    for severity in SEVERITIES:
        chosen = [(tenant, finding) for tenant, finding in rows if finding.severity == severity]
        if chosen:
            parts.append((f"### {_SIGNS[severity]} {severity.capitalize()} ({len(chosen):,})\n", False))
            parts += [(_finding(tenant, finding, report), True) for tenant, finding in chosen]
    return _within(parts, limit)


def _within(parts: list[tuple[str, bool]], limit: int) -> str:
    """Take parts while they fit; say how many findings did not."""
    taken: list[str] = []
    room = limit - _TAIL
    for number, (text, _) in enumerate(parts):
        room -= size(text) + 1
        if room < 0:
            missing = sum(is_finding for _, is_finding in parts[number:])
            taken.append(
                f"---\n**Cut here: {words.counted(missing, 'more finding')}.** A pull request's text has a limit; the whole "
                "report is in `report.html` and `report.json` of the run that wrote this.\n"
            )
            break
        taken.append(text)
    return "\n".join(taken)


def size(text: str) -> int:
    """The length as GitHub may count it: UTF-16 units, the most of the ways to count characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _head(report: Report) -> str:
    versions = [words.versions(tenant) for tenant in report.tenants if tenant.state == "drifted"]
    only = f" Version {versions[0]}." if len(report.tenants) == 1 and versions and versions[0] else ""
    taken = replace(report, tenants=tuple(tenant for tenant in report.tenants if tenant.state != "failed"))
    return f"## {escaped(report.title)}\n\n**{words.counts(taken)}** ({words.summary(report)}).{only}\n"


def _table(tenants: tuple[TenantReport, ...]) -> str:
    moved = [tenant for tenant in tenants if tenant.state != "clean"]
    if not moved:
        return ""
    lines = ["| Tenant | Version | Breaking | Warning | Info |", "|---|---|---:|---:|---:|"]
    worst_first = sorted(moved, key=lambda row: [row.state == "failed", *(-row.count(each) for each in SEVERITIES)])
    for tenant in worst_first[:_MOST_TENANTS]:
        found = (
            "failed | | " if tenant.state == "failed" else " | ".join(f"{tenant.count(each)}" for each in SEVERITIES)
        )
        lines.append(f"| {code(tenant.tenant)} | {words.versions(tenant)} | {found} |")
    if len(moved) > _MOST_TENANTS:
        lines.append(f"| and {len(moved) - _MOST_TENANTS:,} more | | | | |")
    return "\n".join(lines) + "\n"


def _failures(tenants: Iterable[TenantReport]) -> list[str]:
    failed = [tenant for tenant in tenants if tenant.state == "failed"]
    blocks = [f"### {_SIGNS['failed']} Failed, and left as it was ({len(failed):,})\n"] if failed else []
    for tenant in failed:
        problems = "\n".join(f"- {escaped(line.removeprefix('  - '))}" for line in tenant.error.splitlines() if line)
        found = [f"- {_SIGNS[row.severity]} {escaped(row.text)}" for row in words.ordered(tenant.findings)]
        if found:
            problems += "\n\nFound, and not taken:\n\n" + "\n".join(found[:_MOST_FOUND])
        if len(found) > _MOST_FOUND:
            problems += f"\n- and {len(found) - _MOST_FOUND:,} more"
        blocks.append(f"<details><summary>{_html_code(tenant.tenant)}</summary>\n\n{problems}\n\n</details>\n")
    return blocks


def _finding(tenant: TenantReport, finding: Finding, report: Report) -> str:
    rule = report.rules[finding.rule]
    where = f"{_html_code(tenant.tenant)} " if len(report.tenants) > 1 else ""
    lines = [
        f"<details><summary>{where}{_html(finding.text, 240)}</summary>",
        "",
        f"- What changed: {code(words.clean(finding.subject, 200))} (rule {code(finding.rule)})",
        f"- Why it matters: {rule.purpose}",
        f"- What to do: {rule.action}",
    ]
    if finding.before is not None:
        lines.append(f"- Before: {code(words.shown(finding.before, 400))}")
    if finding.after is not None:
        lines.append(f"- After: {code(words.shown(finding.after, 400))}")
    if tools := untold(finding.text, finding.tools):
        shown, more = words.names(tools, 20)
        lines.append(f"- Tools: {', '.join(map(code, shown))}{f' and {more:,} more' if more else ''}")
    if finding.path:
        lines.append(f"- See: {code(f'generated/{tenant.tenant}/{finding.path}')}")
    return "\n".join([*lines, "", "</details>", ""])


def escaped(text: str) -> str:
    """Foreign text as text and nothing else, in a paragraph or a cell."""
    plain = _as_text(words.apart(words.clean(text)))
    return _LIST_MARK.sub(r"\1\\\2", _PUNCTUATION.sub(r"\\\g<0>", plain))


def code(text: str) -> str:
    """Foreign text as a code span in a paragraph; nothing in it is read as a mention or a reference."""
    plain = words.clean(text) or " "
    fence = "`" * (max((len(run) for run in re.findall(r"`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _html(text: str, longest: int) -> str:
    """Foreign text in a line of HTML, where Markdown's own marks mean nothing."""
    return _as_text(words.apart(words.clean(text, longest)))


def _html_code(text: str) -> str:
    return f"<code>{_as_text(words.clean(text, 160))}</code>"


def _as_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
