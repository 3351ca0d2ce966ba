"""The job's own commands, taken from its files, follow the emulator: a changed schema becomes a branch and a pull request, a
schema that is as before makes both go away."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import regeneration_forge as forges
import regeneration_kit as kit
import yaml
from regeneration_world import ACTION, CRON, GITLAB, KEYS, WORKFLOW, World, read

# What a runner does before the job's own work: the tool is installed where the tests run.
INSTALL = re.compile(r"python -m pip install --quiet \S+")
EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")


def sh(folder: Path, command: str, variables: dict[str, str]) -> str:
    """Run a command as a runner does; what it prints."""
    told = kit.environment(**variables)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
    done = subprocess.run(shell, cwd=folder, env=told, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def clone(world: World, folder: Path) -> Path:
    """What a checkout gives: one commit deep."""
    world.made.git("clone", "-q", "--depth", "1", f"file://{world.made.remote}", str(folder), at=world.made.remote)
    return folder


# ------------------------------------------------------------------------------- GitHub's workflow


def workflow(world: World, folder: Path, proposal: str = "one-pr") -> str:
    """Run .github/workflows/regenerate.yml: its `run:` lines with their `env:`; checkouts and artifacts by their meaning."""
    jobs = read(WORKFLOW)["jobs"]
    for number, shard in enumerate(jobs["regenerate"]["strategy"]["matrix"]["shard"]):
        here = clone(world, folder / f"runner-{number}")
        known = {"matrix.shard": shard, **{f"secrets.{name}": key for name, key in KEYS.items()}}
        steps(jobs["regenerate"], here, known, {"KUSTOMER_BASE_URL": world.sandbox.url})
        (upload,) = [step for step in jobs["regenerate"]["steps"] if "upload-artifact" in step.get("uses", "")]
        for path in upload["with"]["path"].split():
            shutil.copytree(here / path, folder / "artifacts" / f"shard-{number}" / path)
    here = clone(world, folder / "proposing")
    (download,) = [step for step in jobs["propose"]["steps"] if "download-artifact" in step.get("uses", "")]
    shutil.copytree(folder / "artifacts", here / download["with"]["path"])
    known = {"inputs.proposal || 'one-pr'": proposal, "github.token": forges.TOKEN}
    given = {name: value for name, value in world.made.variables.items() if "TOKEN" not in name}
    return steps(jobs["propose"], here, known, {**given, "GITHUB_STEP_SUMMARY": str(folder / "summary.md")})


def steps(job: Any, folder: Path, known: dict[str, str], variables: dict[str, str]) -> str:
    """Run a job's commands in order; an expression that is not in `known` is an error. What the last prints."""
    printed = ""
    for step in job["steps"]:
        if "run" in step and not INSTALL.fullmatch(step["run"]):
            own = {
                name: EXPRESSION.sub(lambda found: known[found[1]], value)
                for name, value in step.get("env", {}).items()
            }
            printed = sh(folder, step["run"], {**variables, **own})
    return printed


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_the_workflow_opens_follows_and_closes_a_pull_request(world: World, tmp_path: Path) -> None:
    world.change()
    assert workflow(world, tmp_path / "changed").startswith("kustomer-mcp/all  opened")
    (request,) = world.state.open()
    assert request.labels == ["drift: breaking"]
    assert "giftMessageTxt" in request.body and "courierStr" in request.body
    changed = world.made.files("kustomer-mcp/all")
    assert "specs/lock.json" in changed and "generated/acme/CHANGELOG.md" in changed
    assert not [path for path in changed if "globex" in path]
    assert "giftMessageTxt" in (tmp_path / "changed" / "summary.md").read_text(encoding="utf-8")
    proposed = clone_of_branch(world, tmp_path / "proposed")
    assert proposed.tool("check").code == 0

    commit = world.made.git("rev-parse", "kustomer-mcp/all", at=world.made.remote)
    world.state.writes.clear()
    assert workflow(world, tmp_path / "again").startswith("kustomer-mcp/all  unchanged")
    assert world.state.writes == [] and world.made.git("rev-parse", "kustomer-mcp/all", at=world.made.remote) == commit

    world.back()
    assert workflow(world, tmp_path / "back").startswith("kustomer-mcp/all  closed")
    assert world.state.open() == [] and world.made.branches() == ["main"]


def clone_of_branch(world: World, folder: Path) -> kit.Repository:
    world.made.git("clone", "-q", "-b", "kustomer-mcp/all", str(world.made.remote), str(folder), at=world.made.remote)
    return kit.Repository(folder, world.made.remote, {})


