"""Owns the command of a package: words into one call. It decides nothing about Kustomer or MCP."""

from __future__ import annotations

import logging
import os
import sys

import anyio
import click

from .bundle import bundle
from .connect import connect
from .errors import KustomerError
from .grants.commands import grants_group, tokens_group
from .serve import serve_command
from .server import PackageInfo
from .settings import Settings


def command(info: PackageInfo) -> click.Group:
    """The command line of a package."""

    @click.group(help=f"{info.title}: an MCP server. It reads KUSTOMER_API_KEY (or KUSTOMER_API_KEY_FILE).")
    @click.version_option(info.version, prog_name=info.name)
    def main() -> None:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")

    main.add_command(serve_command(info))

    @main.command(help="Say whether key, tools, Klasses, region and clock are as they should be; exit code 1 if not.")
    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
    def doctor(form: str) -> None:
        sys.exit(_doctor(info, form))

    main.add_command(connect(info))
    main.add_command(bundle(info))
    main.add_command(grants_group(info))
    main.add_command(tokens_group(info))
    return main


def _doctor(info: PackageInfo, form: str) -> int:
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
