"""Owns comparing two surfaces: changes that explain others, suppressions, grouping, findings. It reads and prints nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from generator.drift_changes import Change, sentence
from generator.drift_config import NO_DRIFT_CONFIG, DriftConfig
from generator.drift_ignored import is_ignored, refuse_idle
from generator.drift_klasses import klass_changes, touched
from generator.drift_texts import text_changes
from generator.drift_tools import tool_changes
from generator.findings import SEVERITIES, Finding, TenantReport, ToolChange
from generator.ir import Json
from generator.rules import RULES
from generator.surface import Surface

_KLASS_ARGUMENT = "klass_name"
_CONDITION = re.compile(r"where\[\]\.field")


def compare(old: Surface, new: Surface) -> tuple[Finding, ...]:
    """What callers can notice between two surfaces, breaking first; one finding a change upstream."""
    return grouped(changes_between(old, new), NO_DRIFT_CONFIG, new.module or old.module)


def changes_between(old: Surface, new: Surface) -> tuple[Change, ...]:
    """Every change, without those that another one explains."""
    if not (old.tools and new.tools):
        return _whole_package(old, new)
    klasses, texts = tuple(klass_changes(old, new)), tuple(text_changes(old, new))
    tools = tuple(_unexplained(tool_changes(old, new), klasses, old, new))
    documents = tuple(_documents(old, new))
    found = (*klasses, *tools, *documents, *_package(old, new, (*klasses, *tools)))
    return (*found, *_shown_otherwise(old, new, found), *texts)


def _whole_package(old: Surface, new: Surface) -> tuple[Change, ...]:
    if not (old.tools or new.tools):
        return ()
    rule, tools = ("package-added", new.tools) if new.tools else ("package-removed", old.tools)
    whole = Change(rule, "package", tools=tuple(sorted(tools)), path="manifest.json")
    return (whole, *text_changes(old, new))


def tenant_report(name: str, old: Surface, new: Surface, config: DriftConfig, where: str) -> TenantReport:
    """The findings of one tenant, with its own severities and suppressions applied.

    Args:
        where: What the configuration is called in errors.

    Raises:
        ConfigError: A suppression matches nothing that is there.
    """
    refuse_idle(config, old, new, where)
    changes = changes_between(old, new)
    ignored = tuple(change for change in changes if is_ignored(change, config))
    module = new.module or old.module
    findings = grouped((change for change in changes if change not in ignored), config, module)
    touched_tools = sorted({tool for finding in findings for tool in finding.tools})
    shown = (ToolChange(tool, *(_contract(tool, surface) for surface in (old, new))) for tool in touched_tools)
    return TenantReport(
        tenant=name,
        state="drifted" if findings else "clean",
        findings=findings,
        suppressed=grouped(ignored, config, module),
        changes=tuple(change for change in shown if change.before != change.after),
    )


def _contract(tool: str, surface: Surface) -> Mapping[str, Json] | None:
    return surface.tools[tool].contract if tool in surface.tools else None


def grouped(changes: Iterable[Change], config: DriftConfig, module: str) -> tuple[Finding, ...]:
    """Findings: changes of one rule and one group told once, with all their tools; `module` is the folder of their files."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        groups.setdefault((change.rule, change.group or change.subject), []).append(change)
    findings = (_finding(rule, rows, config, module) for (rule, _), rows in groups.items())
    order = list(RULES)
    return tuple(sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), order.index(f.rule), f.subject)))


def _finding(rule: str, rows: list[Change], config: DriftConfig, module: str) -> Finding:
    rows = sorted(rows, key=lambda change: change.subject)
    first = rows[0]
    tools = tuple(sorted({tool for change in rows for tool in change.tools}))
    is_one = len({change.what for change in rows}) == 1 and bool(first.what)
    return Finding(
        rule=rule,
        severity=config.severity.get(rule, RULES[rule].severity),
        bump=RULES[rule].bump,
        subject=first.subject,
        text=sentence(first, tools, 1 if is_one else len({change.subject for change in rows})),
        before=first.before,
        after=first.after,
        tools=tools,
        path=first.path if first.path in ("", "manifest.json") else f"{module}/{first.path}",
    )


# ------------------------------------------------------------------------------- what explains what


def _unexplained(changes: Iterable[Change], klasses: Iterable[Change], old: Surface, new: Surface) -> Iterator[Change]:
    """The changes of tools that no change of a Klass accounts for."""
    by_klass: dict[str, list[Change]] = {}
    for change in klasses:
        by_klass.setdefault(change.subject.partition(" ")[2].partition(".")[0], []).append(change)
    gone_or_come = {name for name, rows in by_klass.items() if any(_is_whole(row) for row in rows)}
    whole = {tool for name in gone_or_come for row in by_klass[name] for tool in row.tools}
    labelled = {
        tool for rows in by_klass.values() for row in rows if row.rule == "klass-label-changed" for tool in row.tools
    }
    attributes = _changed_attributes(by_klass, old, new)
    for change in changes:
        tool = change.tools[0]
        if change.rule in ("tool-removed", "tool-added", "tool-renamed"):
            if not set(change.tools) & whole:
                yield change
        elif change.rule == "tool-description-changed" and tool in labelled:
            continue
        elif (
            kept := _without_names(_without_attributes(change, attributes.get(tool, set())), gone_or_come, labelled)
        ) is not None:
            yield kept


def _is_whole(change: Change) -> bool:
    return change.rule.startswith("klass-") and change.rule != "klass-label-changed"


