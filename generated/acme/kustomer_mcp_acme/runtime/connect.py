"""Owns the command that tells a client how to connect. It is thin, since every start of a server reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .server import PackageInfo
from .settings import PUBLIC_URL_VARIABLE

if TYPE_CHECKING:
    from .connect_clients import Way

CLIENTS = ("chatgpt", "claude", "claude-code", "cursor", "vscode", "codex", "config")


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of one call of `connect`.

    Attributes:
        client: One of CLIENTS.
        url: Where the server serves.
        way: Whether the client starts the server or reaches it; None is what the client usually does.
        api_token: Whether the grant asks for an API token too.
        to: The file to write; empty for the client's own, None to print.
    """

    client: str
    url: str | None
    way: Way | None
    api_token: bool
    to: str | None


def connect(info: PackageInfo) -> click.Command:
    """The command `connect`."""

    @click.command("connect", help="Print what a client needs to connect, or write it into the client's file.")
    @click.argument("client", type=click.Choice(CLIENTS))
    @click.option(
        "--url", help=f"Where the server serves, if it is to be reached and not started. [env: {PUBLIC_URL_VARIABLE}]"
    )
    @click.option("--stdio", "way", flag_value="stdio", help="The client starts the server (default where it can).")
    @click.option("--remote", "way", flag_value="remote", help="The client reaches a running server by URL.")
    @click.option("--api-token", is_flag=True, help="The grant asks for an API token besides its secret.")
    @click.option(
        "--write", "to", is_flag=False, flag_value="", metavar="[PATH]", help="Merge it into the client's file."
    )
    def command(**words: Any) -> None:
        from .connect_said import tell

        tell(info, Asked(**words))

    return command


def command_name(info: PackageInfo) -> str:
    """The package's command, which is also its distribution."""
    return info.module.replace("_", "-")
