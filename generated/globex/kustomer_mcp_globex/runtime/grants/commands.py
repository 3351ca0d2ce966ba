"""Owns the commands that make, show and end grants and API tokens: words into one call, and its answer into text or JSON.

A secret goes to the standard output once and alone; everything that is said about it goes to the standard error.
"""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio
import click

from ..server import PackageInfo
from ..settings import PUBLIC_URL_VARIABLE
from .described import describe, described_token, estimate, row
from .model import ApiToken, Grant, GrantError, Issued, StoreDown, shown, shown_token
from .service import Grants

T = TypeVar("T")
Act = Callable[[Grants], Awaitable[T]]
_LOCAL = "http://127.0.0.1:8000"
_FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
# What `create` and `update` have in common: option -> word.
_WORDS = (
    click.option("--methods", help="read, write, custom or exact methods (list, get, create, update, delete); commas."),
    click.option("--tags", help="Tags of tools, with commas between; '' is every tag."),
    click.option("--tools", help="Exact tools, with commas between; '' is every tool."),
    click.option("--expires-at", metavar="TIME", help="When it ends, such as 2026-12-31T23:59:59Z."),
    click.option("--exposure", metavar="all|discovery", help="List the tools, or let clients search for them."),
    click.option(
        "--oauth-scope", metavar="SCOPE", help="OAuth access tokens with this scope act as the grant; '' is none."
    ),
    click.option("--calls-per-minute", type=int, metavar="N", help="Requests that it may make in a minute."),
)
_LISTS = ("methods", "tags", "tools")


def grants_group(info: PackageInfo) -> click.Group:
    """`grants`: who may call which tools."""

    @click.group("grants", help="Make, show and end grants: who may call which tools over HTTP.")
    def group() -> None: ...

    _with_words(group, info)
    _by_id(group, info)
    return group


def _with_words(group: click.Group, info: PackageInfo) -> None:
    """Add the commands that take the words of a grant."""

    @group.command(help="Make a grant. Its URL is shown once; keep it as a password.")
    @click.option("--name", required=True, help="What the grant is for.")
    @_with(_WORDS)
    @click.option("--require-api-token-auth", is_flag=True, default=None, help="Ask for an API token besides the URL.")
    @_FORMAT
    def create(form: str, **options: Any) -> None:
        issued = _do(info, lambda grants: grants.create(_words(options), _actor()))
        _show_issued(info, issued, form)

    @group.command(help="Change a grant: only what is given changes.")
    @click.argument("id")
    @click.option("--name", help="What the grant is for.")
    @_with(_WORDS)
    @click.option("--no-expiry", is_flag=True, help="Let it never end.")
    @click.option(
        "--require-api-token-auth/--no-require-api-token-auth", default=None, help="Ask for an API token too."
    )
    @_FORMAT
    def update(id: str, form: str, no_expiry: bool, **options: Any) -> None:
        words = _words(options) | ({"expires_at": None} if no_expiry else {})
        if no_expiry and options["expires_at"] is not None:
            raise click.UsageError("--expires-at and --no-expiry contradict each other: give one of them")
        if not words:
            raise click.UsageError("nothing to change was given")
        _show(info, _found(_do(info, lambda grants: grants.update(id, words, _actor())), id), form)


def _by_id(group: click.Group, info: PackageInfo) -> None:
    """Add the commands that take a grant as it is, or all of them."""

    @group.command("list", help="Show the grants that hold something.")
    @_FORMAT
    def list_all(form: str) -> None:
        found = _do(info, lambda grants: grants.list(), False)
        if form == "json":
            click.echo(json.dumps([shown(grant) for grant in found], indent=2))
        else:
            click.echo("\n".join(row(grant) for grant in found) or "There are no grants.")

    @group.command(help="Show a grant and what it leaves.")
    @click.argument("id")
    @_FORMAT
    def show(id: str, form: str) -> None:
        _show(info, _found(_do(info, lambda grants: grants.get(id), False), id), form)

    @group.command(help="Give a grant a new URL; the old one holds nothing from then on.")
    @click.argument("id")
    @_FORMAT
    def rotate(id: str, form: str) -> None:
        _show_issued(info, _found(_do(info, lambda grants: grants.rotate(id, _actor())), id), form)

    @group.command(help="End a grant.")
    @click.argument("id")
    def revoke(id: str) -> None:
        _ended(_do(info, lambda grants: grants.revoke(id, _actor())), id)


