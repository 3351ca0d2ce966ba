"""Owns what the reports' tests share: a report with everything in it, and one with hostile texts. Must not hold an expectation."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.findings import Finding, Report, Rule, TenantReport, ToolChange

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"
CONTRACT = "kustomer_mcp_acme/contract/custom_objects.json"

# fmt: off
RULES = {
    rule.id: rule
    for rule in (
        Rule("enum-value-removed", "tool", "breaking", "major", "removed", "Callers that send the value are refused.", "Tell callers, then release a major version."),
        Rule("argument-added", "tool", "info", "minor", "added", "Callers may set it.", "Nothing."),
        Rule("description-changed", "tool", "warning", "patch", "changed", "Models read it.", "Read the new text."),
    )
}
# fmt: on


def contract(name: str = "create_a_kustomer_order_custom_object") -> dict[str, Any]:
    tools = json.loads((ROOT / "generated" / "acme" / CONTRACT).read_text(encoding="utf-8"))
    return next(tool for tool in tools if tool["name"] == name)


def changed() -> ToolChange:
    """A tool of acme's that loses a value, gets an argument and another description."""
    before, after = contract(), contract()
    custom = after["inputSchema"]["properties"]["custom"]["properties"]
    custom["orderStatusStr"]["enum"] = ["delivered", "packed", "paid", "placed", "returned", "shipped"]
    custom["carrierStr"] = {"type": "string", "description": "Carrier"}
    del custom["giftMessageTxt"]
    after["description"] = after["description"].replace(
        "optionally linked to a customer", "linked to a customer or company"
    )
    return ToolChange(before["name"], before, after)


# fmt: off
def findings() -> tuple[Finding, ...]:
    tool = "create_a_kustomer_order_custom_object"
    subject = "attribute order.orderStatusStr"
    return (
        Finding("argument-added", "info", "minor", "attribute order.carrierStr", "Orders have a new attribute, carrierStr.", None, {"type": "string"}, (tool,), CONTRACT),
        Finding("enum-value-removed", "breaking", "major", subject, "orderStatusStr no longer takes cancelled.", ["cancelled"], [], (tool, "update_a_kustomer_order_custom_object"), CONTRACT),
        Finding("description-changed", "warning", "patch", f"tool {tool}", "The description is another one.", "old", "new", (tool,), CONTRACT),
    )
# fmt: on


def report(*more: TenantReport) -> Report:
    acme = TenantReport("acme", "drifted", findings(), findings()[:1], (changed(),), "1.2.0", "2.0.0")
    others = (
        TenantReport("globex", "clean", version="1.0.0", next_version="1.0.0"),
        TenantReport("initech", "failed", error="Kustomer refused the key (401)\n  - check KUSTOMER_API_KEY_INITECH"),
    )
    return Report("Kustomer schema drift", (acme, *others, *more), RULES)


def hostile(text: str) -> Report:
    """A report in which every foreign string is `text`."""
    row = replace(findings()[1], subject=f"attribute {text}", text=text, before=text, after=[text], tools=(text,))
    rows = tuple(replace(row, severity=severity) for severity in ("breaking", "warning", "info"))
    schema = {"type": "object", "properties": {text: {"type": "string", "enum": [text], "description": text}}}
    after = {"name": text, "title": text, "description": text, "inputSchema": schema, "annotations": {text: text}}
    tenant = TenantReport("acme", "drifted", rows, rows, (ToolChange(text, None, after),), "1.0.0", "2.0.0")
    failed = TenantReport("globex", "failed", error=f"{text}\n  - {text}")
    return Report(text, (tenant, failed), RULES)
