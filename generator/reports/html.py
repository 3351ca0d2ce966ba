"""Owns the report as one HTML page: no script, nothing loaded, every text escaped by the template's environment."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass

from generator.findings import SEVERITIES, Finding, Report, Rule, Severity, TenantReport
from generator.render import page, templates
from generator.reports import words
from generator.reports.contracts import ToolDiff, compare

_SIGNS = {"breaking": "●", "warning": "▲", "info": "○"}
# A page of everything is for people: with more changed tools than this, they are left to the JSON report.
_MOST_TOOLS = 300


@dataclass(frozen=True, slots=True)
class _Shown:
    """A finding as the page tells it; texts are cleaned, and escaped by the template."""

    severity: Severity
    sign: str
    subject: str
    text: str
    before: str
    after: str
    tools: tuple[str, ...]
    more_tools: int
    path: str
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Section:
    """One tenant's part of the page."""

    tenant: str
    state: str
    versions: str
    counts: tuple[tuple[Severity, int], ...]
    findings: tuple[_Shown, ...]
    suppressed: int
    tools: tuple[ToolDiff, ...]
    tools_left_out: int
    errors: tuple[str, ...]


def render(report: Report) -> str:
    """The page. Its Content-Security-Policy allows its own style, by hash, and nothing else."""
    style = (templates() / "reports" / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    sections = [_section(tenant, report) for tenant in report.tenants if tenant.state != "clean"]
    return page(
        "reports/report.html.jinja",
        style=style,
        style_hash=f"sha256-{digest}",
        title=words.clean(report.title),
        summary=words.summary(report),
        counts=[(severity, _SIGNS[severity], report.count(severity)) for severity in SEVERITIES],
        sections=sections,
        clean=[tenant.tenant for tenant in report.tenants if tenant.state == "clean"],
    )


def _section(tenant: TenantReport, report: Report) -> _Section:
    tools = tuple(map(compare, tenant.changes[:_MOST_TOOLS]))
    return _Section(
        tenant=tenant.tenant,
        state=tenant.state,
        versions=words.versions(tenant),
        counts=tuple((severity, tenant.count(severity)) for severity in SEVERITIES),
        findings=tuple(_shown(tenant, finding, report) for finding in words.ordered(tenant.findings)),
        suppressed=len(tenant.suppressed),
        tools=tools,
        tools_left_out=len(tenant.changes) - len(tools),
        errors=tuple(words.clean(line.removeprefix("  - ")) for line in tenant.error.splitlines()),
    )


def _shown(tenant: TenantReport, finding: Finding, report: Report) -> _Shown:
    tools, more = words.names(finding.tools, 20)
    return _Shown(
        severity=finding.severity,
        sign=_SIGNS[finding.severity],
        subject=words.clean(finding.subject),
        text=words.clean(finding.text),
        before="" if finding.before is None else words.shown(finding.before, 600),
        after="" if finding.after is None else words.shown(finding.after, 600),
        tools=tuple(tools),
        more_tools=more,
        path=words.clean(f"generated/{tenant.tenant}/{finding.path}") if finding.path else "",
        rule=report.rules[finding.rule],
    )
