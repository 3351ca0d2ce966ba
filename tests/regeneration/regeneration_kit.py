"""Owns what the regeneration's tests share: a repository with a bare remote, and the tool run as a command. Must not hold an expectation."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import regeneration_forge as forges

from generator.findings import Finding, Report, Rule, TenantReport
from generator.reports import json as as_json
from generator.snapshot import LOCK, dump, klass_path, read_lock, sha256

ROOT = Path(__file__).parents[2]
UPDATE = os.environ.get("UPDATE_EXPECTED") == "1"
TENANTS = ("acme", "globex")
RULES = {
    "argument-removed": Rule(
        "argument-removed", "tool", "breaking", "major", "removed", "Calls fail.", "Tell callers."
    ),
    "argument-added": Rule("argument-added", "tool", "info", "minor", "added", "Callers may set it.", "Nothing."),
}


def environment(**more: str) -> dict[str, str]:
    """Nothing of the person who runs the tests: no key, no token, no configuration of git."""
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "TMPDIR", "KUSTOMER_MCP_CACHE")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    home = {"HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    return {**kept, **home, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **more}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Repository:
    """A clone whose remote `origin` is a bare repository beside it."""

    root: Path
    remote: Path
    variables: dict[str, str]

    def git(self, *words: str, at: Path | None = None) -> str:
        command = ["git", "-C", str(at or self.root), "-c", "user.name=P", "-c", "user.email=p@example.com", *words]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tool(self, *words: str, **variables: str) -> Done:
        command = [sys.executable, "-m", "generator.cli", "-C", str(self.root), *words]
        done = subprocess.run(
            command, cwd=self.root, env=environment(**self.variables, **variables), capture_output=True, text=True
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def branches(self) -> list[str]:
        """The branches at the remote."""
        return self.git("for-each-ref", "--format=%(refname:short)", "refs/heads", at=self.remote).split()

    def files(self, branch: str) -> list[str]:
        """What the last commit of a remote's branch changes."""
        return self.git("diff", "--name-only", f"{branch}^", branch, at=self.remote).split()

    def commit_and_push(self, message: str, branch: str = "main") -> None:
        self.git("add", "-A", "specs", "generated")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.git("push", "-q", "origin", f"HEAD:{branch}")


def small(folder: Path) -> Path:
    """What `propose` looks at of this project's specs/ and generated/: one document, the tenants, and a few files."""
    for tenant in TENANTS:
        shutil.copytree(ROOT / "specs" / "tenants" / tenant, folder / "specs" / "tenants" / tenant)
        (folder / "generated" / tenant).mkdir(parents=True)
        shutil.copy(ROOT / "generated" / tenant / "TOOLS.md", folder / "generated" / tenant)
    (folder / "specs" / "openapi").mkdir()
    shutil.copy(ROOT / "specs" / "openapi" / "workflows.json", folder / "specs" / "openapi")
    lock = read_lock(ROOT)
    pins = {
        "documents": {"workflows": lock["documents"]["workflows"]},
        "tenants": {name: lock["tenants"][name] for name in TENANTS},
    }
    (folder / LOCK).write_text(dump(pins), encoding="utf-8")
    return folder


def repository(folder: Path, content: Path, folders: tuple[str, ...] = ("specs", "generated")) -> Repository:
    """A repository that holds `folders` of `content`, pushed to its remote."""
    remote, root = folder / "remote.git", folder / "clone"
    made = Repository(root, remote, {})
    remote.mkdir(parents=True)
    made.git("init", "-q", "--bare", "-b", "main", at=remote)
    root.mkdir()
    made.git("init", "-q", "-b", "main")
    made.git("remote", "add", "origin", str(remote))
    for name in folders:
        shutil.copytree(content / name, root / name, ignore=shutil.ignore_patterns(".mypy_cache", "__pycache__"))
    made.commit_and_push("Start")
    return made


def with_github(made: Repository, state: forges.State) -> Repository:
    named = {"GITHUB_API_URL": state.url, "GITHUB_REPOSITORY": "acme/tools", "GITHUB_TOKEN": forges.TOKEN}
    return replace(made, variables={**made.variables, **named})


def with_gitlab(made: Repository, state: forges.State) -> Repository:
    named = {"CI_API_V4_URL": state.url, "CI_SERVER_URL": state.url, "CI_PROJECT_ID": "7", "GITLAB_TOKEN": forges.TOKEN}
    return replace(made, variables={**made.variables, **named})


def change(made: Repository, tenant: str, mark: str = "changed") -> None:
    """What `regenerate` leaves when one of a tenant's Klasses changed: a pinned file, its pin, and a generated file."""
    lock = read_lock(made.root)
    name = next(name for name in lock["tenants"][tenant]["files"] if name.startswith("standard/"))
    content = {**json.loads((made.root / klass_path(tenant, name)).read_text(encoding="utf-8")), "mark": mark}
    (made.root / klass_path(tenant, name)).write_text(dump(content), encoding="utf-8")
    lock["tenants"][tenant]["files"][name] = sha256(dump(content))
    (made.root / LOCK).write_text(dump(lock), encoding="utf-8")
    (made.root / "generated" / tenant / "TOOLS.md").write_text(mark, encoding="utf-8")


def change_documents(made: Repository, mark: int = 1) -> None:
    lock = read_lock(made.root)
    path = made.root / "specs" / "openapi" / "workflows.json"
    content = dump({**json.loads(path.read_text(encoding="utf-8")), "x-mark": mark})
    path.write_text(content, encoding="utf-8")
    lock["documents"]["workflows"]["sha256"] = sha256(content)
    (made.root / LOCK).write_text(dump(lock), encoding="utf-8")


def back(made: Repository) -> None:
    """The world is as it was."""
    made.git("checkout", "-q", "--", "specs", "generated")


def finding(severity: Any = "breaking", text: str = "create_x lost priority.") -> Finding:
    rule = "argument-removed" if severity == "breaking" else "argument-added"
    return Finding(rule, severity, RULES[rule].bump, "argument create_x.priority", text, tools=("create_x",))


def drifted(tenant: str, *findings: Finding) -> TenantReport:
    return TenantReport(tenant, "drifted", findings or (finding(),), version="1.0.0", next_version="2.0.0")


def clean(tenant: str) -> TenantReport:
    return TenantReport(tenant, "clean", version="1.0.0", next_version="1.0.0")


def failed(tenant: str) -> TenantReport:
    return TenantReport(tenant, "failed", error="Kustomer refused the key (401)")


def write_report(made: Repository, *tenants: TenantReport) -> str:
    """The report's folder, as `--report` wants it; it is outside of specs/ and generated/."""
    folder = made.root / "report"
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(as_json.render(Report("Drift", tenants, RULES)), encoding="utf-8")
    return "report"
