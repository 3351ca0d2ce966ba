"""Owns the commands of the regeneration job after `regenerate`: gather and propose. Words into one call, print, exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from generator.forge import Forge

_COLORS = {"stopped": "red", "left": "yellow", "opened": "green", "updated": "green", "committed": "green"}
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--report", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the report of all is written.")  # fmt: skip
@click.pass_obj
def gather(root: Path, folder: Path, report: Path) -> None:
    """Bring the shards of one regeneration together.

    DIR holds a folder for each shard, with its report/, specs/ and generated/.
    """
    from generator import reports
    from generator.files import write_all
    from generator.reports.places import in_tree
    from generator.shards import gather as gathered

    made = gathered(root, folder)
    write_all(report, reports.files(made, in_tree(root)))
    failed = sum(tenant.state == "failed" for tenant in made.tenants)
    click.echo(f"gathered {len(made.tenants)} tenants{f', {failed} of which failed' if failed else ''}")


@click.command()
@click.argument("names", metavar="[TENANT]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All tenants that the report knows; so it is without a TENANT.")
@click.option("--report", type=_FOLDER, required=True, help="The folder that `regenerate --report` wrote.")
@click.option("--one-pr/--per-tenant", "one", default=True, help="One pull request for all, or one for each tenant.")
@click.option("--base", default="", help="The branch to merge into.  [default: the one checked out]")
@click.option("--remote", default="", help="Where to push the branches, such as origin.  [default: with --forge origin, else nowhere]")  # fmt: skip
@click.option("--forge", type=click.Choice(["github", "gitlab"]), help="Open, update and close pull requests there.")
@click.pass_obj
def propose(root: Path, /, names: tuple[str, ...], everything: bool, report: Path, **how: Any) -> None:
    """Propose what `regenerate` changed: a branch kustomer-mcp/..., and a pull request with the report as its text.

    Neither the files nor the branch that is checked out change. It is safe to run
    twice; a branch that holds other people's commits is left alone, and so is a tenant that failed. When the drift is gone, the pull
    request is closed and the branch deleted.

    GitHub: GITHUB_TOKEN, GITHUB_REPOSITORY. GitLab: GITLAB_TOKEN, CI_API_V4_URL, CI_PROJECT_ID, CI_SERVER_URL.
    """
    from generator.git import Git
    from generator.propose import Options
    from generator.propose import propose as proposed
    from generator.reports import FILES
    from generator.reports import json as as_json

    if names and everything:
        raise click.UsageError("name tenants, or give --all")
    path = report / FILES["json"]
    if not path.is_file():
        raise click.UsageError(f"{report} holds no {path.name}; run `kustomer-mcp regenerate --report {report}`")
    made = as_json.read(path.read_text(encoding="utf-8"), str(path))
    chosen = _forge(how["forge"])
    git = Git(root, chosen.login() if chosen else None)
    every = names or tuple(tenant.tenant for tenant in made.tenants)
    options = Options(every, not how["one"], how["base"], how["remote"] or ("origin" if chosen else ""))
    outcomes = proposed(root, git, chosen, made, options)
    for outcome in outcomes:
        detail = f": {outcome.detail}" if outcome.detail else ""
        click.echo(f"{outcome.branch}  {click.style(outcome.action, fg=_COLORS.get(outcome.action))}{detail}")
    if any(outcome.action == "stopped" for outcome in outcomes):
        sys.exit(1)


def _forge(name: str | None) -> Forge | None:
    from generator.forge_github import GitHub
    from generator.forge_gitlab import GitLab

    makers: dict[str, Callable[[Mapping[str, str]], Forge]] = {"github": GitHub, "gitlab": GitLab}
    return makers[name](os.environ) if name else None
