"""Owns what the commands share: how errors are told, tenants as arguments, progress, signs and counts. It runs no command."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, TextIO

import click

from generator.errors import ConfigError, KustomerMcpError

_COLORS = {"+": "green", "~": "yellow", "-": "red"}


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it; a stream that was closed before the start is None."""
    return stream is not None and stream.isatty()


class Commands(click.Group):
    """Turns the tool's own errors and the system's into their text and exit code 1; any other keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # nobody reads on: Click ends without a word
        except (KustomerMcpError, OSError) as error:
            click.echo(f"{click.style('Error', fg='red')}: {_said(error)}", err=True)
            sys.exit(1)


def _said(error: Exception) -> str:
    """An error's text; one of the system's is about a file, or about what is printed (a full disk behind `>`)."""
    if not isinstance(error, OSError):
        return str(error)
    return f"{error.strerror or error}\n  - at {error.filename or 'the output'}"


class Progress:
    """One line on a terminal: what, how many, how long; gone when it is done. Silent elsewhere."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._start = time.monotonic()
        self._shown = is_terminal(sys.stderr)

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._shown:
            count = f" {done}/{total}" if total else ""
            seconds = f"{time.monotonic() - self._start:.0f} s"
            click.echo(f"\r\033[K{self._label}: {what}{count} ({seconds})", nl=False, err=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            click.echo("\r\033[K", nl=False, err=True)


def chosen(root: Path, names: Sequence[str]) -> tuple[str, ...]:
    """The tenants that a command is for: those named, each once; none named means all.

    Raises:
        ConfigError: None is named, and there is none.
    """
    from generator.config import tenants

    found = tuple(dict.fromkeys(names)) or tenants(root)
    if not found:
        raise ConfigError("there is no tenant yet", ["run `kustomer-mcp init NAME --org ORG`"])
    return found


def complete_tenants(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The tenants that a shell may complete a word to."""
    from generator.config import tenants

    root = ctx.find_root().params.get("root") or Path()
    return [name for name in tenants(Path(root)) if name.startswith(incomplete)]


def told(sign: str, what: str) -> None:
    """Print a line of a plan: + new, ~ changed, - gone."""
    click.echo(f"{click.style(sign, fg=_COLORS[sign])} {what}")


def counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"


def told_changes(label: str, before: dict[str, str], after: dict[str, str], summary: str) -> None:
    """Print which pins are new, changed or gone (name -> sha256, before and after), and a summary."""
    rows = [("+", name) for name in after if name not in before]
    rows += [("~", name) for name in after if name in before and before[name] != after[name]]
    rows += [("-", name) for name in before if name not in after]
    for sign, name in sorted(rows, key=lambda row: row[1]):
        told(sign, name)
    click.echo(f"{label}: {summary}; {counted(len(rows), 'change')}")
