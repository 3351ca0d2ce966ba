"""The job's files are what their readers accept, hold no logic, and grant no more than is needed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import regeneration_kit as kit
import yaml
from regeneration_world import ACTION, CRON, GITLAB, WORKFLOW, read


def check(tool: str, *words: str) -> None:
    found = shutil.which(tool, path=str(Path(sys.executable).parent))
    assert found, f"{tool} is not installed: pip install -e '.[dev]'"
    done = subprocess.run([found, *words], capture_output=True, text=True, cwd=kit.ROOT, env=kit.environment())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "path", "more"),
    [
        ("vendor.github-workflows", WORKFLOW, ()),
        ("vendor.github-actions", ACTION, ()),
        ("vendor.gitlab-ci", GITLAB, ("--data-transform", "gitlab-ci")),
    ],
)
def test_a_ci_file_is_what_its_platforms_schema_says(schema: str, path: Path, more: tuple[str, ...]) -> None:
    check("check-jsonschema", "--builtin-schema", schema, *more, str(path))


def test_the_cron_jobs_are_what_kubernetes_accepts() -> None:
    check("kubernetes-validate", "--strict", str(CRON))


def test_the_workflows_pass_the_security_linter() -> None:
    check("zizmor", "--offline", "--quiet", str(kit.ROOT / ".github"))


def test_the_workflow_may_only_read_but_where_it_proposes() -> None:
    content = read(WORKFLOW)
    assert content["permissions"] == {"contents": "read"}
    assert "permissions" not in content["jobs"]["regenerate"]
    assert set(content["jobs"]["propose"]["permissions"]) == {"contents", "pull-requests", "issues"}
    assert not any("KUSTOMER" in str(step.get("env")) for step in content["jobs"]["propose"]["steps"])
    assert not any("TOKEN" in str(step.get("env")) for step in content["jobs"]["regenerate"]["steps"])
    for job in content["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout"):
                assert step["with"] == {"persist-credentials": "false"}


def test_each_step_is_one_command_that_reads_what_varies_from_its_environment() -> None:
    steps = [step for job in read(WORKFLOW)["jobs"].values() for step in job["steps"]] + read(ACTION)["runs"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert len(commands) >= 8
    assert not [command for command in commands if "\n" in command.strip() or "${{" in command]
    assert not [command for command in commands if re.search(r"\b(if|for|while|case|python -c|sed|awk|jq)\b", command)]


def test_the_cron_jobs_pods_may_do_nothing_beyond_their_work() -> None:
    pods = []
    for content in yaml.safe_load_all(CRON.read_text(encoding="utf-8")):
        if content["kind"] == "CronJob":
            pods.append((content, content["spec"]["jobTemplate"]["spec"]["template"]["spec"]))
    assert len(pods) == 2
    for _, pod in pods:
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    job = pods[0][0]["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    assert job["completionMode"] == "Indexed" and "regenerate --all" in container["args"][0]
    assert {"name": "JOB_COMPLETIONS", "value": str(job["completions"])} in container["env"]
