"""Owns GitHub's annotations: one workflow command a finding, at its file and line."""

from __future__ import annotations

from generator.findings import Report, TenantReport
from generator.reports import words
from generator.reports.places import Locate

_LEVELS = {"breaking": "error", "warning": "warning", "info": "notice"}


def render(report: Report, locate: Locate) -> str:
    """`::error file=...,line=...,title=...::text`, breaking first; a tenant that failed is an error.

    The escapes are those of GitHub's own toolkit: `%`, CR and LF in texts, and `:` and `,` in properties besides.
    """
    lines = [line for tenant in report.tenants for line in _tenant(tenant, locate)]
    return "".join(f"{line}\n" for line in lines)


def _tenant(tenant: TenantReport, locate: Locate) -> list[str]:
    lines = []
    if tenant.state == "failed":
        place = f"specs/tenants/{tenant.tenant}/tenant.toml"
        error = "\n".join(words.clean(line) for line in tenant.error.splitlines())
        lines.append(_command("error", place, 1, f"{tenant.tenant}: failed, nothing was changed", error))
    for finding in words.ordered(tenant.findings):
        path, line = locate(tenant.tenant, finding)
        title = f"{tenant.tenant}: {finding.rule}"
        lines.append(_command(_LEVELS[finding.severity], path, line, title, words.clean(finding.text)))
    return lines


def _command(level: str, path: str, line: int, title: str, text: str) -> str:
    return f"::{level} file={_property(path)},line={line},title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