def tokens_group(info: PackageInfo) -> click.Group:
    """`tokens`: API tokens, for grants that ask for one."""

    @click.group("tokens", help="Make, show and end API tokens: a second credential, for grants that ask for one.")
    def group() -> None: ...

    @group.command(help="Make an API token. It is shown once.")
    @click.option("--name", required=True, help="Whose token it is.")
    @click.option("--expires-at", metavar="TIME", help="When it ends, such as 2026-12-31T23:59:59Z.")
    @_FORMAT
    def create(form: str, **options: Any) -> None:
        issued = _do(info, lambda grants: grants.create_token(_words(options), _actor()))
        if form == "json":
            click.echo(json.dumps(shown_token(issued.made) | {"token": issued.secret}, indent=2))
        else:
            click.echo(issued.secret)
        click.echo(f"{described_token(issued.made)}\nThe token is shown this once: keep it as a password.", err=True)

    @group.command("list", help="Show the API tokens.")
    @_FORMAT
    def list_all(form: str) -> None:
        found: list[ApiToken] = _do(info, lambda grants: grants.tokens(), False)
        if form == "json":
            click.echo(json.dumps([shown_token(token) for token in found], indent=2))
        else:
            click.echo("\n".join(described_token(token) for token in found) or "There are no API tokens.")

    @group.command(help="End an API token.")
    @click.argument("id")
    def revoke(id: str) -> None:
        _ended(_do(info, lambda grants: grants.revoke_token(id, _actor())), id)

    return group


def _with(options: tuple[Callable[[Any], Any], ...]) -> Callable[[Any], Any]:
    def added(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return added


def _words(options: Mapping[str, Any]) -> dict[str, Any]:
    """The words that were given; lists by their commas."""
    words = {name: value for name, value in options.items() if value is not None}
    for name in _LISTS:
        if name in words:
            words[name] = [part.strip() for part in words[name].split(",") if part.strip()]
    return words | ({"oauth_scope": None} if words.get("oauth_scope") == "" else {})


def _do(info: PackageInfo, act: Act[T], changes: bool = True) -> T:
    """One call on the package's grants, and every problem as one error of the command. Reading is not written down."""
    from ..edge.audit import AuditUnwritable
    from ..edge.settings import ServingError
    from .credentials import KeyProblem

    async def done() -> T:
        grants = _opened(info, changes)
        try:
            return await act(grants)
        finally:
            with anyio.CancelScope(shield=True):
                await grants.aclose()

    try:
        return anyio.run(done)
    except GrantError as error:
        lines = [f"--{field.replace('_', '-')}: {problem}" for field, problem in error.problems.items()]
        raise click.ClickException("\n       ".join(lines)) from None
    except (StoreDown, KeyProblem, AuditUnwritable, ServingError) as error:
        raise click.ClickException(str(error)) from None


def _opened(info: PackageInfo, changes: bool) -> Grants:
    """The grants that a server with this environment has, and its audit log; where that is the log, each of its lines is whole."""
    from ..edge import logs
    from ..edge.assembly import open_audit, settings_of_grants
    from ..edge.audit import recorder
    from ..edge.settings import Serving
    from .opening import open_grants

    serving = Serving.from_environment()
    settings = settings_of_grants(info, serving)
    if not changes:
        return open_grants(info.module, settings)
    logs.configure("json", serving.log_level)
    return open_grants(info.module, settings, recorder(open_audit(serving, settings)))


def _found(made: T | None, id: str) -> T:
    if made is None:
        raise click.ClickException(f"there is no {id[:60]!r}: it has ended, or never was (see `list`)")
    return made


def _ended(done: bool, id: str) -> None:
    _found(done or None, id)
    click.echo(f"{id} holds nothing any more.", err=True)


def _show(info: PackageInfo, grant: Grant, form: str) -> None:
    leaves = estimate(info.module, grant)
    if form == "json":
        click.echo(json.dumps(shown(grant) | {"leaves": leaves}, indent=2))
    else:
        click.echo(describe(grant, leaves))


def _show_issued(info: PackageInfo, issued: Issued[Grant], form: str) -> None:
    base = os.environ.get(PUBLIC_URL_VARIABLE, "").rstrip("/")
    url = f"{base or _LOCAL}/mcp/{issued.secret}"
    leaves = estimate(info.module, issued.made)
    if form == "json":
        click.echo(json.dumps(shown(issued.made) | {"leaves": leaves, "url": url}, indent=2))
    else:
        click.echo(url)
        click.echo(describe(issued.made, leaves), err=True)
    click.echo("The URL is shown this once: whoever has it holds the grant. Keep it as a password.", err=True)
    if not base:
        click.echo(f"{PUBLIC_URL_VARIABLE} is not set: put your server's own address in place of {_LOCAL}.", err=True)


def _actor() -> str:
    """Who gives the command, for the audit log."""
    try:
        return f"cli:{getpass.getuser()}"
    except (OSError, KeyError):  # a container's user may have no name
        return f"cli:{os.getuid()}"
