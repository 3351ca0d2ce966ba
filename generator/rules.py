"""Owns the rules of drift, as rows, and how they are printed. It decides nothing about versions or tenants."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from difflib import get_close_matches

from generator.findings import SEVERITIES, Bump, Level, Rule, Severity

# Severity and what it does to the version, as most rules have it.
_BREAKS: tuple[Severity, Bump] = ("breaking", "major")
_ADDS: tuple[Severity, Bump] = ("info", "minor")
_WORDS: tuple[Severity, Bump] = ("info", "patch")
_WARNS: tuple[Severity, Bump] = ("warning", "minor")
_TOLD: tuple[Severity, Bump] = ("info", "")


def _rows(level: Level, *rows: tuple[str, tuple[Severity, Bump], str, str, str]) -> Iterable[Rule]:
    """Rows of id, severity with bump, direction, purpose and action."""
    for name, (severity, bump), direction, purpose, action in rows:
        yield Rule(name, level, severity, bump, direction, purpose, action)  # type: ignore[arg-type]


_ALL: tuple[Rule, ...] = (
    *_rows(
        "tool",
        ("tool-removed", _BREAKS, "removed", "Callers that use the tool get an error.", "Move callers to another tool first, or take the selection back."),
        ("tool-added", _ADDS, "added", "Models see one more tool, and it costs tokens.", "Decide whether it should be offered; else exclude it."),
        ("tool-renamed", _BREAKS, "changed", "The same operation answers under another name only.", "Tell callers the new name; prompts and grants that name the tool need it too."),
        ("tool-now-writes", _BREAKS, "changed", "Clients may call it without asking a person.", "Check grants and confirmations before you release."),
        ("tool-now-reads", _ADDS, "changed", "A tool that clients asked about before may be called freely.", "Check that it really changes nothing."),
        ("tool-hint-changed", _WARNS, "changed", "Clients ask a person, or repeat a call, by these hints.", "Check that clients may treat the tool so."),
        ("tool-grouping-changed", _WARNS, "changed", "Grants choose tools by tag and kind; the tool falls under others now.", "Check the grants that name its tags."),
        ("tool-description-changed", _WORDS, "changed", "Models choose tools by their texts.", "Read the new text as a model would."),
        ("tool-shown-otherwise", _WORDS, "changed", "What tools/list shows of a tool differs, although it takes the same.", "Nothing, unless a client depends on how the schema is spelled."),
        ("operation-moved", _WARNS, "changed", "The tool sends its request to another method or path.", "Check that the new operation does the same."),
        ("roles-changed", _WARNS, "changed", "The key needs other roles for this tool.", "Run the package's doctor with the key in use."),
        ("confirmation-added", _BREAKS, "added", "Calls that nobody confirms are refused.", "Tell callers to name the record once more."),
        ("confirmation-removed", _ADDS, "removed", "Calls go through without being confirmed.", "Check that this is meant."),
        ("argument-removed", _BREAKS, "removed", "Calls that set it are refused.", "Tell callers to leave it out."),
        ("argument-added", _ADDS, "added", "Callers may set one more argument.", "Nothing."),
        ("argument-required-added", _BREAKS, "added", "Calls without the new argument are refused.", "Tell callers what to give."),
        ("argument-renamed", _BREAKS, "changed", "The same field goes by another name only.", "Tell callers the new name."),
        ("argument-became-required", _BREAKS, "changed", "Calls that leave it out are refused.", "Tell callers what to give."),
        ("argument-became-optional", _ADDS, "changed", "Callers may leave it out.", "Nothing."),
        ("argument-type-changed", _BREAKS, "changed", "Values that were taken are refused.", "Tell callers the new type."),
        ("argument-type-narrowed", _BREAKS, "changed", "Some values that were taken are refused.", "Tell callers what is still taken."),
        ("argument-type-widened", _ADDS, "changed", "More values are taken.", "Nothing."),
        ("argument-became-free-form", ("warning", "minor"), "changed", "The fields of the object are not known any more; nothing is checked before it is sent.", "Check upstream whether its schema was lost."),
        ("argument-choice-removed", _BREAKS, "removed", "Calls with the old value are refused.", "Tell callers which values remain."),
        ("argument-choice-added", _ADDS, "added", "One more value is taken.", "Nothing."),
        ("argument-bounds-tightened", _BREAKS, "changed", "Values that were within bounds are refused.", "Tell callers the new bounds."),
        ("argument-bounds-loosened", _ADDS, "changed", "Values that were out of bounds are taken.", "Nothing."),
        ("argument-null-refused", _BREAKS, "changed", "Calls that clear the field are refused.", "Tell callers that it can't be cleared."),
        ("argument-null-accepted", _ADDS, "changed", "Callers may clear the field.", "Nothing."),
        ("argument-description-changed", _WORDS, "changed", "Models fill arguments in by their texts.", "Read the new text as a model would."),
    ),
    *_rows(
        "klass",
        ("klass-added", _ADDS, "added", "A custom object type has tools of its own.", "Decide whether it should be offered; else exclude it under [klasses]."),
        ("klass-removed", _BREAKS, "removed", "Calls of its tools, or with its name, are refused.", "Ask who removed it before you release."),
        ("klass-disabled", _BREAKS, "removed", "Calls of its tools, or with its name, are refused; its records are kept.", "Ask whether it comes back; if so, wait."),
        ("klass-hidden", _BREAKS, "removed", "Calls of its tools, or with its name, are refused; its records are kept.", "Move callers away from it."),
        ("klass-deleted", _BREAKS, "removed", "Calls of its tools, or with its name, are refused; deletion is soft.", "Ask who deleted it; an administrator can bring it back."),
        ("klass-deselected", _BREAKS, "removed", "Calls of its tools, or with its name, are refused.", "Check that this is meant."),
        ("klass-restored", _ADDS, "added", "A Klass that was disabled, hidden, deleted or left out has tools again.", "Check that it should be offered."),
        ("klass-label-changed", _WORDS, "changed", "Models know the Klass by its label.", "Read the new texts."),
        ("attribute-removed", _BREAKS, "removed", "Calls that set or search the attribute are refused.", "Tell callers; its values may be lost."),
        ("attribute-deleted", _BREAKS, "removed", "Calls that set or search it are refused; deletion is soft.", "Ask who deleted it; an administrator can bring it back."),
        ("attribute-disabled", _BREAKS, "removed", "Calls that set or search it are refused; its values are kept.", "Ask whether it comes back."),
        ("attribute-added", _ADDS, "added", "Callers may set and search one more attribute.", "Nothing."),
        ("attribute-restored", _ADDS, "added", "An attribute that was deleted or disabled may be set again.", "Nothing."),
        ("attribute-type-changed", _BREAKS, "changed", "Values of the old type are refused.", "Tell callers the new type."),
        ("attribute-choice-removed", _BREAKS, "removed", "Calls with the old value are refused.", "Tell callers which values remain."),
        ("attribute-choice-added", _ADDS, "added", "One more value is taken.", "Nothing."),
        ("attribute-choices-closed", _BREAKS, "changed", "Only listed values are taken where any was.", "Tell callers the list."),
        ("attribute-choices-opened", _ADDS, "changed", "Any value is taken where only listed ones were.", "Nothing."),
        ("attribute-target-changed", _WARNS, "changed", "The attribute points to records of another Klass.", "Check callers that follow it."),
        ("attribute-tree-changed", _WARNS, "changed", "The tree of choices differs; Kustomer refuses ids that are gone.", "Tell callers which choices remain."),
        ("attribute-sensitive-added", _WARNS, "changed", "Values may come back masked.", "Check callers that compare or copy them."),
        ("attribute-sensitive-removed", ("info", "patch"), "changed", "Values come back unmasked.", "Check that models may see them."),
        ("attribute-text-changed", _WORDS, "changed", "Models know the attribute by its label.", "Read the new text."),
    ),
    *_rows(
        "document",
        ("document-added", _TOLD, "added", "A new document; its operations may be selected.", "Look at what it offers."),
        ("document-removed", ("warning", ""), "removed", "A document is not read any more.", "Check specs/sources.toml."),
        ("operation-available", _TOLD, "added", "Kustomer has an operation that the selection leaves out.", "Select it if callers could use it."),
        ("operation-gone", _TOLD, "removed", "An operation that was left out is gone.", "Nothing."),
        ("left-out-reason-changed", _TOLD, "changed", "An operation is left out for another reason.", "Nothing."),
    ),
    *_rows(
        "package",
        ("package-added", _ADDS, "added", "There is a package where there was none.", "Connect its clients."),
        ("package-removed", _BREAKS, "removed", "Every call fails.", "Tell everybody who uses it."),
        ("filter-matches-nothing", ("warning", ""), "changed", "A filter of tenant.toml names something that Kustomer does not have any more; `generate` refuses it.", "Take it out of tenant.toml, then generate."),
        ("prompt-removed", _BREAKS, "removed", "Clients that offer the prompt get an error.", "Tell people who use it."),
        ("prompt-added", _ADDS, "added", "Clients offer one more prompt.", "Nothing."),
        ("prompt-changed", _WORDS, "changed", "The prompt says something else, or takes other arguments.", "Read it."),
        ("base-url-changed", ("warning", "minor"), "changed", "The package calls another host, with the same key.", "Check that it is the right organisation."),
        ("text-suspicious", ("warning", ""), "added", "A text from outside speaks to models, hides something or asks for secrets; models read it.", "Read the text, and ask its author before you release."),
        ("server-text-changed", _WORDS, "changed", "Models read the server's title and instructions first.", "Read the new text."),
    ),
)  # fmt: skip

RULES: dict[str, Rule] = {rule.id: rule for rule in _ALL}

_MARKDOWN = (
    "| rule | of | severity | version | what it means | what to do |\n"
    "|---|---|---|---|---|---|\n"
)  # fmt: skip


def unknown_rule(name: str) -> str:
    """What is wrong with a rule id that is none, with the nearest one; an empty string where it is one."""
    if name in RULES:
        return ""
    close = get_close_matches(name, RULES, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "`kustomer-mcp rules` lists them"
    return f"{name!r} is no rule; {hint}"


def rules_text() -> str:
    """The rules for a terminal."""
    width = max(map(len, RULES))
    lines = []
    for rule in RULES.values():
        head = f"{rule.id:<{width}}  {rule.severity:<8}  {rule.bump or '-':<5}"
        lines.append(f"{head}  {rule.purpose} {rule.action}")
    return "\n".join(lines) + "\n"


def rules_json() -> str:
    """The rules as a JSON list."""
    return json.dumps([asdict(rule) for rule in RULES.values()], indent=1, ensure_ascii=False) + "\n"


def rules_markdown() -> str:
    """The rules as a Markdown table, breaking first."""
    rows = sorted(RULES.values(), key=lambda rule: SEVERITIES.index(rule.severity))
    return _MARKDOWN + "".join(
        f"| `{r.id}` | {r.level} | {r.severity} | {r.bump or '-'} | {r.purpose} | {r.action} |\n" for r in rows
    )


FORMATS = {"text": rules_text, "json": rules_json, "markdown": rules_markdown}
