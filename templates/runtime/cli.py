"""Owns the command of a package: words into one call. It decides nothing about Kustomer or MCP."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable

import anyio
import click

from .errors import KustomerError
from .server import PackageInfo
from .settings import Settings


def command(info: PackageInfo) -> click.Group:
    """The command line of a package."""

    @click.group(
        cls=_Commands,
        info=info,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=f"{info.title}: an MCP server. It reads KUSTOMER_API_KEY (or KUSTOMER_API_KEY_FILE).",
    )
    @click.version_option(info.version, prog_name=info.name)
    def main() -> None:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")

    return main


class _Commands(click.Group):
    """A group that imports a command when it is asked for: a server starts without the others."""

    def __init__(self, info: PackageInfo, **settings: object) -> None:
        super().__init__(**settings)  # type: ignore[arg-type]
        self._info = info

    def list_commands(self, ctx: click.Context) -> list[str]:
        _ = ctx
        return list(_MADE)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        _ = ctx
        made = _MADE.get(cmd_name)
        return made(self._info) if made else None


def _bundle(info: PackageInfo) -> click.Command:
    from .bundle import bundle

    return bundle(info)


def _connect(info: PackageInfo) -> click.Command:
    from .connect import connect

    return connect(info)


def _doctor(info: PackageInfo) -> click.Command:
    @click.command(
        "doctor", help="Say whether key, tools, Klasses, region and clock are as they should be; exit code 1 if not."
    )
    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
    def doctor(form: str) -> None:
        sys.exit(_examined(info, form))

    return doctor


def _grants(info: PackageInfo) -> click.Command:
    from .grants.commands import grants_group

    return grants_group(info)


def _serve(info: PackageInfo) -> click.Command:
    from .serve import serve_command

    return serve_command(info)


def _tokens(info: PackageInfo) -> click.Command:
    from .grants.commands import tokens_group

    return tokens_group(info)


_MADE: dict[str, Callable[[PackageInfo], click.Command]] = {
    "bundle": _bundle,
    "connect": _connect,
    "doctor": _doctor,
    "grants": _grants,
    "serve": _serve,
    "tokens": _tokens,
}


def _examined(info: PackageInfo, form: str) -> int:
    from .doctor import Subject, examine
    from .doctor_report import as_json, as_text, is_well

    try:
        settings = Settings.from_environment(info.base_url, info.user_agent)
    except KustomerError as error:
        raise click.ClickException(str(error)) from None
    checks = anyio.run(examine, Subject(info.module, settings))
    report = as_json(info, settings, checks) if form == "json" else as_text(info, checks)
    click.echo(report, color=False if os.environ.get("NO_COLOR") else None)
    return 0 if is_well(checks) else 1
