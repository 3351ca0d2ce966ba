"""Owns docs/commands.md (and docs/rules.md): what the commands say of themselves, as pages. A test keeps them current.

Usage: python .ci/reference.py writes them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
from click.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "generated" / "acme")]
_PACKAGE = "kustomer-mcp-TENANT"
_HEAD = """# Commands

Made by `python .ci/reference.py` from the commands themselves; don't edit it.

`kustomer-mcp` is the generator. `kustomer-mcp-TENANT` is the command of a generated package: `kustomer-mcp-acme` for acme.
Exit codes of both: 0 fine, 1 could not do it, 2 wrong usage; of the generator also 3, out of date or drifted.
"""


def pages() -> dict[str, str]:
    """Every page that is made here, by its name in docs/."""
    generator: click.Group = import_module("generator.cli").main
    package: click.Group = import_module("kustomer_mcp_acme.server").main
    parts = [_HEAD, *_told("kustomer-mcp", generator), *_told(_PACKAGE, package)]
    made = {"commands.md": "\n".join(parts)}
    if "rules" in generator.commands:
        made["rules.md"] = _rules(generator)
    return made


def _rules(generator: click.Group) -> str:
    told = CliRunner().invoke(generator, ["rules", "--format", "markdown"], catch_exceptions=False)
    head = "# Rules of drift\n\nMade by `python .ci/reference.py` from `kustomer-mcp rules`; don't edit it.\n\n"
    return head + told.output.strip() + "\n"


def _told(name: str, command: click.Command, parent: click.Context | None = None) -> Iterator[str]:
    """One section a command, its own subcommands after it."""
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, **command.context_settings)
    yield f"{'##' if parent is None else '###'} {name}\n"
    yield f"```text\n{' '.join([name, *command.collect_usage_pieces(context)])}\n```\n"
    yield _paragraphs(command.help or "") + "\n"
    if rows := [row for option in command.get_params(context) if (row := option.get_help_record(context))]:
        yield "| option | |\n|---|---|"
        yield "\n".join(f"| `{_cell(words)}` | {_plain(_cell(text))} |" for words, text in rows) + "\n"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from _told(f"{name} {sub}", found, context)


def _paragraphs(text: str) -> str:
    lines = [" ".join(part.split()) for part in text.replace("\b", "").strip().split("\n\n")]
    return _plain("\n\n".join(lines))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """Text that Markdown does not take for HTML."""
    return text.replace("<", "&lt;")


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (ROOT / "docs" / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