def _changed_attributes(by_klass: Mapping[str, list[Change]], old: Surface, new: Surface) -> dict[str, set[str]]:
    """Tool -> the attributes of its Klass that have changed."""
    found: dict[str, set[str]] = {}
    for surface in (old, new):
        for klass in surface.klasses.values():
            rows = by_klass.get(str(klass["name"]), [])
            names = {row.subject.partition(".")[2] for row in rows if row.rule.startswith("attribute-")}
            for tool in touched(klass, surface):
                found.setdefault(tool, set()).update(names)
    return found


def _without_attributes(change: Change, names: set[str]) -> Change | None:
    """The change, if attributes that are told of do not account for it; of choices, those that remain."""
    if not names or not change.rule.startswith("argument-"):
        return change
    path = change.subject.partition(".")[2]
    below = re.search(r"(?:^|[.\]])custom\.(.+)$", path)
    if below and any(below[1] == name or below[1].startswith((f"{name}.", f"{name}[")) for name in names):
        return None
    if _CONDITION.fullmatch(path):
        return _without_choices(change, {f"custom.{name}" for name in names})
    return change


def _without_names(change: Change | None, klasses: set[str], labelled: set[str]) -> Change | None:
    """The change, if Klasses that came or went, or are called otherwise, do not account for it."""
    if change is None:
        return None
    path = change.subject.partition(".")[2]
    if klasses and path == _KLASS_ARGUMENT:
        return _without_choices(change, klasses)
    is_text = change.rule == "argument-description-changed" and path.rpartition(".")[2].removesuffix("[]") == "custom"
    return None if is_text and change.tools[0] in labelled else change


def _without_choices(change: Change, known: set[str]) -> Change | None:
    values = change.before if change.rule == "argument-choice-removed" else change.after
    if change.rule not in ("argument-choice-removed", "argument-choice-added"):
        return change
    left = [value for value in values if value not in known]
    if not left:
        return None
    return replace(change, before=left) if change.rule.endswith("removed") else replace(change, after=left)


# ------------------------------------------------------------------------- documents, and the package itself


def _documents(old: Surface, new: Surface) -> Iterator[Change]:
    gone, come = set(old.documents) - set(new.documents), set(new.documents) - set(old.documents)
    for name in sorted(gone):
        count = sum(document == name for _, document in old.left_out)
        said = f"; {count} operations that were left out go with it" if count else ""
        yield Change("document-removed", f"document {name}", path="manifest.json", why=said)
    for name in sorted(come):
        count = sum(document == name for _, document in new.left_out)
        said = f"; {count} of its operations are not selected" if count else ""
        yield Change("document-added", f"document {name}", path="manifest.json", why=said)
    yield from _left_out(old, new, gone | come)


def _left_out(old: Surface, new: Surface, documents: set[str]) -> Iterator[Change]:
    """Operations that are no tools: what came, what went, and other reasons. Those that are or were tools are told as such."""
    tools = {key for surface in (old, new) for tool in surface.tools.values() for key in tool.operations}
    for key in sorted(old.left_out.keys() | new.left_out.keys()):
        operation, document = key
        if operation in tools or document in documents:
            continue
        before, after = (_reasons(surface.left_out.get(key)) for surface in (old, new))
        rule = (
            "operation-available"
            if before is None
            else "operation-gone" if after is None else "left-out-reason-changed"
        )
        if before != after:
            yield Change(rule, f"operation {operation}", before, after, path="manifest.json")


def _reasons(said: tuple[str, ...] | None) -> str | None:
    return None if said is None else "; ".join(said)


def _package(old: Surface, new: Surface, others: tuple[Change, ...]) -> Iterator[Change]:
    coming = [
        c
        for c in others
        if c.rule in ("tool-removed", "tool-added", "tool-renamed") or c.rule.startswith(("klass-", "attribute-"))
    ]
    for said in sorted(set(new.idle_filters) - set(old.idle_filters)):
        yield Change("filter-matches-nothing", f"filter {said}")
    for name in sorted(old.prompts.keys() | new.prompts.keys()):
        if name not in new.prompts:
            yield Change("prompt-removed", f"prompt {name}", path="prompts.json")
        elif not coming and old.prompts.get(name) != new.prompts[name]:
            rule = "prompt-changed" if name in old.prompts else "prompt-added"
            yield Change(rule, f"prompt {name}", path="prompts.json")
    for key in sorted(old.facts.keys() & new.facts.keys()):
        before, after = old.facts[key], new.facts[key]
        if before == after:
            continue
        if key == "base_url":
            yield Change(
                "base-url-changed", "package base_url", before, after, tuple(sorted(new.tools)), path="__init__.py"
            )
        elif key == "title" or not any(_is_whole(change) for change in coming):
            yield Change("server-text-changed", f"package {key}", before, after, what=key, path="server.py")


def _shown_otherwise(old: Surface, new: Surface, found: Iterable[Change]) -> Iterator[Change]:
    """Contracts that differ although no change speaks of their tool: nothing that a client sees goes unsaid."""
    told = {tool for change in found for tool in change.tools}
    for name in sorted(old.tools.keys() & new.tools.keys()):
        before, after = old.tools[name].contract, new.tools[name].contract
        if name not in told and before != after:
            tool = new.tools[name]
            yield Change(
                "tool-shown-otherwise", f"tool {name}", None, None, (name,), json.dumps([tool.document, "shown"]),
                path=f"contract/{tool.toolset}.json",
            )  # fmt: skip
