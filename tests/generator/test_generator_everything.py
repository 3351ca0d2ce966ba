"""The package of everything is Python that imports, and its contracts, models and functions agree."""

from __future__ import annotations

import ast
import json
import sys
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import generator_kit as kit
import pytest

from generator.ir import Package


@pytest.fixture(scope="module")
def module(
    everything: Package, everything_files: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModuleType]:
    folder = kit.write_tree(tmp_path_factory.mktemp("everything"), everything_files)
    with kit.importable(folder, everything.module) as found:
        yield found


def test_every_function_takes_what_its_contract_shows_and_its_model_checks(
    everything: Package, everything_files: dict[str, str], module: ModuleType
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for toolset in everything.toolsets:
            table = kit.importlib.import_module(f"{everything.module}.tools.{toolset.name}").TOOLS
            contracts = json.loads(everything_files[f"{everything.module}/contract/{toolset.name}.json"])
            assert [row["name"] for row in contracts] == list(table) == sorted(table)
            for row in contracts:
                kit.assert_fits(row, *table[row["name"]])


def test_every_file_that_is_python_parses_and_ends_in_one_newline(everything_files: dict[str, str]) -> None:
    for path, text in everything_files.items():
        assert "\r" not in text and "\x00" not in text, path
        assert not text or (text.endswith("\n") and not text.endswith("\n\n")), path
        if path.endswith(".py"):
            ast.parse(text)


def test_the_manifest_names_every_file_tool_and_input(everything: Package, everything_files: dict[str, str]) -> None:
    manifest = json.loads(everything_files["manifest.json"])
    assert manifest["files"] == sorted(everything_files)
    assert sorted(manifest["tools"]) == sorted(tool.name for tool in everything.tools)
    assert manifest["inputs"] == dict(everything.inputs)
    assert len(manifest["left_out"]) == len(everything.left_out)


def test_the_manifest_holds_no_date_host_or_version_of_python(everything_files: dict[str, str]) -> None:
    text = everything_files["manifest.json"]
    assert sys.version.split()[0] not in text and str(Path.home()) not in text and str(kit.ROOT) not in text


def test_pyproject_is_toml_that_names_the_package(everything: Package, everything_files: dict[str, str]) -> None:
    project = tomllib.loads(everything_files["pyproject.toml"])["project"]
    assert project["name"] == everything.distribution
    assert project["scripts"] == {everything.command: f"{everything.module}.server:main"}


def test_a_generated_function_shows_method_path_and_wire_names_in_one_call(
    everything: Package, everything_files: dict[str, str]
) -> None:
    for toolset in everything.toolsets:
        tree = ast.parse(everything_files[f"{everything.module}/tools/{toolset.name}.py"])
        functions = {node.name: node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
        for tool in toolset.tools:
            calls = [
                (node.lineno, node.args[0].value, node.args[1].value)  # type: ignore[attr-defined]
                for node in ast.walk(functions[tool.name])
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "call"
            ]
            assert [row[1:] for row in sorted(calls)] == [(call.method, call.path) for call in tool.calls], tool.name


def test_no_file_imports_what_it_does_not_use(everything_files: dict[str, str]) -> None:
    for path, text in everything_files.items():
        if path.endswith(".py") and ("/tools/" in path or "/models/" in path):
            tree = ast.parse(text)
            imported = {
                alias.asname or alias.name
                for node in tree.body
                if isinstance(node, ast.ImportFrom) and node.module != "__future__"
                for alias in node.names
            }
            assert imported - {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} == set(), path
