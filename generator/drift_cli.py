"""Owns the commands that tell what has changed: drift, diff, rules, regenerate. Words into one call, print, exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.errors import ConfigError
from generator.terminal import Progress, chosen, complete_tenants, is_terminal, told

if TYPE_CHECKING:
    from generator.findings import Report

FORMATS = ("text", "json", "markdown", "github", "sarif", "html")
FAIL_ON = ("info", "warning", "breaking", "never")


def _report_options(default: str) -> Callable[[Any], Any]:
    def added(command: Any) -> Any:
        told = f"From which severity on the exit code is 3.  [default: {default}]"
        command = click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file.")(command)  # fmt: skip
        command = click.option("--fail-on", type=click.Choice(FAIL_ON), help=told)(command)
        return click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)(command)

    return added


def _fetch_options(command: Any) -> Any:
    command = click.option("--max-wait", type=click.FloatRange(0), default=300, show_default=True, help="Seconds that one tenant may wait for rate limits.")(command)  # fmt: skip
    command = click.option("--key-file", type=click.Path(exists=True, dir_okay=False), help="A file with the API key, instead of KUSTOMER_API_KEY.")(command)  # fmt: skip
    command = click.option("--base-url", envvar="KUSTOMER_BASE_URL", help="Take the place of the tenants' base URL (also KUSTOMER_BASE_URL).")(command)  # fmt: skip
    return click.option("--jobs", type=click.IntRange(1, 64), default=8, show_default=True, help="Tenants to fetch at the same time.")(command)  # fmt: skip


def _tenants(command: Any) -> Any:
    command = click.option("--all", "everything", is_flag=True, help="Every tenant, as when none is named.")(command)
    return click.argument("names", metavar="[TENANT]...", nargs=-1, shell_complete=complete_tenants)(command)


def _named(root: Path, names: Sequence[str], everything: bool) -> tuple[str, ...]:
    if names and everything:
        raise click.UsageError("name tenants or give --all, not both")
    return chosen(root, names)


@click.command(name="drift")
@_tenants
@_report_options("[drift] fail_on of tenant.toml, else info")
@_fetch_options
@click.pass_obj
def drift(root: Path, /, names: tuple[str, ...], everything: bool, form: str, fail_on: str | None, output: Path | None, **given: Any) -> None:  # fmt: skip
    """Has Kustomer changed since `fetch`? Fetches into memory, compares, writes nothing below specs/ or generated/.

    Exit code 3: there are findings at or above --fail-on. 1: a tenant could not be asked; the others are told all the same.
    """
    from generator.drift_run import Fetching
    from generator.drift_run import drift as found
    from generator.states import State

    with Progress("drift") as progress:
        made = found(State(root), _named(root, names, everything), Fetching(**given), progress)
    _show(root, made, form, output)
    sys.exit(_code(root, made, fail_on, "info"))


@click.command(name="diff")
@click.argument("other", metavar="REV|DIR")
@click.argument("names", metavar="[TENANT]...", nargs=-1)
@_report_options("never")
@click.pass_obj
def diff(root: Path, other: str, names: tuple[str, ...], form: str, fail_on: str | None, output: Path | None) -> None:  # fmt: skip
    """What do callers notice between REV (a git revision) or DIR (a folder) and what is here?

    Both sides' generated/ are compared; where one has none, packages built from both sides' specs/.
    """
    from generator.revisions import diff as between

    made = between(root, other, names)
    _show(root, made, form, output)
    sys.exit(_code(root, made, fail_on, "never", configured=False))


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def rules(form: str) -> None:
    """List the rules of drift: what each means for callers, its severity, what it does to the version, what to do."""
    from generator.rules import FORMATS as forms

    click.echo(forms[form](), nl=False)


@click.command(name="regenerate")
@_tenants
@_fetch_options
@click.option("--shard", metavar="K/N", help="Only the Kth of N parts; an Indexed Job's index is taken from its environment.")  # fmt: skip
@click.option("--report", "folder", type=click.Path(file_okay=False, path_type=Path), help="A folder for the report, in every format.")  # fmt: skip
@click.pass_obj
def regenerate(root: Path, /, names: tuple[str, ...], everything: bool, shard: str | None, folder: Path | None, **given: Any) -> None:  # fmt: skip
    """Fetch, find drift, generate, version and write the changelog: all of it for a tenant, or nothing.

    Exit code 1: a tenant failed; the others are done, and running it again does only what is left.
    """
    from generator.drift_run import Fetching
    from generator.regenerate import regenerate as regenerated
    from generator.regenerate import shard as part
    from generator.states import State

    mine = part(_named(root, names, everything), shard, os.environ)

    def written(name: str, plan: Any) -> None:
        before = f"{plan.before} -> " if plan.before else ""
        told("~", f"{name}: {before}{plan.package.version}, {len(plan.changes)} files")

    with Progress("regenerate") as progress:
        made = regenerated(State(root), mine, Fetching(**given), progress, written)
    _show(root, made, "text", None)
    if folder:
        _write_report(root, made, folder)
    sys.exit(1 if any(tenant.state == "failed" for tenant in made.tenants) else 0)


def _write_report(root: Path, made: Report, folder: Path) -> None:
    from generator import reports
    from generator.files import write_all
    from generator.reports.places import in_tree

    write_all(folder, reports.files(made, in_tree(root)))


def _show(root: Path, made: Report, form: str, output: Path | None) -> None:
    from generator import reports
    from generator.reports.places import in_tree

    colored = output is None and is_terminal(sys.stdout) and not os.environ.get("NO_COLOR")
    text = reports.render(made, form, locate=in_tree(root), color=colored)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            where = "name a file that can be written with --output"
            raise ConfigError(f"the report can't be written to {output}", [f"{error.strerror}; {where}"]) from None


def _code(root: Path, made: Report, given: str | None, default: str, *, configured: bool = True) -> int:
    from generator.config import read_tenant
    from generator.drift_run import exit_code

    def threshold(name: str, failed: bool) -> str:
        own = read_tenant(root, name).drift.fail_on if configured and not given and not failed else ""
        return given or own or default

    return exit_code(made, {t.tenant: threshold(t.tenant, t.state == "failed") for t in made.tenants})
