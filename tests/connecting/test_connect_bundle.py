"""The bundle: the same bytes for the same package, a manifest as its schema asks, and a server that starts from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from connecting_kit import ROOT, SECRETS, acme, filled
from mcp import Client, StdioServerParameters

from generator.sandbox import fresh, running

TEXT = {"type": "string", "minLength": 1}
# What manifest 0.4 says of the parts that a bundle here has (github.com/modelcontextprotocol/mcpb, MANIFEST.md); `mcpb validate`
# in .ci checks with the whole of it.
SCHEMA: dict[str, Any] = {
    "type": "object", "additionalProperties": False,
    "required": ["manifest_version", "name", "version", "description", "author", "server"],
    "properties": {
        "manifest_version": {"const": "0.4"}, "name": {"type": "string", "pattern": "^[a-z0-9-]+$"}, "display_name": TEXT,
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"}, "description": TEXT,
        "author": {"type": "object", "additionalProperties": False, "required": ["name"], "properties": {"name": TEXT}},
        "server": {
            "type": "object", "additionalProperties": False, "required": ["type", "entry_point", "mcp_config"],
            "properties": {
                "type": {"enum": ["python", "node", "binary", "uv"]}, "entry_point": TEXT,
                "mcp_config": {
                    "type": "object", "additionalProperties": False, "required": ["command"],
                    "properties": {
                        "command": TEXT, "args": {"type": "array", "items": TEXT},
                        "env": {"type": "object", "additionalProperties": TEXT}}}}},
        "tools": {"type": "array", "items": {
            "type": "object", "additionalProperties": False, "required": ["name"], "properties": {"name": TEXT, "description": TEXT}}},
        "compatibility": {"type": "object", "additionalProperties": False, "properties": {
            "platforms": {"type": "array", "items": {"enum": ["darwin", "win32", "linux"]}},
            "runtimes": {"type": "object", "additionalProperties": False, "properties": {"python": TEXT}}}},
        "user_config": {"type": "object", "additionalProperties": {
            "type": "object", "additionalProperties": False, "required": ["type", "title", "description"],
            "properties": {
                "type": {"enum": ["string", "number", "boolean", "directory", "file"]}, "title": TEXT, "description": TEXT,
                "required": {"type": "boolean"}, "sensitive": {"type": "boolean"}}}},
    },
}  # fmt: skip


def unpacked(folder: Path) -> Path:
    done = acme("bundle", "--output", str(folder / "acme.mcpb"))
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(folder / "acme.mcpb") as archive:
        archive.extractall(folder / "bundle")
    return folder / "bundle"


def manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((unpacked(folder) / "manifest.json").read_text(encoding="utf-8")))


def test_the_same_package_gives_the_same_bytes_wherever_and_whenever_it_is_made(tmp_path: Path) -> None:
    acme("bundle", "--output", str(tmp_path / "first.mcpb"))
    copy = shutil.copytree(ROOT / "generated" / "acme", tmp_path / "copy", ignore=shutil.ignore_patterns("__pycache__"))
    for file in copy.rglob("*"):
        os.utime(file, (1, 1))
    done = subprocess.run(
        [sys.executable, "-m", "kustomer_mcp_acme", "bundle", "--output", tmp_path / "second.mcpb"],
        env={**os.environ, "PYTHONPATH": str(copy), "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "first.mcpb").read_bytes() == (tmp_path / "second.mcpb").read_bytes()


def test_entries_are_sorted_dated_alike_and_plain_files_of_the_package(tmp_path: Path) -> None:
    unpacked(tmp_path)
    with zipfile.ZipFile(tmp_path / "acme.mcpb") as archive:
        rows = archive.infolist()
        assert archive.testzip() is None
    names = [row.filename for row in rows]
    assert names == sorted(set(names))
    assert {row.date_time for row in rows} == {(1980, 1, 1, 0, 0, 0)}
    assert {row.external_attr >> 16 for row in rows} == {0o100644}
    assert not [name for name in names if name.startswith("/") or ".." in name or "__pycache__" in name or "\\" in name]
    package = {
        path.relative_to(ROOT / "generated/acme").as_posix()
        for path in (ROOT / "generated/acme/kustomer_mcp_acme").rglob("*.*")
    }
    kept = {name for name in package if "__pycache__" not in name}
    assert {name for name in names if "/" in name} == kept
    assert {name for name in names if "/" not in name} == {"manifest.json", "pyproject.toml", "server.py"}


def test_the_manifest_is_as_its_schema_asks(tmp_path: Path) -> None:
    jsonschema.validate(manifest(tmp_path), SCHEMA)


def test_the_manifest_names_every_tool_with_what_it_does(tmp_path: Path) -> None:
    listed = json.loads((ROOT / "generated/acme/manifest.json").read_text(encoding="utf-8"))["tools"]
    tools = manifest(tmp_path)["tools"]
    assert sorted(tool["name"] for tool in tools) == sorted(listed)
    assert all(len(tool["description"]) > 20 for tool in tools)


def test_the_key_is_asked_for_kept_secret_and_reaches_the_server_alone(tmp_path: Path) -> None:
    found = manifest(tmp_path)
    assert found["user_config"]["api_key"] == found["user_config"]["api_key"] | {
        "sensitive": True,
        "required": True,
        "type": "string",
    }
    assert found["server"]["mcp_config"]["env"] == {"KUSTOMER_API_KEY": "${user_config.api_key}"}
    assert "user_config" not in json.dumps(found["server"]["mcp_config"]["args"])
    whole = b"".join(path.read_bytes() for path in (tmp_path / "bundle").rglob("*") if path.is_file())
    assert not [secret for secret in SECRETS.values() if secret.encode() in whole]


def test_it_asks_for_what_the_package_asks_for_and_no_extra(tmp_path: Path) -> None:
    made = tomllib.loads((unpacked(tmp_path) / "pyproject.toml").read_text(encoding="utf-8"))
    package = tomllib.loads((ROOT / "generated/acme/pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(made["project"]["dependencies"]) == sorted(package["dependencies"])
    assert made["project"]["requires-python"] == package["requires-python"]
    assert made["tool"] == {"uv": {"package": False}}
    assert "build-system" not in made


def test_a_package_whose_needs_are_not_known_is_not_bundled(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "generated/acme/kustomer_mcp_acme", tmp_path / "bare/kustomer_mcp_acme")
    done = subprocess.run(
        [sys.executable, "-m", "kustomer_mcp_acme", "bundle", "--output", tmp_path / "x.mcpb"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "bare")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "pip install it first" in done.stderr
    assert not (tmp_path / "x.mcpb").exists()


def test_a_folder_that_is_not_there_is_an_error_in_words(tmp_path: Path) -> None:
    done = acme("bundle", "--output", str(tmp_path / "no" / "x.mcpb"))
    assert (done.exit_code, "can't be written: No such file or directory" in done.stderr) == (1, True)


@pytest.fixture
def kustomer() -> Iterator[str]:
    with running(fresh()) as emulator:
        yield emulator.url


@pytest.mark.slow
async def test_a_client_starts_the_server_from_the_unpacked_bundle_as_the_manifest_says(
    kustomer: str, tmp_path: Path
) -> None:
    folder = unpacked(tmp_path)
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    start = filled(found["server"]["mcp_config"], {"__dirname": str(folder), "user_config.api_key": "sandbox-acme"})
    network = ("SSL_", "UV_", "HTTP", "http", "NO_PROXY", "no_proxy")
    outside = {name: value for name, value in os.environ.items() if name.startswith(network)}
    outside |= {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "UV_PYTHON": os.path.realpath(sys.executable),
        "UV_PYTHON_DOWNLOADS": "never",
        "KUSTOMER_BASE_URL": kustomer,
    }
    parameters = StdioServerParameters(
        command=start["command"], args=start["args"], env=outside | start["env"], cwd=tmp_path
    )
    async with Client(parameters, mode="legacy") as client:
        listed = await client.list_tools()
        answer = await client.call_tool("kustomer_customers_using_email", {"email": "alex.smith@acmecorp.com"})
    assert sorted(tool.name for tool in listed.tools) == sorted(tool["name"] for tool in found["tools"])
    assert "alex.smith@acmecorp.com" in str(answer.content)
    assert (folder / ".venv").is_dir(), "uv made an environment of the bundle's own"
