"""Owns CHANGELOG.md of a package: plain words for callers, newest first. What is there already is never rewritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from generator.findings import untold
from generator.ir import Json, Package
from generator.rules import RULES
from generator.text import markdown
from generator.versions import FIRST

PATH = "CHANGELOG.md"
_HEADS = {"major": "Breaking", "minor": "New", "patch": "Changed"}
_FIRST = "The first version."
_CODE = "Nothing that callers see has changed; the code behind it has."
_MOST_TOOLS = 12
# A name between backticks, as markdown() escapes it.
_NAME = re.compile(r"\\`((?:[\w.]|\\\[\\\])+)\\`")


def section(version: str, changes: Sequence[Mapping[str, Json]], *, is_first: bool) -> str:
    """What one version changes, from the changes that the manifest holds."""
    parts = [f"## {version}\n"]
    for bump, head in _HEADS.items():
        rows = [_line(row) for row in changes if RULES[row["rule"]].bump == bump]
        if rows:
            parts.append(f"### {head}\n\n" + "".join(rows))
    if len(parts) == 1:
        parts.append(f"{_FIRST if is_first else _CODE}\n")
    return "\n".join(parts)


def is_row(row: Mapping[str, Json]) -> bool:
    """Whether a change that a manifest holds is one that can be told: of a rule that there is, with its text."""
    tools = row.get("tools", [])
    return row.get("rule") in RULES and isinstance(row.get("text"), str) and isinstance(tools, list)


def _line(row: Mapping[str, Json]) -> str:
    rule = RULES[row["rule"]]
    tools = [f"`{tool}`" for tool in untold(row["text"], row.get("tools", []))]
    more = f" and {len(tools) - _MOST_TOOLS} more" if len(tools) > _MOST_TOOLS else ""
    named = f" Tools: {', '.join(tools[:_MOST_TOOLS])}{more}." if tools else ""
    purpose = f" {rule.purpose}" if rule.bump == "major" else ""
    return f"- {_prose(row['text'])}{purpose}{named}\n"


def _prose(text: str) -> str:
    """A sentence as text; the names of arguments in it stay code."""
    return _NAME.sub(lambda found: f"`{found[1]}`".replace("\\", ""), markdown(text))


def started(title: str) -> str:
    """A changelog without versions."""
    return (
        f"# Changelog of {markdown(title)}\n\n"
        "What callers must know, newest first. A major version may break calls that worked, a minor one adds, a patch changes\n"
        "texts or code only.\n"
    )


def text_of(package: Package) -> str:
    """The changelog of a package: the one that it has, told of its version where it does not."""
    text = package.changelog or started(package.title)
    if has(text, package.version):
        return text
    is_first = not package.changelog and package.version == FIRST
    return prepended(text, section(package.version, package.changes, is_first=is_first))


def has(text: str, version: str) -> bool:
    """Whether a changelog tells of a version."""
    return re.search(rf"^## {re.escape(version)}\s*$", text, re.MULTILINE) is not None


def prepended(text: str, entry: str) -> str:
    """The changelog with one more section before the others; every other byte stays."""
    found = re.search(r"^## ", text, re.MULTILINE)
    if found is None:
        return f"{text.rstrip()}\n\n{entry}"
    return f"{text[: found.start()]}{entry}\n{text[found.start() :]}"