# ------------------------------------------------------------------------------- the action, GitLab, Kubernetes


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_the_action_proposes_each_tenant_and_leaves_one_that_fails(world: World, tmp_path: Path) -> None:
    world.change()
    here = clone(world, tmp_path / "runner")
    action = read(ACTION)
    known = {f"inputs.{name}": row.get("default", "") for name, row in action["inputs"].items()}
    known |= {"inputs.proposal": "per-tenant", "inputs.token": forges.TOKEN}
    variables = {**world.made.variables, **KEYS, "KUSTOMER_BASE_URL": world.sandbox.url}
    content = {"steps": [step for step in action["runs"]["steps"] if "GITHUB_ACTION_PATH" not in step["run"]]}
    printed = steps(content, here, known, variables)
    assert printed.startswith("kustomer-mcp/acme  opened") and "kustomer-mcp/globex  no drift" in printed

    regenerating, proposing = content["steps"]
    variables["KUSTOMER_API_KEY_ACME"] = "wrong"
    again = clone(world, tmp_path / "again")
    with pytest.raises(AssertionError, match="acme"):
        steps({"steps": [regenerating]}, again, known, variables)
    assert proposing["if"] == "${{ !cancelled() }}"
    assert steps({"steps": [proposing]}, again, known, variables) == "kustomer-mcp/globex  no drift\n"
    assert [request.branch for request in world.state.open()] == ["kustomer-mcp/acme"]


@pytest.mark.parametrize("world", ["gitlab"], indirect=True)
def test_gitlabs_jobs_open_and_close_a_merge_request(world: World, tmp_path: Path) -> None:
    world.change()
    assert gitlab(world, tmp_path / "changed").startswith("kustomer-mcp/all  opened")
    assert [request.labels for request in world.state.open()] == [["drift: breaking"]]
    world.back()
    assert gitlab(world, tmp_path / "back").startswith("kustomer-mcp/all  closed")
    assert world.made.branches() == ["main"]


def gitlab(world: World, folder: Path) -> str:
    content = read(GITLAB)
    total = int(content["regenerate"]["parallel"])
    artifacts = folder / "artifacts"
    variables = {**world.made.variables, **KEYS, "KUSTOMER_BASE_URL": world.sandbox.url, "CI_NODE_TOTAL": str(total)}
    for index in range(1, total + 1):
        here = clone(world, folder / f"runner-{index}")
        for command in content["regenerate"]["script"] + content["regenerate"]["after_script"]:
            sh(here, command, {**variables, "CI_NODE_INDEX": str(index)})
        shutil.copytree(here / "shards", artifacts / "shards", dirs_exist_ok=True)
    here = clone(world, folder / "proposing")
    here_git = kit.Repository(here, world.made.remote, {})
    here_git.git("checkout", "-q", "--detach")  # as GitLab's runners do
    shutil.copytree(artifacts / "shards", here / "shards")
    project = str(world.made.remote).removesuffix(".git")
    variables |= {**content["propose"]["variables"], "CI_DEFAULT_BRANCH": "main", "CI_PROJECT_URL": f"file://{project}"}
    return [sh(here, command, variables) for command in content["propose"]["script"]][-1]


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_the_cron_jobs_pods_share_the_tenants_and_propose_once(world: World, tmp_path: Path) -> None:
    world.change()
    regenerating, proposing = [
        row["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"][0]
        for row in yaml.safe_load_all(CRON.read_text(encoding="utf-8"))
        if row["kind"] == "CronJob"
    ]
    shards = tmp_path / "shards"
    shards.mkdir()
    variables = {**world.made.variables, **KEYS, "KUSTOMER_BASE_URL": world.sandbox.url, "JOB_COMPLETIONS": "2"}
    variables["REPOSITORY_URL"] = f"file://{world.made.remote}"

    def pod(script: str, name: str, **more: str) -> str:
        work = tmp_path / name
        work.mkdir()
        return sh(work, script.replace("/shards", str(shards)), {**variables, **more})

    for index in range(2):
        pod(regenerating, f"pod-{index}", JOB_COMPLETION_INDEX=str(index))
    assert sorted(path.name for path in (shards / "complete").iterdir()) == ["0", "1"]
    assert "kustomer-mcp/all  opened" in pod(proposing, "proposing")
    assert "giftMessageTxt" in world.state.requests[0].body
    assert os.listdir(shards) == ["incoming"]
