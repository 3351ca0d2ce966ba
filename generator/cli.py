"""Owns the command line: words into arguments, one call, print, exit code. It decides nothing about specs.

Exit codes: 0 fine, 1 could not do it, 2 usage (Click's), 3 out of date.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator import __version__
from generator.drift_cli import diff, drift, regenerate, rules
from generator.errors import ConfigError
from generator.propose_cli import gather, propose
from generator.terminal import Commands, Progress, chosen, complete_tenants, counted, is_terminal, told, told_changes

if TYPE_CHECKING:
    from generator.config import Tenant
    from generator.release import Plan
    from generator.states import State

OUT_OF_DATE = 3


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kustomer-mcp")
@click.option("-C", "--root", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".", help="The folder that holds specs/ and generated/.")  # fmt: skip
@click.pass_context
def main(ctx: click.Context, root: Path) -> None:
    """Typed, reviewed MCP server packages for a Kustomer organisation.

    `init` writes a tenant's configuration, `fetch` pins Kustomer's documents and the organisation's Klasses in specs/,
    `generate` turns them into a package in generated/, and `check` says whether that is up to date.
    """
    try:
        Path.home()
    except RuntimeError:  # a user whom the system does not know; libraries ask for a home when they are imported
        os.environ["HOME"] = os.sep
    ctx.obj = root.resolve()


def _tenant_argument(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `[TENANT]...`; none means all, and none there is an error that says what to do."""

    @click.argument("names", metavar="[TENANT]...", nargs=-1, shell_complete=complete_tenants)
    @wraps(command)
    def wrapped(*args: Any, names: tuple[str, ...], **kwargs: Any) -> None:
        command(*args, names=chosen(click.get_current_context().obj, names), **kwargs)

    return wrapped


@main.command()
@click.argument("name", metavar="TENANT")
@click.option("--org", help="The organisation: the first word of https://ORG.kustomerapp.com.")
@click.pass_obj
def init(root: Path, name: str, org: str | None) -> None:
    """Write specs/tenants/TENANT/tenant.toml (and specs/sources.toml where there is none), commented and runnable."""
    from generator.fetch import bundled_documents
    from generator.scaffolding import initialise

    for path in initialise(root, name, org or name, bundled_documents()):
        told("+", str(path))
    click.echo(f"Next: export KUSTOMER_API_KEY=... && kustomer-mcp fetch {name} && kustomer-mcp generate {name}")


@main.command()
@_tenant_argument
@click.option("--only", type=click.Choice(["documents", "klasses"]), help="Fetch one of the two.")
@click.option("--base-url", envvar="KUSTOMER_BASE_URL", help="Take the place of the tenant's base URL (also KUSTOMER_BASE_URL).")  # fmt: skip
@click.option("--key-file", type=click.Path(exists=True, dir_okay=False), help="A file with the API key, instead of KUSTOMER_API_KEY.")  # fmt: skip
@click.option("--max-wait", type=click.FloatRange(0), default=300, show_default=True, help="Seconds to wait for rate limits in all.")  # fmt: skip
@click.pass_obj
def fetch(root: Path, names: tuple[str, ...], only: str | None, base_url: str | None, key_file: str | None, max_wait: float) -> None:  # fmt: skip
    """Fetch documents and Klasses into specs/, and pin them in specs/lock.json.

    The API key comes from KUSTOMER_API_KEY_<TENANT>, KUSTOMER_API_KEY or a file; it is never stored or printed.
    """
    from generator.config import read_tenant

    tenants = [read_tenant(root, name) for name in names]
    fetched = [_fetch_documents(root)] if only != "klasses" else []
    if only != "documents":
        fetched += [_fetch_klasses(root, tenant, base_url, key_file, max_wait) for tenant in tenants]
    for save in fetched:
        save()


