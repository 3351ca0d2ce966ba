"""Owns the command of a package: words into one call. It decides nothing about Kustomer or MCP."""

from __future__ import annotations

import logging
import os
import sys

import anyio
import click

from .errors import KustomerError
from .http import PATH, http_app
from .server import PackageInfo, build_server
from .settings import Settings


def command(info: PackageInfo) -> click.Group:
    """The command line of a package."""

    @click.group(help=f"{info.title}: an MCP server. It reads KUSTOMER_API_KEY (or KUSTOMER_API_KEY_FILE).")
    @click.version_option(info.version, prog_name=info.name)
    def main() -> None:
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")

    @main.command(help="Serve MCP over stdio (default) or Streamable HTTP.")
    @click.option("--transport", type=click.Choice(["stdio", "http"]), default="stdio", show_default=True)
    @click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on (http).")
    @click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="Port (http); 0: any.")
    @click.option("--allow-host", "hosts", multiple=True, help="Host header to accept besides loopback (http).")
    @click.option("--allow-origin", "origins", multiple=True, help="Origin header to accept besides loopback (http).")
    def serve(transport: str, host: str, port: int, hosts: tuple[str, ...], origins: tuple[str, ...]) -> None:
        if transport == "stdio":
            anyio.run(_stdio, info)
        elif host not in ("127.0.0.1", "localhost", "::1") and not hosts:
            raise click.UsageError(
                f"--host {host} is reachable by others: name the Host headers to accept with --allow-host"
            )
        else:
            _http(info, host, port, list(hosts), list(origins))

    @main.command(help="Say whether key, tools, Klasses, region and clock are as they should be; exit code 1 if not.")
    @click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
    def doctor(form: str) -> None:
        sys.exit(_doctor(info, form))

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


async def _stdio(info: PackageInfo) -> None:
    from mcp.server.stdio import stdio_server

    server = build_server(info)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def _http(info: PackageInfo, host: str, port: int, hosts: list[str], origins: list[str]) -> None:
    import socket

    import uvicorn

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # behind it Python repeats the address
        raise click.ClickException(f"can't listen on {host}:{port}: {reason}") from None
    with listener:
        # Accepted connections inherit it. asyncio sets it only where a socket names TCP; without it Nagle's algorithm and
        # delayed acknowledgements cost 40 ms an answer on a kept connection.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bound = listener.getsockname()[1]
        click.echo(
            f"{info.title} {info.version}: http://{f'[{host}]' if ':' in host else host}:{bound}{PATH}", err=True
        )
        app = http_app(build_server(info), hosts or None, origins or None)
        config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
        uvicorn.Server(config).run(sockets=[listener])
