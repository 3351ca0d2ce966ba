"""Owns what drift is told in: rules, findings, and the report of a run. It compares nothing and prints nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generator.ir import Json

Severity = Literal["breaking", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("breaking", "warning", "info")
Bump = Literal["major", "minor", "patch", ""]
# What a rule speaks of.
Level = Literal["tool", "klass", "document", "package"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of change: `purpose` says why callers care, `action` what a reviewer or operator does.

    `direction` is `removed`, `added` or `changed`, as seen by a caller.
    """

    id: str
    level: Level
    severity: Severity
    bump: Bump
    direction: Literal["removed", "added", "changed"]
    purpose: str
    action: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One change upstream, with every tool that it touches.

    Attributes:
        rule: The rule's id.
        severity: The rule's, or what the tenant sets.
        bump: What it does to the version.
        subject: What changed, in a form that a suppression can name: `tool create_x`, `argument create_x.priority`,
            `attribute order.orderStatusStr`, `klass order`, `document core-resources`.
        text: One sentence for a person.
        before: The old value, as JSON has it, or None.
        after: The new one.
        tools: The tools that it touches, sorted.
        path: The file of generated/<tenant>/ that shows it best, or an empty string.
    """

    rule: str
    severity: Severity
    bump: Bump
    subject: str
    text: str
    before: Json = None
    after: Json = None
    tools: tuple[str, ...] = ()
    path: str = ""


def untold(text: str, tools: Sequence[str]) -> Sequence[str]:
    """The tools of a finding, unless its text names every one of them."""
    named = set(re.findall(r"[\w-]+", text))
    return () if named.issuperset(tools) else tools


@dataclass(frozen=True, slots=True)
class ToolChange:
    """One tool's contract before and after; None where there is none. For reports that show both side by side."""

    name: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None


@dataclass(frozen=True, slots=True)
class TenantReport:
    """What a run found for one tenant.

    Attributes:
        state: `clean`; `drifted`; or `failed`, with `error` (nothing was changed then).
        version: The version of the package as committed, or an empty string where there is none yet.
        next_version: The version that the findings lead to; `version` where there are none.
        suppressed: Findings that tenant.toml ignores.
    """

    tenant: str
    state: Literal["clean", "drifted", "failed"]
    findings: tuple[Finding, ...] = ()
    suppressed: tuple[Finding, ...] = ()
    changes: tuple[ToolChange, ...] = ()
    version: str = ""
    next_version: str = ""
    error: str = ""

    def count(self, severity: Severity) -> int:
        """The findings of one severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found for all its tenants; `rules` are those that its findings name."""

    title: str
    tenants: tuple[TenantReport, ...]
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def count(self, severity: Severity) -> int:
        """The findings of one severity, over all tenants."""
        return sum(tenant.count(severity) for tenant in self.tenants)
