"""Owns the `[drift]` table of tenant.toml: severities of one's own, what to ignore and why, and when a run fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from generator.findings import SEVERITIES, Severity
from generator.rules import unknown_rule

FAIL_ON = (*SEVERITIES[::-1], "never")
_KEYS = ("severity", "ignore", "fail_on")
_IGNORE_KEYS = ("rule", "subject", "reason")


@dataclass(frozen=True, slots=True)
class Ignored:
    """Findings of one rule whose subject matches a glob; `reason` says why, for the next reader."""

    rule: str
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class DriftConfig:
    """What a tenant says of drift; `fail_on` is empty where the command decides."""

    severity: Mapping[str, Severity] = field(default_factory=dict)
    ignore: tuple[Ignored, ...] = ()
    fail_on: str = ""


NO_DRIFT_CONFIG = DriftConfig()


def read_drift(table: Mapping[str, Any], problems: list[str]) -> DriftConfig:
    """Read `[drift]`; what is wrong with it is added to `problems`."""
    problems += [
        f"[drift] {key}: unknown key; the known ones are {', '.join(_KEYS)}" for key in table if key not in _KEYS
    ]
    fail_on = table.get("fail_on", "")
    if "fail_on" in table and fail_on not in FAIL_ON:
        problems.append(f"[drift] fail_on: {fail_on!r} is none of {', '.join(FAIL_ON)}")
    return DriftConfig(
        _severities(table.get("severity", {}), problems), _ignored(table.get("ignore", []), problems), str(fail_on)
    )


def _severities(table: Any, problems: list[str]) -> dict[str, Severity]:
    if not isinstance(table, dict):
        problems.append("[drift] severity must be a table of rule ids and severities")
        return {}
    for rule, severity in table.items():
        if wrong := unknown_rule(rule):
            problems.append(f"[drift] severity: {wrong}")
        if severity not in get_args(Severity):
            problems.append(f"[drift] severity: {rule} = {severity!r} is none of {', '.join(SEVERITIES)}")
    return dict(table)


def _ignored(rows: Any, problems: list[str]) -> tuple[Ignored, ...]:
    if not isinstance(rows, list):
        problems.append("[drift] ignore must be a list of {rule, subject, reason}")
        return ()
    found = []
    for position, row in enumerate(rows, 1):
        where = f"[drift] ignore {position}"
        if (
            not isinstance(row, dict)
            or set(row) != set(_IGNORE_KEYS)
            or not all(isinstance(v, str) and v for v in row.values())
        ):
            problems.append(f"{where} must have exactly rule, subject (a glob) and reason, as strings")
            continue
        if wrong := unknown_rule(row["rule"]):
            problems.append(f"{where}: {wrong}")
        found.append(Ignored(row["rule"], row["subject"], row["reason"]))
    return tuple(found)
