"""Owns the command that makes a bundle for Claude Desktop. It is thin, since every start of a server reads it."""

from __future__ import annotations

from pathlib import Path

import click

from .connect import command_name
from .server import PackageInfo


def bundle(info: PackageInfo) -> click.Command:
    """The command `bundle`."""

    @click.command("bundle", help="Make a bundle that Claude Desktop installs by opening it; it asks for the key.")
    @click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: COMMAND-VERSION.mcpb, here."
    )
    def command(output: Path | None) -> None:
        from .bundle_files import BundleError, bundle_files, put, zipped

        path = output or Path(f"{command_name(info)}-{info.version}.mcpb")
        try:
            files = bundle_files(info)
            put(path, zipped(files))
        except BundleError as error:
            raise click.ClickException(str(error)) from None
        except OSError as error:
            raise click.ClickException(f"{path} can't be written: {error.strerror}") from None
        click.echo(f"+ {path}: {len(files)} files, {path.stat().st_size:,} bytes")
        click.echo(
            "Open it with Claude Desktop; it makes the server's environment with uv, and asks for the key.", err=True
        )

    return command
