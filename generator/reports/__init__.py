"""Owns the choice of a format: a report becomes text in one of six. It finds nothing and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.findings import Report
from generator.reports import github, json, markdown, sarif, text
from generator.reports.places import Locate, first_line

FORMATS = ("text", "json", "markdown", "github", "sarif", "html")
# The file of each format in a report folder; `github` is for a log, and has none.
FILES: Mapping[str, str] = {
    "text": "report.txt",
    "json": "report.json",
    "markdown": "report.md",
    "sarif": "report.sarif",
    "html": "report.html",
}
_WITHOUT_PLACES: Mapping[str, Callable[[Report], str]] = {"json": json.render, "markdown": markdown.render}
_WITH_PLACES: Mapping[str, Callable[[Report, Locate], str]] = {"github": github.render, "sarif": sarif.render}


def render(report: Report, format: str, *, locate: Locate = first_line, color: bool = False) -> str:
    """Render a report; the text ends with a line feed.

    Args:
        report: What a run found.
        format: One of FORMATS.
        locate: Where a finding is seen: `places.in_tree(root)` reads the files, the default says line 1.
        color: Whether `text` has terminal colours.

    Raises:
        KeyError: The format is none of FORMATS.
    """
    if format == "text":
        return text.render(report, color=color)
    if format in _WITH_PLACES:
        return _WITH_PLACES[format](report, locate)
    if format == "html":
        # The template engine takes a second to import, and no other format needs it.
        from generator.reports import html

        return html.render(report)
    return _WITHOUT_PLACES[format](report)


def files(report: Report, locate: Locate = first_line) -> dict[str, str]:
    """A report folder: file name -> text, in every format that is a file."""
    return {name: render(report, format, locate=locate) for format, name in FILES.items()}


__all__ = ["FILES", "FORMATS", "Locate", "files", "render"]