def _fetch_documents(root: Path) -> Callable[[], None]:
    """Fetch the documents; what comes back writes and tells them."""
    from generator.config import read_sources
    from generator.fetch import fetch_documents
    from generator.snapshot import read_lock, save_documents

    before = {name: pin["sha256"] for name, pin in read_lock(root)["documents"].items()}
    with Progress("fetch") as progress:
        made = fetch_documents(root, read_sources(root), progress)

    def save() -> None:
        save_documents(root, made)
        after = {name: pin["sha256"] for name, pin in read_lock(root)["documents"].items()}
        operations = sum(pin["operations"] for _, pin in made.values())
        told_changes("documents", before, after, f"{len(made)} documents, {operations} operations")

    return save


def _fetch_klasses(
    root: Path, tenant: Tenant, base_url: str | None, key_file: str | None, max_wait: float
) -> Callable[[], None]:
    """Fetch a tenant's Klasses; what comes back writes and tells them."""
    from generator.config import check_base_url
    from generator.fetch_klasses import KlassFetcher, api_key
    from generator.snapshot import ACCOUNTS, read_lock, save_klasses

    if base_url and (problem := check_base_url(base_url)):
        raise ConfigError("--base-url (or KUSTOMER_BASE_URL) can't be used", [problem])
    before = read_lock(root)["tenants"].get(tenant.name, {}).get("files", {})
    with Progress(tenant.name) as progress:
        key = api_key(tenant.name, key_file)
        fetcher = KlassFetcher(tenant, base_url or tenant.base_url, key, progress, max_wait)
        files, notes = asyncio.run(fetcher.fetch(before))

    def save() -> None:
        save_klasses(root, tenant.name, files)
        after = read_lock(root)["tenants"][tenant.name]["files"]
        klasses = sum(name.startswith("klasses/") for name in files)
        standard = sum(name.startswith("standard/") for name in files)
        accounts = f", {len(files[ACCOUNTS]['accounts'])} outbound accounts" if ACCOUNTS in files else ""
        told_changes(tenant.name, before, after, f"{klasses} Klasses, {standard} standard objects{accounts}")
        for note in notes:
            click.echo(f"  {note}")

    return save


@main.command()
@_tenant_argument
@click.pass_obj
def generate(root: Path, names: tuple[str, ...]) -> None:
    """Turn specs/ into generated/TENANT/, told as a plan: + new, ~ changed, - gone."""
    from generator.proofs import is_proven, prove
    from generator.release import suspicious_texts
    from generator.reports.words import harmless
    from generator.states import State
    from generator.tree import apply

    state = State(root)
    for name in names:
        start = time.monotonic()
        if is_proven(state, name):
            click.echo(f"{name}: {_told(root, name)}; no files changed")
            continue
        plan = _plan(state, name)
        package, changes = plan.package, plan.changes
        for change in changes:
            told(change.sign, f"generated/{name}/{change.path}")
        apply(root / "generated" / name, changes)
        prove(state, name, plan.files)
        for finding in suspicious_texts(plan):
            click.echo(f"{name}: read before you release: {harmless(finding.text)}")
        if plan.before != package.version:
            click.echo(f"{name}: version {f'{plan.before} -> ' if plan.before else ''}{package.version}")
        took = f" ({time.monotonic() - start:.1f} s)" if is_terminal(sys.stderr) else ""
        summary = _summary(len(package.tools), len(package.toolsets), len(package.left_out))
        click.echo(f"{name}: {summary}; {counted(len(changes), 'file')} changed{took}")


