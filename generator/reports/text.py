"""Owns the report for terminals: 80 columns, colours only when asked for."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from generator.findings import Finding, Report, Severity, TenantReport, untold
from generator.reports import words

_WIDTH = 80
_COLORS: dict[str, str] = {"breaking": "31", "warning": "33", "info": "36", "failed": "31", "bold": "1"}


def render(report: Report, *, color: bool = False) -> str:
    """A line of counts, then each tenant with its findings, breaking first; clean tenants in one line at the end."""
    lines = [_painted(words.clean(report.title), "bold", color), f"{words.summary(report)}: {words.counts(report)}."]
    for tenant in report.tenants:
        if tenant.state != "clean":
            lines += ["", *_tenant(tenant, report, color)]
    clean = [tenant.tenant for tenant in report.tenants if tenant.state == "clean"]
    if clean:
        lines += ["", *_wrapped(f"No drift: {', '.join(clean)}", "")]
    return "\n".join(words.harmless(line) for line in lines) + "\n"


def _tenant(tenant: TenantReport, report: Report, color: bool) -> Iterator[str]:
    version = words.versions(tenant)
    said = "failed; nothing was changed" if tenant.state == "failed" else words.counts(tenant)
    yield _painted(f"{tenant.tenant}{f'  {version}' if version else ''}  {said}", "bold", color)
    if tenant.state == "failed":
        for line in tenant.error.splitlines():
            yield from _wrapped(words.clean(line), "  ")
    for finding in words.ordered(tenant.findings):
        yield from _finding(finding, report, color)
    if tenant.suppressed:
        yield f"  {words.counted(len(tenant.suppressed), 'finding')} ignored, as tenant.toml says"


def _finding(finding: Finding, report: Report, color: bool) -> Iterator[str]:
    yield f"  {_painted(finding.severity, finding.severity, color)}  {finding.rule}  {words.clean(finding.subject, 120)}"
    yield from _wrapped(words.clean(finding.text), "    ")
    if tools := untold(finding.text, finding.tools):
        shown, more = words.names(tools)
        yield from _wrapped(f"tools: {', '.join(shown)}{f' and {more} more' if more else ''}", "    ")
    if finding.severity != "info":
        yield from _wrapped(f"do: {report.rules[finding.rule].action}", "    ")


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _painted(text: str, style: Severity | str, color: bool) -> str:
    return f"\033[{_COLORS[style]}m{text}\033[0m" if color else text
