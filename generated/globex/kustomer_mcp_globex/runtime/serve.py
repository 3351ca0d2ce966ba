"""Owns the `serve` command: its options become environment, and one call. Every option has a variable of the same name."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import anyio
import click

from .access import EVERYTHING
from .edge import logs
from .edge.requests import CallWatch, Record
from .edge.settings import PREFIX, Serving, ServingError, misspelt
from .edge.telemetry import TelemetryError
from .edge.telemetry import from_environment as telemetry_from_environment
from .errors import KustomerError
from .server import PackageInfo, build_server
from .settings import Settings
from .watch import watching

_OPTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("--transport", {"type": click.Choice(["stdio", "http"]), "help": "How clients connect.  [default: stdio]"}),
    ("--host", {"help": "Address to listen on (http).  [default: 127.0.0.1]"}),
    ("--port", {"type": click.IntRange(0, 65535), "help": "Port (http); 0: any.  [default: 8000]"}),
    ("--open", {"is_flag": True, "help": "Let in whoever is on this machine, without a grant (http, loopback only)."}),
    ("--public-url", {"help": "What callers know this server by: https://mcp.example.com (http)."}),
    ("--allow-host", {"multiple": True, "help": "Host header to accept besides loopback (http)."}),
    ("--allow-origin", {"multiple": True, "help": "Origin header to accept besides loopback (http)."}),
    ("--workers", {"type": click.IntRange(1, 64), "help": "Processes that share the port (http).  [default: 1]"}),
    ("--exposure", {"type": click.Choice(["all", "discovery"]), "help": "List tools, or let them be found (stdio, --open)."}),
    ("--store", {"help": "Where grants are kept: a SQLite file, or redis:// (http)."}),
    ("--audit-log", {"help": "A file, or - for the log (http).  [default: audit.jsonl beside the SQLite store]"}),
    ("--log-format", {"type": click.Choice(["json", "text"]), "help": "[default: json over http, text over stdio]"}),
)  # fmt: skip
# Options whose variables are named for the whole list.
_PLURAL = {"allow_host": "ALLOWED_HOSTS", "allow_origin": "ALLOWED_ORIGINS"}
_GONE = "the client closed stdout"


def serve_command(info: PackageInfo) -> click.Command:
    """The `serve` command of a package."""

    @click.command(
        "serve",
        help="Serve MCP over stdio (default) or Streamable HTTP. Each option is also the variable KUSTOMER_MCP_<OPTION>.",
    )
    def serve(**said: Any) -> None:
        os.environ.update(_variables(said))
        try:
            serving = Serving.from_environment()
            settings = Settings.from_environment(info.base_url, info.user_agent)
        except ServingError as error:
            raise click.UsageError(_told(error)) from None
        except KustomerError as error:
            raise click.ClickException(str(error)) from None
        logs.configure(serving.log_format, serving.log_level)
        for doubt in (*misspelt(os.environ), *settings.doubts()):
            logs.log.warning("%s", doubt)
        if serving.transport == "http":
            sys.exit(_http(info, serving))
        _stdio(info, settings, serving)

    for name, how in _OPTIONS:
        serve = click.option(name, default=() if how.get("multiple") else None, **how)(serve)
    return serve


def _variables(said: Mapping[str, Any]) -> dict[str, str]:
    """The options that were given, as environment."""
    given = {name: value for name, value in said.items() if value is not None and value is not False and value != ()}
    texts = {
        name: ",".join(value) if isinstance(value, tuple) else "true" if value is True else str(value)
        for name, value in given.items()
    }
    return {PREFIX + _PLURAL.get(name, name.upper()): text for name, text in texts.items()}


def _told(error: ServingError) -> str:
    """Every problem; one that is about an option speaks for itself."""
    return "\n".join(text if text.startswith("--") else f"{name}: {text}" for name, text in error.problems.items())


def _http(info: PackageInfo, serving: Serving) -> int:
    from .edge.assembly import StartError
    from .edge.running import serve_http

    try:
        return serve_http(info, serving)
    except StartError as error:
        raise click.ClickException(str(error)) from None


def _stdio(info: PackageInfo, settings: Settings, serving: Serving) -> None:
    if sys.stdin is None or sys.stdout is None:
        raise click.ClickException("Over stdio both stdin and stdout must be open, and one is closed.")
    try:
        telemetry = telemetry_from_environment(info.name, info.version, "")
    except TelemetryError as error:
        raise click.ClickException(str(error)) from None
    watching.set(CallWatch(Record("stdio", "-"), None, telemetry))
    with ExitStack() as ending:
        if telemetry is not None:
            ending.callback(telemetry.close)
        try:
            anyio.run(_serve_stdio, info, settings, serving, ending.close)
        except* BrokenPipeError:  # the client closed stdin, and reads no answer either
            logs.log.info(_GONE)


async def _serve_stdio(info: PackageInfo, settings: Settings, serving: Serving, end: Callable[[], None]) -> None:
    from mcp.server.stdio import stdio_server

    server = build_server(info, settings, replace(EVERYTHING, exposure=serving.exposure))
    gc.freeze()  # as in edge/running.py
    async with stdio_server() as (read, write):
        # Never by leaving the block early: it would wait for a line of a client that may never send one.
        try:
            with anyio.CancelScope() as running:
                async with anyio.create_task_group() as group:
                    group.start_soon(_until_signal, running)
                    await server.run(read, write, server.create_initialization_options())
                    group.cancel_scope.cancel()
        except anyio.get_cancelled_exc_class():  # by what writes to stdout: nobody reads it any more
            logs.log.info(_GONE)
            end()
            os._exit(0)
        if running.cancelled_caught:
            end()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)


async def _until_signal(running: anyio.CancelScope) -> None:
    """Cancel a server at SIGTERM or Ctrl-C, so that it ends in order; Windows has neither for us."""
    if sys.platform == "win32":
        return
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        async for _ in signals:
            running.cancel()
