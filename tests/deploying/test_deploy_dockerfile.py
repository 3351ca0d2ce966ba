"""The Dockerfile: a linter finds nothing, it says what a careful image says, and its steps make a server that is well."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from deploying_kit import BIN, TENANTS, Image, build, instructions, package

SECRETS = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")


def said(tenant: str, folder: Path) -> list[tuple[str, str]]:
    return instructions((package(tenant) / "Dockerfile").read_text(encoding="utf-8"), folder)


@pytest.mark.parametrize("tenant", TENANTS)
def test_the_linter_finds_nothing(tenant: str) -> None:
    done = subprocess.run(
        [BIN / "hadolint", "--failure-threshold", "style", package(tenant) / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM python\nRUN cd /tmp && apt-get install curl\n", encoding="utf-8")
    done = subprocess.run([BIN / "hadolint", tmp_path / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "DL3006" in done.stdout


def test_the_base_is_pinned_to_a_patch_release_of_python_and_a_release_of_debian(tmp_path: Path) -> None:
    rows = said("acme", tmp_path)
    assert rows[0][0] == "ARG"
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-[a-z]+", rows[0][1])
    assert [value for name, value in rows if name == "FROM"] == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]


def test_it_runs_as_a_numbered_user_that_is_not_root_and_needs_no_shell(tmp_path: Path) -> None:
    rows = said("acme", tmp_path)
    last = rows[max(index for index, row in enumerate(rows) if row[0] == "FROM") :]
    found = dict(last)
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", found["USER"])
    assert [name for name, _ in last].index("USER") > max(
        index for index, row in enumerate(last) if row[0] in ("RUN", "COPY")
    )
    for name in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(found[name]), list)
    assert isinstance(json.loads(found["HEALTHCHECK"].partition("CMD ")[2]), list)
    assert all(value.startswith("[") for name, value in last if name == "RUN")
    assert found["STOPSIGNAL"] == "SIGTERM"


def test_no_secret_has_a_place_in_a_layer(tmp_path: Path) -> None:
    rows = said("acme", tmp_path)
    assert not [value for name, value in rows if name in ("ENV", "ARG") and SECRETS.search(value)]
    assert not [value for name, value in rows if name == "ADD"]
    copied = [value.split()[0] for name, value in rows if name == "COPY" and "--from" not in value]
    assert copied == ["deploy/requirements.lock", "manifest.json", "kustomer_mcp_acme"]
    ignored = (package("acme") / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    assert [line for line in ignored if line.startswith("!")] == [
        "!deploy/requirements.lock", "!manifest.json", "!kustomer_mcp_acme",
    ]  # fmt: skip


@pytest.mark.slow
def test_its_steps_install_the_lock_alone_and_make_a_server_that_is_well_and_ends_when_told_to(tmp_path: Path) -> None:
    image = build(package("acme"), tmp_path)
    _is_what_the_lock_says(image)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    words = [port if word == "8000" else word for word in image.command]
    assert words != image.command
    environment = image.seen() | {
        "KUSTOMER_MCP_PUBLIC_URL": "https://mcp.example.com",
        "KUSTOMER_API_KEY": "sandbox-acme",
    }
    health = [word.replace(":8000/", f":{port}/") for word in image.health]
    server = subprocess.Popen(words, env=environment, cwd=image.place / "data", stderr=subprocess.PIPE, text=True)
    try:
        assert _becomes_well(image, health, server)
    finally:
        server.terminate()
        _, log = server.communicate(timeout=40)
    assert "Traceback" not in log
    assert image.run(health).returncode != 0, "the check must fail where nothing serves"


def _becomes_well(image: Image, health: list[str], server: subprocess.Popen[str]) -> bool:
    until = time.monotonic() + 40
    while time.monotonic() < until and server.poll() is None:
        if image.run(health).returncode == 0:
            return True
        time.sleep(0.2)
    raise AssertionError(
        f"it did not become well: {server.communicate(timeout=10)[1] if server.poll() is not None else 'no answer'}"
    )


def _is_what_the_lock_says(image: Image) -> None:
    listed = image.run(
        [sys.executable, "-m", "pip", "--python", f"{image.place}/opt/venv/bin/python", "list", "--format", "json"]
    )
    lock = (package("acme") / "deploy" / "requirements.lock").read_text(encoding="utf-8")
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", lock, re.MULTILINE))
    found = {row["name"].lower().replace("_", "-"): row["version"] for row in json.loads(listed.stdout)}
    assert len(found) > 15
    assert {name: pinned.get(name) for name in found} == found
    assert not (image.place / "opt" / "venv" / "bin" / "pip").exists()