@main.command()
@_tenant_argument
@click.option("--diff", is_flag=True, help="Show what `generate` would change.")
@click.pass_obj
def check(root: Path, names: tuple[str, ...], diff: bool) -> None:
    """Is generated/ exactly what specs/ gives? Reads no network and writes nothing; exit code 3 if it is not."""
    from generator.proofs import is_proven, prove
    from generator.reports.words import harmless
    from generator.states import State

    stale = []
    state = State(root)
    for name in names:
        plan = None if is_proven(state, name) else _plan(state, name)
        for change in plan.changes if plan else ():
            told(change.sign, f"generated/{name}/{change.path}")
            if diff:
                click.echo(harmless(change.diff()), nl=False)
        if plan and plan.changes:
            stale.append(name)
        elif plan:
            prove(state, name, plan.files)
        click.echo(f"{name}: {'out of date' if name in stale else 'up to date'}")
    if stale:
        click.echo(f"Run `kustomer-mcp generate {' '.join(stale)}`.", err=True)
        sys.exit(OUT_OF_DATE)


def _told(root: Path, name: str) -> str:
    """What a committed package holds, as its manifest has it."""
    manifest = json.loads((root / "generated" / name / "manifest.json").read_text(encoding="utf-8"))
    toolsets = {tool["toolset"] for tool in manifest["tools"].values()}
    return _summary(len(manifest["tools"]), len(toolsets), len(manifest["left_out"]))


def _summary(tools: int, toolsets: int, left_out: int) -> str:
    """What is left out is counted in tools that could be made, which are more than Kustomer's operations."""
    return f"{counted(tools, 'tool')} in {counted(toolsets, 'toolset')}, {left_out} left out"


def _plan(state: State, name: str) -> Plan:
    """What would become of one tenant's package, made while the terminal shows how far it is."""
    from generator.release import plan

    with Progress(name) as progress:
        progress("reading specs/", 0, 0)
        package = state.package(name)
        progress(f"rendering {len(package.tools)} tools", 0, 0)
        return plan(state.root / "generated" / name, package)


@main.command()
@click.argument("name", metavar="TENANT", shell_complete=complete_tenants)
@click.option("--all", "everything", is_flag=True, help="Also every operation that is left out, and why; and all tags.")
@click.pass_obj
def tools(root: Path, name: str, everything: bool) -> None:
    """List TENANT's tools with their size in estimated tokens (bytes / 4)."""
    from generator.config import read_tenant
    from generator.contract import tokens
    from generator.package import document_catalog, full_catalog, package
    from generator.selection import known_tags, select
    from generator.snapshot import load

    tenant, snapshot = read_tenant(root, name), load(root, [name])
    catalog = full_catalog(document_catalog(snapshot), snapshot, tenant)
    made = package(select(catalog, tenant), snapshot, tenant)
    for toolset in made.toolsets:
        click.secho(f"{toolset.name}  {tokens([t.contract for t in toolset.tools])}", bold=True)
        for tool in toolset.tools:
            effect = "R" if tool.reads else "W"
            click.echo(f"  {effect} {tokens(tool.contract):5}  {tool.name}  {tool.operations[0]}")
    if everything:
        click.secho(f"left out  {len(made.left_out)}", bold=True)
        for row in made.left_out:
            click.echo(f"  {row.operation}  {row.reason}")
        click.secho("tags", bold=True)
        click.echo(f"  {', '.join(known_tags(catalog))}")
    total = tokens({"tools": [tool.contract for tool in made.tools]})
    click.echo(f"{counted(len(made.tools), 'tool')}, about {total:,} tokens; {len(made.left_out)} left out")


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8787, show_default=True, help="0 takes any free port.")
def sandbox(port: int) -> None:
    """Run the embedded Kustomer emulator on loopback, with the organisations acme and globex."""
    from generator.fetch import bundled_folder
    from generator.sandbox import serve

    def bound(url: str) -> None:
        click.echo(f"Kustomer emulator: {url}")
        click.echo(f"  KUSTOMER_BASE_URL={url} KUSTOMER_API_KEY=sandbox-acme    (or sandbox-globex)")

    serve(port, documents=bundled_folder(), on_bound=bound)


main.add_command(drift)
main.add_command(diff)
main.add_command(rules)
main.add_command(regenerate)
main.add_command(gather)
main.add_command(propose)

if __name__ == "__main__":
    main()
