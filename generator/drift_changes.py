"""Owns one change as it is found, before tenants' settings and grouping, and the sentences that tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from generator.ir import Json


@dataclass(frozen=True, slots=True)
class Change:
    """One change, seen at one place.

    Attributes:
        rule: The rule's id.
        subject: See Finding.
        tools: The tools that it touches.
        group: Changes of one rule and one group are the same change upstream; the subject where it is empty.
        what: What the sentence speaks of, where the subject is not it.
        why: What the sentence adds.
    """

    rule: str
    subject: str
    before: Json = None
    after: Json = None
    tools: tuple[str, ...] = ()
    group: str = ""
    what: str = ""
    path: str = ""
    why: str = ""


# Rule -> its sentence. {what} is the thing, {before} and {after} its values in words; of several tools, verbs are plural.
TEXTS: dict[str, str] = {
    "tool-removed": "{what} {is} gone{why}.",
    "tool-added": "{what} {is} new{why}.",
    "tool-renamed": "Tool {before} is called {after} now.",
    "tool-now-writes": "{what} {changes} data now, and only read before.",
    "tool-now-reads": "{what} only {reads} now, and changed data before.",
    "tool-hint-changed": "{what} {has} other hints: {after} (before: {before}).",
    "tool-grouping-changed": "{what} {has} another kind or other tags: {after} (before: {before}).",
    "tool-description-changed": "{what} {is} described anew.",
    "tool-shown-otherwise": "{what} {takes} the same, and {is} shown otherwise in the list.",
    "operation-moved": "{what} {sends} {after} now (before: {before}).",
    "roles-changed": "{what} {asks} for other roles: {after} (before: {before}).",
    "confirmation-added": "{what} must be confirmed: `confirm` has to name the record once more.",
    "confirmation-removed": "{what} need not be confirmed any more.",
    "argument-removed": "{what} is not taken any more (it was: {before}).",
    "argument-added": "{what} is new, and may be given ({after}).",
    "argument-required-added": "{what} is new, and must be given ({after}).",
    "argument-renamed": "{what} is called `{after}` now.",
    "argument-became-required": "{what} must be given now.",
    "argument-became-optional": "{what} may be left out now.",
    "argument-type-changed": "{what} takes {after} where it took {before}.",
    "argument-type-narrowed": "{what} takes only {after} where it took {before}.",
    "argument-type-widened": "{what} takes {after} where it took only {before}.",
    "argument-became-free-form": "{what} takes any object; its fields are not known any more.",
    "argument-choice-removed": "{what} does not take {before} any more.",
    "argument-choice-added": "{what} takes {after} as well.",
    "argument-bounds-tightened": "{what} has tighter bounds: {after} (before: {before}).",
    "argument-bounds-loosened": "{what} has looser bounds: {after} (before: {before}).",
    "argument-null-refused": "{what} does not take null any more.",
    "argument-null-accepted": "{what} takes null, which clears it.",
    "argument-description-changed": "{what} is described anew.",
    "klass-added": "{what} is new{why}.",
    "klass-removed": "{what} is gone from the organisation{why}.",
    "klass-disabled": "{what} was disabled in Kustomer{why}.",
    "klass-hidden": "{what} takes no new records any more (existing only){why}.",
    "klass-deleted": "{what} was deleted in Kustomer{why}.",
    "klass-deselected": "{what} is left out by [klasses]{why}.",
    "klass-restored": "{what} is back (it was {before}){why}.",
    "klass-label-changed": "{what} is called {after}, and was called {before}.",
    "attribute-removed": "{what} is gone from the organisation.",
    "attribute-deleted": "{what} was deleted in Kustomer.",
    "attribute-disabled": "{what} was disabled in Kustomer.",
    "attribute-added": "{what} is new ({after}).",
    "attribute-restored": "{what} is back (it was {before}).",
    "attribute-type-changed": "{what} is {after}, and was {before}.",
    "attribute-choice-removed": "{what} does not take {before} any more.",
    "attribute-choice-added": "{what} takes {after} as well.",
    "attribute-choices-closed": "{what} takes only {after} now.",
    "attribute-choices-opened": "{what} takes any value now (before: {before}).",
    "attribute-target-changed": "{what} points to {after}, and pointed to {before}.",
    "attribute-tree-changed": "{what} has another tree of choices.",
    "attribute-sensitive-added": "{what} is sensitive now.",
    "attribute-sensitive-removed": "{what} is not sensitive any more.",
    "attribute-text-changed": "{what} is described anew: {after} (before: {before}).",
    "document-added": "{what} is new{why}.",
    "document-removed": "{what} is not read any more{why}.",
    "operation-available": "{what} is new, and not selected: {after}.",
    "operation-gone": "{what} is gone; it was left out.",
    "left-out-reason-changed": "{what} is left out for another reason: {after} (before: {before}).",
    "package-added": "The package is new.",
    "package-removed": "The package is gone.",
    "filter-matches-nothing": "{what} matches nothing any more.",
    "prompt-removed": "{what} is gone.",
    "prompt-added": "{what} is new.",
    "prompt-changed": "{what} says something else.",
    "base-url-changed": "The package calls {after} where it called {before}.",
    "server-text-changed": "The server's {what} changed.",
    "text-suspicious": "The text of {what} {why}.",
}


# Verb -> of one tool, of several.
_VERBS = {
    "is": ("is", "are"), "has": ("has", "have"), "takes": ("takes", "take"), "sends": ("sends", "send"),
    "asks": ("asks", "ask"), "changes": ("changes", "change"), "reads": ("reads", "read"),
}  # fmt: skip


def sentence(change: Change, tools: tuple[str, ...], count: int) -> str:
    """What a change says to a person; `count` is how many tools, or how many arguments by their path, have it."""
    what = change.what or change.subject
    is_many = count > 1 and _is_of_tools(change)
    if change.rule.startswith("argument-"):
        where = tools[0] if len(tools) == 1 else f"{len(tools)} tools"
        what += f" of {where}" if count == 1 else f" (and {count - 1} more like it, in {where})"
    elif is_many:
        what = f"{count} tools"
    verbs = {verb: forms[is_many] for verb, forms in _VERBS.items()}
    values = {"before": _said(change.before), "after": _said(change.after), "why": change.why}
    text = TEXTS[change.rule].format(what=what, **values, **verbs)
    return text[:1].upper() + text[1:]


def _is_of_tools(change: Change) -> bool:
    return change.rule.startswith(("tool-", "confirmation-", "operation-moved", "roles-"))


def counted(tools: int) -> str:
    """`1 tool`, `2 tools`."""
    return f"{tools} tool{'' if tools == 1 else 's'}"


def _said(value: Json) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return "nothing"
    if isinstance(value, list):
        return ", ".join(json.dumps(each, ensure_ascii=False) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(inner)}" for key, inner in value.items()) or "none"
    return json.dumps(value, ensure_ascii=False)
