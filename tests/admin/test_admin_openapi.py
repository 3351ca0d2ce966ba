"""REST does what its own OpenAPI document says, and nothing that it does not say."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from admin_kit import TOKEN, Listening, Served, runtime, serving, some

_CONFIG = Path(__file__).with_name("schemathesis.toml")


def _schemathesis(url: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = "from schemathesis.cli import schemathesis; schemathesis()"
    return subprocess.run(
        [
            sys.executable, "-c", command, "--config-file", str(_CONFIG), "run", f"{url}/admin/openapi.json",
            "-H", f"Authorization: Bearer {TOKEN}", "--seed", "20261122", "--checks", "all", "--no-color",
            "--continue-on-failure", "--generation-database", "none", "--suppress-health-check", "all", *options,
        ],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_every_answer_is_as_documented_whatever_is_sent(served: Served, tmp_path: Path) -> None:
    done = _schemathesis(served.url, tmp_path, "--max-examples", "6")
    assert done.returncode == 0, done.stdout[-6000:]
    selected = re.search(r"Selected: (\d+)/(\d+)", done.stdout)
    assert selected is not None and selected[1] == selected[2] == "11"


def test_an_answer_that_the_document_does_not_name_is_found(
    server: Listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above is worth something only if it can fail."""
    module = runtime("admin.openapi")
    operations = dict(module.OPERATIONS)
    row = operations["/admin/tokens/{id}"]
    operations["/admin/tokens/{id}"] = {**row, "delete": replace(row["delete"], problems=())}
    monkeypatch.setattr(module, "OPERATIONS", operations)
    with serving(server, tmp_path, catalog=some(2)) as served:
        only = ("--include-operation-id", "revokeToken", "--phases", "coverage", "--max-examples", "2")
        done = _schemathesis(served.url, tmp_path, *only)
    assert done.returncode == 1
    assert "Undocumented status code" in done.stdout, done.stdout


def test_the_document_names_every_path_and_method_that_there_is(rest: httpx.Client) -> None:
    document = rest.get("/admin/openapi.json").json()
    assert {"/admin/mcp", "/admin/mcp/{id}", "/admin/tokens"} <= set(document["paths"])
    for path, operations in document["paths"].items():
        allowed = rest.options(path.replace("{id}", "x")).headers["Allow"].split(", ")
        named = {method.upper() for method in operations if method != "parameters"}
        assert named == set(allowed) - {"HEAD", "OPTIONS"}


def test_the_examples_of_the_document_are_taken(rest: httpx.Client) -> None:
    paths = rest.get("/admin/openapi.json").json()["paths"]
    id = ""
    for path, method in (("/admin/mcp", "post"), ("/admin/tokens", "post"), ("/admin/mcp/{id}", "patch")):
        example = paths[path][method]["requestBody"]["content"]["application/json"]["example"]
        answer = rest.request(method, path.replace("{id}", id), json=example)
        assert answer.status_code in (200, 201), answer.text
        id = id or answer.json()["id"]
