"""Owns the report as SARIF 2.1.0 (OASIS), for code scanning and editors."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote

from generator import __version__
from generator.findings import Finding, Report, Rule, TenantReport
from generator.ir import Json
from generator.reports import words
from generator.reports.places import Locate

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"breaking": "error", "warning": "warning", "info": "note"}


def render(report: Report, locate: Locate) -> str:
    """One run: a rule for each that is named, a result for each finding, a notification for each tenant that failed."""
    rules = sorted(report.rules.values(), key=lambda rule: rule.id)
    index = {rule.id: number for number, rule in enumerate(rules)}
    results = []
    for tenant in report.tenants:
        rows = [(finding, False) for finding in words.ordered(tenant.findings)]
        rows += [(finding, True) for finding in words.ordered(tenant.suppressed)]
        for finding, suppressed in rows:
            result = _result(tenant.tenant, finding, locate(tenant.tenant, finding))
            result["ruleIndex"] = index[finding.rule]
            if suppressed:
                result["suppressions"] = [{"kind": "external", "justification": "tenant.toml ignores it"}]
            results.append(result)
    driver = {"name": "kustomer-mcp", "semanticVersion": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "kustomer-mcp/drift/"},
        "originalUriBaseIds": {
            "SRCROOT": {"description": {"text": "The repository that holds specs/ and generated/."}}
        },
        "invocations": [_invocation([tenant for tenant in report.tenants if tenant.state == "failed"])],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=True) + "\n"


def _rule(rule: Rule) -> dict[str, Json]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.purpose},
        "fullDescription": {"text": rule.purpose},
        "help": {
            "text": f"{rule.purpose} {rule.action}",
            "markdown": f"{rule.purpose}\n\n**What to do:** {rule.action}",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [rule.level, rule.direction], "bump": rule.bump},
    }


def _result(tenant: str, finding: Finding, place: tuple[str, int]) -> dict[str, Json]:
    path, line = place
    location = {"artifactLocation": {"uri": quote(path), "uriBaseId": "SRCROOT"}, "region": {"startLine": line}}
    return {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(words.clean(f"{tenant}: {finding.text}"))},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"kustomerMcpFinding/v1": _fingerprint(tenant, finding)},
        "properties": {"tenant": tenant, "subject": words.clean(finding.subject), "tools": list(finding.tools)},
    }


def _message(text: str) -> str:
    """SARIF reads `[text](target)` as a link and `{0}` as a placeholder; a backslash or a doubled brace says otherwise."""
    for mark in ("\\", "[", "]"):
        text = text.replace(mark, f"\\{mark}")
    return text.replace("{", "{{").replace("}", "}}")


def _fingerprint(tenant: str, finding: Finding) -> str:
    """The same for one change however it is worded, and wherever it stands in a file."""
    return hashlib.sha256("\0".join([tenant, finding.rule, finding.subject]).encode("utf-8", "replace")).hexdigest()


def _invocation(failed: list[TenantReport]) -> dict[str, Json]:
    notes = [
        {"level": "error", "message": {"text": _message(words.clean(f"{tenant.tenant}: {tenant.error}"))}}
        for tenant in failed
    ]
    return {"executionSuccessful": not failed, "toolExecutionNotifications": notes}
