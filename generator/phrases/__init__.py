"""Owns what people say when they want a tool, for the search index alone: rows of phrases keyed by method and path as
published, or by tool where an operation is split.

Nothing here is seen by a client: contracts say what a tool does, these rows what somebody says who does not know its name.
A row is complete when it has objects, slang and intents that the contract does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.ir import Package, Tool
from generator.phrases import access, ai, apps, communication, core, knowledge, routing, settings, workflows
from generator.phrases.klasses import KlassTool, klass_phrases, klass_tools

TABLES: tuple[Mapping[str, str], ...] = (
    access.PHRASES,
    ai.PHRASES,
    apps.PHRASES,
    communication.PHRASES,
    core.PHRASES,
    knowledge.PHRASES,
    routing.PHRASES,
    settings.PHRASES,
    workflows.PHRASES,
)
PHRASES: dict[str, str] = {key: row for table in TABLES for key, row in table.items()}


def phrases(package: Package) -> dict[str, tuple[str, ...]]:
    """Tool -> what people say who want it; empty where nothing is known."""
    made = klass_tools(package.custom_klasses)
    return {tool.name: _of(tool, made.get(tool.name)) for tool in package.tools}


def split(row: str) -> tuple[str, ...]:
    """The phrases of a row.

    >>> split("who works here; staff directory")
    ('who works here', 'staff directory')
    """
    return tuple(row.split("; ")) if row else ()


def _of(tool: Tool, made: KlassTool | None) -> tuple[str, ...]:
    if made:
        return klass_phrases(split(PHRASES[made.row]), made.klass)
    rows = [PHRASES[tool.name]] if tool.name in PHRASES else list(_rows(tool))
    return tuple(dict.fromkeys(phrase for row in rows for phrase in split(row)))


def _rows(tool: Tool) -> Iterator[str]:
    """A tool that leads to several operations is asked for as each of them is."""
    return (PHRASES[key] for key in tool.operations if key in PHRASES)
