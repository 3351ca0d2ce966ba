"""The packages as somebody installs them: a real `pip install` into an empty environment, and mypy over what it made."""

from __future__ import annotations

import os
import re
import shutil
import venv
from pathlib import Path

import pytest
from mcp import Client
from package_build import locked, mypy, run
from package_servers import ROOT, serving

from generator.sandbox import Sandbox

pytestmark = pytest.mark.slow

CALLER = '''\
"""A caller whose types are right, but for the line that says so."""

from __future__ import annotations

from kustomer_mcp_acme import Answer, connect
from kustomer_mcp_acme.models.customers import CustomerCustom, Email
from kustomer_mcp_acme.tools.custom_objects import list_all_kustomer_custom_objects
from kustomer_mcp_acme.tools.customers import create_a_kustomer_customer, update_a_kustomer_customer_by_id


async def main() -> str | None:
    async with connect() as kustomer:
        made: Answer = await create_a_kustomer_customer(kustomer, name="Ada", emails=[Email(email="a@b.c")])
        gold = CustomerCustom(loyaltyTierStr="gold", vipBool=None)
        await update_a_kustomer_customer_by_id(kustomer, id=made.data["id"], name=None, custom=gold)
        found = await list_all_kustomer_custom_objects(kustomer, klass_name="order", page_size=5)
        await list_all_kustomer_custom_objects(kustomer, klass_name="ordr")  # wrong
        return found.next_cursor
'''


@pytest.fixture(scope="session")
def installed(shared_folder: Path) -> Path:
    """The folder of commands of a fresh environment that holds both packages and what they depend on."""
    place = shared_folder / "installed"
    with locked(shared_folder, "installed") as first:
        if first:
            venv.create(place, with_pip=True)
            trees = []
            for tenant in ("acme", "globex"):  # copies: a build must not touch generated/
                source = ROOT / "generated" / tenant
                trees.append(
                    shutil.copytree(
                        source, shared_folder / f"source-{tenant}", ignore=shutil.ignore_patterns("__pycache__")
                    )
                )
            done = run(
                place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *trees
            )
            assert done.returncode == 0, done.stderr
    return place / "bin"


def test_both_packages_import_beside_each_other_without_any_configuration(installed: Path) -> None:
    script = (
        "import kustomer_mcp_acme, kustomer_mcp_globex, kustomer_mcp_acme.server, kustomer_mcp_globex.server;"
        "from kustomer_mcp_acme.runtime.server import Contract;"
        "assert all('site-packages' in p.__file__ for p in (kustomer_mcp_acme, kustomer_mcp_globex));"
        "print([len(Contract(name).tools.tools) for name in ('kustomer_mcp_acme', 'kustomer_mcp_globex')])"
    )
    done = run(installed / "python", "-I", "-c", script)
    assert (done.stdout.strip(), done.stderr) == ("[41, 34]", "")


def test_the_command_helps_and_tells_its_version_without_any_configuration(installed: Path) -> None:
    helped = run(installed / "kustomer-mcp-acme", "--help")
    assert helped.returncode == 0 and "serve" in helped.stdout
    said = "Acme Support: an MCP server. It reads KUSTOMER_API_KEY (or KUSTOMER_API_KEY_FILE)."
    assert said in " ".join(helped.stdout.split())
    assert run(installed / "kustomer-mcp-globex", "--version").stdout == "kustomer-globex, version 1.0.0\n"


def test_the_wheel_holds_the_package_and_nothing_else(installed: Path) -> None:
    record = next((installed.parent / "lib").rglob("kustomer_mcp_acme-1.0.0.dist-info/RECORD"))
    names = {line.split(",")[0] for line in record.read_text(encoding="utf-8").splitlines()}
    made = {name for name in names if not name.startswith(("kustomer_mcp_acme-", "..")) and "__pycache__" not in name}
    source = ROOT / "generated/acme"
    files = source.glob("kustomer_mcp_acme/**/*")
    assert made == {
        str(path.relative_to(source)) for path in files if path.is_file() and "__pycache__" not in path.parts
    }
    assert "kustomer_mcp_acme/py.typed" in made


async def test_the_installed_command_serves_and_answers(installed: Path, emulator: Sandbox, tmp_path: Path) -> None:
    command = [str(installed / "kustomer-mcp-acme")]
    with serving(
        tmp_path, command=command, PYTHONPATH="", KUSTOMER_BASE_URL=emulator.url, KUSTOMER_API_KEY="sandbox-acme"
    ) as one:
        async with Client(one.url) as client:
            assert len((await client.list_tools()).tools) == 41
            result = await client.call_tool("kustomer_customers_using_external_id", {"external_id": "USR-100"})
    assert result.structured_content["data"]["attributes"]["externalId"] == "USR-100"


def test_mypy_finds_the_one_mistake_of_a_caller_and_none_in_the_packages(
    installed: Path, shared_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "caller.py").write_text(CALLER, encoding="utf-8")
    wrong = next(number for number, line in enumerate(CALLER.splitlines(), 1) if "# wrong" in line)
    checked = ("-m", "caller", "-p", "kustomer_mcp_acme", "-p", "kustomer_mcp_globex")
    sources = [str(tmp_path), *(str(shared_folder / f"source-{tenant}") for tenant in ("acme", "globex"))]
    lines, code = mypy(shared_folder, *checked, MYPYPATH=os.pathsep.join(sources))  # with the extras, which tests have
    assert len(lines) == 1 and code == 1
    assert re.search(
        rf"caller\.py:{wrong}: error: Argument \"klass_name\" .* incompatible type \"Literal\['ordr'\]\"", lines[0]
    )


def test_a_package_of_every_operation_type_checks(everything: Path, shared_folder: Path) -> None:
    lines, code = mypy(shared_folder / "every", "-p", "kustomer_mcp_everything", MYPYPATH=str(everything))
    assert (lines, code) == ([], 0)
