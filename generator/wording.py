"""Owns what a tool is called in words and said to do: the document's texts, and rows for the branches of a split operation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator import quirks
from generator.ir import Operation
from generator.text import cut, spelled


@dataclass(frozen=True, slots=True)
class Wording:
    """A tool's title and its description in full."""

    title: str
    description: str


def wording(operation: Operation, names: Mapping[str, str]) -> Wording:
    """The title and the description of an operation's tool, with its arguments (wire name -> name) as callers spell them."""
    title, description = _title(operation), spelled(operation.description, names) or f"{_title(operation)}."
    if not operation.branch or operation.branch == "attributes":
        return Wording(title, description)
    row = BRANCH_WORDING.get((operation.key, operation.branch)) or BRANCH_WORDING.get((operation.key, "*"))
    if row is None:
        return Wording(f"{title}: {operation.branch.replace('_', ' ')}", description)
    channel = operation.branch.replace("_", " ")
    text = row[1].format(channel=channel)
    if quirks.SCHEDULE_AT not in (operation.body or {}).get("properties", {}):
        for words in SCHEDULE_WORDING:
            text = text.replace(words, "")
    return Wording(row[0].format(channel=channel), text)


def _title(operation: Operation) -> str:
    """The summary where the document has one, else the operation id in words."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", operation.operation_id)
    return cut(operation.summary or words, 60)


# What only a tool that has send_at says of it.
SCHEDULE_WORDING = (", at once or at send_at", " An empty send_at unschedules it.")

# Operation and branch -> title and description; "{channel}" is the branch in words.
BRANCH_WORDING: dict[tuple[str, str], tuple[str, str]] = {
    ("POST /v1/customers/{id}/drafts", "note"): (
        "Draft a note",
        "Draft an internal note on a customer's conversation; nothing reaches the customer. One note draft per conversation.",
    ),
    ("POST /v1/customers/{id}/drafts", "*"): (
        "Draft {channel}",
        "Draft an outbound {channel} to a customer; this is what delivers, at once or at send_at.",
    ),
    ("PUT /v1/drafts/{id}", "note"): (
        "Update note draft",
        "Update an internal note draft by id; only the fields given change.",
    ),
    ("PUT /v1/drafts/{id}", "*"): (
        "Update {channel} draft",
        "Update the {channel} draft with this id; only the fields given change. An empty send_at unschedules it.",
    ),
    ("PATCH /v1/conversations/{id}", "customer"): (
        "Change conversation's customer",
        "Move a conversation to another customer.",
    ),
    ("PUT /v3/kb/themes/{themeId}/revisions/draft", "publish"): (
        "Publish theme draft",
        "Publish the draft revision of a knowledge base theme.",
    ),
    ("POST /v3/kb/themes/{themeId}/revisions/draft", "duplicate_revision_id"): (
        "Copy revision to draft",
        "Create the draft revision of a knowledge base theme as a copy of another revision.",
    ),
}
