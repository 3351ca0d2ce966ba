"""Owns the report as JSON, both ways; its schema is docs/report.schema.json. It reads no file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from generator.errors import SpecError
from generator.findings import SEVERITIES, Finding, Report, Rule, TenantReport, ToolChange
from generator.ir import Json

FORMAT = "kustomer-mcp-report"
VERSION = 1


def render(report: Report) -> str:
    """The whole report, nothing shortened; `read` gives it back."""
    return json.dumps(as_json(report), indent=1, ensure_ascii=True) + "\n"


def as_json(report: Report) -> dict[str, Json]:
    return {
        "format": FORMAT,
        "format_version": VERSION,
        "title": report.title,
        "counts": _counts(report),
        "tenants": [_tenant(tenant) for tenant in report.tenants],
        "rules": {name: asdict(rule) for name, rule in sorted(report.rules.items())},
    }


def _tenant(tenant: TenantReport) -> dict[str, Json]:
    return {
        "tenant": tenant.tenant,
        "state": tenant.state,
        "version": tenant.version,
        "next_version": tenant.next_version,
        "error": tenant.error,
        "counts": _counts(tenant),
        "findings": [_finding(finding) for finding in tenant.findings],
        "suppressed": [_finding(finding) for finding in tenant.suppressed],
        "changes": [{"name": row.name, "before": row.before, "after": row.after} for row in tenant.changes],
    }


def _finding(finding: Finding) -> dict[str, Json]:
    return {**asdict(finding), "tools": list(finding.tools)}


def _counts(of: Report | TenantReport) -> dict[str, int]:
    return {severity: of.count(severity) for severity in SEVERITIES}


def read(text: str, where: str) -> Report:
    """The report that `render` wrote.

    Args:
        text: Its JSON.
        where: The file's name, for the error.

    Raises:
        SpecError: It is no such report, or one of another version.
    """
    try:
        content = json.loads(text)
        if content["format"] != FORMAT or content["format_version"] != VERSION:
            raise ValueError(f"it is {content['format']} {content['format_version']}")
        tenants = tuple(_read_tenant(row) for row in content["tenants"])
        return Report(content["title"], tenants, {name: Rule(**row) for name, row in content["rules"].items()})
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{where} is no {FORMAT} {VERSION}: {error}"
        raise SpecError("the report can't be read", [problem, "run `kustomer-mcp regenerate --report` anew"]) from None


def _read_tenant(row: Mapping[str, Any]) -> TenantReport:
    plain = {key: row[key] for key in ("tenant", "state", "version", "next_version", "error")}
    changes = tuple(ToolChange(change["name"], change["before"], change["after"]) for change in row["changes"])
    return TenantReport(
        **plain, findings=_read_findings(row["findings"]), suppressed=_read_findings(row["suppressed"]), changes=changes
    )


def _read_findings(rows: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    return tuple(Finding(**{**row, "tools": tuple(row["tools"])}) for row in rows)
