"""Owns what `connect` says and does: which server, by which address, into which file."""

from __future__ import annotations

import os
import re
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import click

from .connect import Asked, command_name
from .connect_clients import FILES, Server, Way, document, fitting, text_of
from .connect_files import FileError, merged_json, merged_toml, read, write
from .connect_steps import HOSTED, steps
from .server import Contract, PackageInfo
from .settings import PUBLIC_URL_VARIABLE
from .sites import LOOPBACK

_PATH = "/mcp"
_PLACEHOLDER = "https://mcp.example.com"


def tell(info: PackageInfo, asked: Asked) -> None:
    """Print what a client needs, or write it.

    Raises:
        click.ClickException: The client can't do that, or its file can't be merged with; the text says what to do.
    """
    chosen: Way = asked.way or ("remote" if asked.url or asked.client in HOSTED else "stdio")
    if asked.client in HOSTED:
        _hosted(info, asked, chosen)
    elif chosen not in FILES[asked.client].entries:
        raise click.UsageError("Claude Desktop's file takes no remote servers: see `connect claude`.")
    else:
        server = _server(info, asked.client, chosen, asked.url)
        _file(asked.client, replace(server, with_api_token=asked.api_token), chosen, asked.to)


def base_of(url: str) -> tuple[str, bool]:
    """Where a server serves MCP, of its public URL, that of /mcp or a grant's; and whether a secret was left out.

    Raises:
        click.UsageError: It is no such URL.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        raise click.UsageError("--url is no address: write it like https://mcp.example.com/mcp.") from None
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username is not None
        or parts.query
        or parts.fragment
    ):
        raise click.UsageError("--url must be like https://mcp.example.com/mcp: no user, query or fragment.")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise click.UsageError("--url must be https: over http, everybody on the way could read the grant's secret.")
    path, _, secret = parts.path.rstrip("/").removesuffix(_PATH).partition(f"{_PATH}/")
    if re.search(r"km[ga]_", path) or "/" in secret:
        raise click.UsageError("--url must end in /mcp, or in /mcp/ and a grant's secret.")
    return f"{parts.scheme}://{parts.netloc}{path}{_PATH}", bool(secret)


def _remote_url(url: str | None) -> str:
    base, had_secret = base_of(url or os.environ.get(PUBLIC_URL_VARIABLE) or _PLACEHOLDER)
    if had_secret:
        click.echo(
            "The grant's secret was left out of the URL: it does not belong in files and shell histories.", err=True
        )
    if base == _PLACEHOLDER + _PATH:
        click.echo(f"Name the server with --url or {PUBLIC_URL_VARIABLE}: {_PLACEHOLDER} is only an example.", err=True)
    return base


def _hosted(info: PackageInfo, asked: Asked, way: Way) -> None:
    row = HOSTED[asked.client]
    if way == "stdio":
        more = " See `connect config` and `bundle` for Claude Desktop." if asked.client == "claude" else ""
        raise click.UsageError(f"{row.title} starts no local servers; it needs a public URL.{more}")
    if asked.to is not None:
        raise click.UsageError(f"{row.title} has no file to write; leave --write out and follow the steps.")
    if asked.api_token:
        raise click.UsageError(f"{row.title} can't send an API token; use OAuth, or a grant that asks for none.")
    base = _remote_url(asked.url)
    if urlsplit(base).hostname in LOOPBACK:
        raise click.UsageError(
            f"{row.title} connects from its maker's servers and can't reach {urlsplit(base).hostname}."
        )
    click.echo(steps(asked.client, base, command_name(info)), nl=False)


def _server(info: PackageInfo, client: str, way: Way, url: str | None) -> Server:
    row = FILES[client]
    longest = max((len(tool.name) for tool in Contract(info.module).tools.tools), default=0)
    name = fitting(info.name, longest, row.combined)
    if row.combined and name != info.name:
        click.echo(
            f"The server is called {name}: {row.title} takes {row.combined} characters of server and tool name.",
            err=True,
        )
    if row.combined and len(name) + longest > row.combined:
        click.echo(
            f"{row.title} may leave out or rename tools whose name is longer than {row.combined - len(name)}.", err=True
        )
    if way == "remote":
        return Server(name, url=_remote_url(url))
    if row.shared:
        command = command_name(info)
        click.echo(
            f"The client looks for {command} on its PATH: start it from the environment where that is installed.",
            err=True,
        )
        return Server(name, (command, "serve"), key_file=str(_key_file(info)))
    return Server(name, (*_installed(info), "serve"), key_file=str(_key_file(info)))


def _installed(info: PackageInfo) -> tuple[str, ...]:
    """The command by its place, since programs that are started from a desktop don't know the shell's PATH."""
    script = Path(sys.executable).parent / (command_name(info) + (".exe" if sys.platform == "win32" else ""))
    return (str(script),) if script.exists() else (sys.executable, "-m", info.module)


def _key_file(info: PackageInfo) -> Path:
    if said := os.environ.get("KUSTOMER_API_KEY_FILE"):
        return Path(said).absolute()
    folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(folder).absolute() / command_name(info) / "api-key"


def default_path(client: str) -> Path:
    """Where a client looks for its file: in this project, or in this person's home."""
    home = Path.home()
    if client == "codex":
        return Path(os.environ.get("CODEX_HOME") or home / ".codex") / "config.toml"
    if client == "config":
        places = {"darwin": home / "Library/Application Support", "win32": Path(os.environ.get("APPDATA") or home)}
        other = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        return places.get(sys.platform, other) / "Claude" / "claude_desktop_config.json"
    return Path({"claude-code": ".mcp.json", "cursor": ".cursor/mcp.json", "vscode": ".vscode/mcp.json"}[client])


def _file(client: str, server: Server, way: Way, to: str | None) -> None:
    row = FILES[client]
    fragment = text_of(client, server, way)
    path = Path(to) if to else default_path(client)
    if to is None:
        click.echo(fragment, nl=False)
        click.echo(f"It belongs in {path}; --write puts it there.", err=True)
    elif way == "remote" and server.url == _PLACEHOLDER + _PATH:
        raise click.UsageError(f"--write needs the server's own address: --url or {PUBLIC_URL_VARIABLE}.")
    else:
        _merge(client, server, way, path)
    click.echo(row.hint[way], err=True)
    if client == "config" and not Path(server.key_file).exists():
        folder, file = (shlex.quote(str(one)) for one in (Path(server.key_file).parent, server.key_file))
        click.echo(f"Put the key there: mkdir -p {folder} && (umask 077; cat > {file})", err=True)


def _merge(client: str, server: Server, way: Way, path: Path) -> None:
    row, wanted = FILES[client], document(client, server, way)
    try:
        before = read(path)
        made = (
            merged_json(before, wanted)
            if row.form == "json"
            else merged_toml(before, wanted, text_of(client, server, way))
        )
        if made.text != before:
            write(path, made.text)
    except FileError as error:
        by_hand = f"Add this by hand:\n\n{text_of(client, server, way)}"
        raise click.ClickException(f"{path} was not changed: {error}. {by_hand}") from None
    for change in made.changes:
        click.echo(f"{change[0]} {path}: {change[2:]}")
