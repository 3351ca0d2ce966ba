"""The command line: words in, texts and exit codes out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import generator_kit as kit
import pytest
from click.testing import CliRunner, Result

from generator import __version__
from generator.cli import main
from generator.errors import KustomerMcpError
from generator.sandbox import Sandbox, running

TOML = 'org = "acme"\n'
SOURCE = '[[document]]\nname = "core"\nurl = "core.json"\n'
SNAPSHOTS = kit.HERE / "snapshots"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return kit.write_root(
        tmp_path / "root", {"core": kit.document(kit.things())}, {"klasses/order.json": kit.klass("order", {})}, TOML
    )


Run = Callable[..., Result]


@pytest.fixture
def run(root: Path) -> Run:
    return lambda *words, **named: CliRunner().invoke(main, ["-C", str(root), *words], **named)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running() as one:
        yield one


# ------------------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("name", ["", *sorted(main.commands)])
def test_the_help_of_every_command_is_as_expected(name: str) -> None:
    words = [name, "--help"] if name else ["--help"]
    result = CliRunner().invoke(main, words, terminal_width=100, prog_name="kustomer-mcp")
    assert result.exit_code == 0
    kit.expect(SNAPSHOTS / f"help{'-' if name else ''}{name}.txt", result.output)


def test_the_version_is_the_packages() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.split()[-1] == __version__


@pytest.mark.parametrize(
    "words", [["nonsense"], ["generate", "--nonsense"], ["tools"], ["init"], ["fetch", "--only", "x"], ["sandbox", "--port", "x"]]
)  # fmt: skip
def test_words_that_are_no_command_are_a_usage_error_with_code_2(run: Run, words: list[str]) -> None:
    assert run(*words).exit_code == 2


def test_a_root_that_is_not_there_is_a_usage_error_with_code_2(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["-C", str(tmp_path / "x"), "check"]).exit_code == 2


def test_an_error_of_the_tool_has_its_text_on_stderr_and_code_1(run: Run, root: Path) -> None:
    (root / "specs/tenants/acme/tenant.toml").write_text('org = "acme"\ntitel = 1\n[tols]\n', encoding="utf-8")
    for words in (["generate"], ["check"], ["tools", "acme"], ["fetch", "--only", "klasses"]):
        result = run(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "did you mean 'title'" in result.stderr and "did you mean 'tools'" in result.stderr


@pytest.mark.parametrize("name", ["manifest.json", "CHANGELOG.md"])
def test_a_record_of_bytes_that_are_no_text_is_named_with_what_to_do(run: Run, root: Path, name: str) -> None:
    assert run("generate").exit_code == 0
    (root / "generated" / "acme" / name).write_bytes(b"\xff")
    result = run("check")
    assert result.exit_code == 1 and f"generated/acme/{name} can't be read" in result.stderr
    assert "take it back from version control" in result.stderr


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("generator.states.package_of", fail)
    assert isinstance(run("generate").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "path", ["specs/lock.json", "specs/openapi/core.json", "specs/tenants/acme/klasses/order.json"]
)
def test_a_file_that_can_not_be_read_is_named_without_a_traceback(run: Run, root: Path, path: str) -> None:
    (root / path).unlink()
    (root / path).mkdir()
    result = run("check")
    assert (result.exit_code, "Is a directory" in result.stderr, path in result.stderr) == (1, True, True)


@pytest.mark.parametrize(
    ("words", "closed"),
    [(["generate"], "2>&-"), (["drift"], ">&-"), (["regenerate", "--all"], "<&- >&- 2>&-")],
    ids=["stderr", "stdout", "all"],
)
def test_streams_that_are_closed_change_nothing(root: Path, sandbox: Sandbox, words: list[str], closed: str) -> None:
    (root / "specs/core.json").write_text(json.dumps(kit.document(kit.things())), encoding="utf-8")
    (root / "specs/sources.toml").write_text(SOURCE, encoding="utf-8")
    variables = {"KUSTOMER_BASE_URL": sandbox.url, "KUSTOMER_API_KEY": "sandbox-acme"}
    assert kit.command(root, "regenerate", "--all", variables=variables).returncode == 0
    assert kit.command(root, *words, variables=variables, shell=closed).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the full disk is Linux's /dev/full")
def test_an_output_on_a_full_disk_is_told_without_a_traceback_and_nothing_is_written(root: Path) -> None:
    done = kit.command(root, "generate", shell="> /dev/full")
    assert done.returncode == 1 and done.stderr == "Error: No space left on device\n  - at the output\n"
    assert not (root / "generated" / "acme").exists()


def test_a_reader_who_goes_early_ends_a_command_without_a_word(root: Path) -> None:
    done = kit.command(root, "tools", "acme", "--all", shell="| true")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_user_without_a_home_can_generate(root: Path) -> None:
    code = "import pwd; pwd.getpwuid = {}.__getitem__; from generator.cli import main; main()"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HOME", "XDG_"))}
    environment = {**environment, "PYTHONPATH": str(kit.ROOT), "KUSTOMER_MCP_CACHE": "off"}
    words = [sys.executable, "-c", code, "-C", str(root), "generate"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["generate", "check", "fetch"])
def test_without_any_tenant_the_error_says_how_to_begin(tmp_path: Path, command: str) -> None:
    result = CliRunner().invoke(main, ["-C", str(tmp_path), command])
    assert result.exit_code == 1 and "kustomer-mcp init NAME --org ORG" in result.stderr


@pytest.mark.parametrize("name", ["Acme", "a_b", "../x", "a--b", "-a", "con", "a" * 41, "1a", "a/b", "ä", "com1"])
def test_a_name_that_can_be_no_tenants_is_refused_by_every_command(run: Run, root: Path, name: str) -> None:
    before = kit.read_tree(root.parent)
    for words in (["generate", "--", name], ["check", "--", name], ["tools", "--", name], ["init", "--", name]):
        result = run(*words)
        assert result.exit_code == 1 and "can't be a tenant's name" in result.stderr, words
    assert kit.read_tree(root.parent) == before


def test_a_tenant_that_is_not_there_is_an_error_that_says_how_to_write_it(run: Run) -> None:
    result = run("generate", "globex")
    assert result.exit_code == 1 and "kustomer-mcp init globex" in result.stderr


@pytest.mark.parametrize("text", ['org = "acme\n', "\x00", "org"])
def test_a_tenant_toml_that_is_no_toml_is_said_so(run: Run, root: Path, text: str) -> None:
    (root / "specs/tenants/acme/tenant.toml").write_text(text, encoding="utf-8")
    result = run("generate")
    assert result.exit_code == 1 and "specs/tenants/acme/tenant.toml is no valid TOML" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[document]]\nname = 3\n", "`name` must be"),
        ('[[document]]\nname = "a"\n', "`url` is missing"),
        ('[[document]]\nname = "a"\nurl = "x"\nulr = "x"\n', "did you mean 'url'"),
        ('[[document]]\nname = "a"\nurl = "x"\n[[document]]\nname = "a"\nurl = "y"\n', "two documents are called 'a'"),
        ("document = [1]\n", "write [[document]]"),
        ("document = 1\n", "must be a list"),
        ("", "names no document"),
        ("document = []\n", "names no document"),
    ],
)
def test_sources_toml_is_checked_key_by_key(run: Run, root: Path, text: str, said: str) -> None:
    (root / "specs/sources.toml").write_text(text, encoding="utf-8")
    result = run("fetch", "--only", "documents")
    assert result.exit_code == 1 and said in result.stderr


# ------------------------------------------------------------------------------------- generate and check


def test_generate_tells_its_plan_and_then_has_nothing_to_do(run: Run, root: Path) -> None:
    first, second = run("generate"), run("generate")
    assert (first.exit_code, second.exit_code) == (0, 0)
    lines = first.stdout.splitlines()
    assert "+ generated/acme/manifest.json" in lines
    assert re.fullmatch(r"acme: 3 tools in 2 toolsets, 0 left out; (\d+) files changed", lines[-1])
    assert lines[-2] == "acme: version 1.0.0"
    assert len(lines) - 2 == int(lines[-1].split()[-3]) == len(kit.read_tree(root / "generated" / "acme"))
    assert second.stdout == "acme: 3 tools in 2 toolsets, 0 left out; no files changed\n"


def test_check_is_0_when_up_to_date_and_3_with_the_command_that_mends_it_when_not(run: Run, root: Path) -> None:
    missing = run("check")
    assert missing.exit_code == 3 and missing.stderr == "Run `kustomer-mcp generate acme`.\n"
    run("generate")
    assert (run("check").exit_code, run("check").stdout) == (0, "acme: up to date\n")
    (root / "generated/acme/README.md").write_text("by hand\n", encoding="utf-8")
    (root / "generated/acme/TOOLS.md").unlink()
    result = run("check")
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "~ generated/acme/README.md",
        "+ generated/acme/TOOLS.md",
        "acme: out of date",
    ]


def test_check_writes_nothing(run: Run, root: Path) -> None:
    before = kit.read_tree(root)
    run("check", "--diff")
    assert kit.read_tree(root) == before


def test_check_diff_shows_each_change_as_a_unified_diff(run: Run, root: Path) -> None:
    run("generate")
    readme = root / "generated/acme/README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("3 typed tools", "9 typed tools"), encoding="utf-8")
    kit.expect(SNAPSHOTS / "check-diff.txt", run("check", "--diff").stdout)


def test_several_tenants_are_generated_each_once(run: Run, root: Path) -> None:
    other = root / "specs/tenants/globex"
    other.mkdir()
    (other / "tenant.toml").write_text('org = "globex"\n', encoding="utf-8")
    lock = json.loads((root / "specs/lock.json").read_text(encoding="utf-8"))
    lock["tenants"]["globex"] = {"files": {}}
    (root / "specs/lock.json").write_text(json.dumps(lock), encoding="utf-8")
    assert run("generate").exit_code == 0
    assert sorted(path.name for path in (root / "generated").iterdir()) == ["acme", "globex"]
    assert run("check", "acme", "acme").stdout == "acme: up to date\n"
    (root / "generated/globex/README.md").unlink()
    (root / "generated/acme/README.md").unlink()
    assert run("check").stderr == "Run `kustomer-mcp generate acme globex`.\n"


# -------------------------------------------------------------------------------------------------- tools


def test_tools_lists_every_tool_with_effect_size_and_operation(run: Run) -> None:
    kit.expect(SNAPSHOTS / "tools.txt", run("tools", "acme").stdout)


def test_tools_all_also_lists_what_is_left_out_and_every_tag(run: Run, root: Path) -> None:
    (root / "specs/tenants/acme/tenant.toml").write_text(
        f'{TOML}[tools]\nmethods = ["read"]\ntags = ["notes"]\n', encoding="utf-8"
    )
    kit.expect(SNAPSHOTS / "tools-all.txt", run("tools", "acme", "--all").stdout)


# ------------------------------------------------------------------------------------------------ colours


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)])
def test_no_color_is_obeyed(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in run("check", color=True).stdout) is coloured
    assert ("\x1b[" in run("generate", "nobody", color=True).stderr) is coloured


def test_output_that_is_no_terminal_has_no_colours_and_no_progress(root: Path) -> None:
    done = kit.command(root, "generate")
    assert done.returncode == 0 and "\x1b" not in done.stdout + done.stderr and "\r" not in done.stdout + done.stderr
    assert done.stderr == ""


# ---------------------------------------------------------------------------------- from nothing to a package


def test_init_fetch_and_generate_work_as_they_are_on_the_emulator(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUSTOMER_BASE_URL", sandbox.url)
    monkeypatch.setenv("KUSTOMER_API_KEY", "sandbox-acme-generator")
    steps = [
        ["init", "shop", "--org", "acme"],
        ["fetch", "shop"],
        ["generate", "shop"],
        ["check", "shop"],
        ["tools", "shop", "--all"],
    ]
    results = [CliRunner().invoke(main, ["-C", str(tmp_path), *words]) for words in steps]
    assert [(result.exit_code, result.stderr) for result in results] == [(0, "")] * len(steps)
    assert results[0].stdout.startswith("+ specs/sources.toml\n+ specs/tenants/shop/tenant.toml\n")
    fetched = results[1].stdout
    assert "documents: 9 documents, 410 operations; 9 changes" in fetched
    assert (
        "shop: 4 Klasses, 4 standard objects; 9 changes" in fetched
        and "Klass legacy-ticket: disabled; left out" in fetched
    )
    assert "create_a_kustomer_order_custom_object" in results[4].stdout
    everything = kit.read_tree(tmp_path)
    said = "".join(result.output for result in results).encode()
    assert [path for path, raw in [*everything.items(), ("output", said)] if b"sandbox-acme-generator" in raw] == []


def test_fetching_again_says_that_nothing_changed(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME", "sandbox-acme")
    first = [["init", "acme"], ["fetch", "--base-url", sandbox.url], ["fetch", "--base-url", sandbox.url]]
    results = [CliRunner().invoke(main, ["-C", str(tmp_path), *words]) for words in first]
    assert [result.exit_code for result in results] == [0, 0, 0]
    assert re.findall(r"; (no changes|\d+ changes?)\n", results[2].stdout) == ["no changes", "no changes"]


def test_a_fetch_that_fails_at_the_last_organisation_writes_nothing(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUSTOMER_BASE_URL", sandbox.url)
    monkeypatch.setenv("KUSTOMER_API_KEY_ACME", "sandbox-acme")
    monkeypatch.setenv("KUSTOMER_API_KEY_GLOBEX", "nobodys-secret")
    for tenant in ("acme", "globex"):
        CliRunner().invoke(main, ["-C", str(tmp_path), "init", tenant])
    before = kit.read_tree(tmp_path)
    result = CliRunner().invoke(main, ["-C", str(tmp_path), "fetch"])
    assert result.exit_code == 1 and "globex" in result.stderr
    assert kit.read_tree(tmp_path) == before


def test_init_does_not_touch_what_is_there(run: Run, root: Path) -> None:
    before = kit.read_tree(root)
    result = run("init", "acme")
    assert result.exit_code == 1 and "is there already" in result.stderr
    assert kit.read_tree(root) == before


@pytest.mark.parametrize("org", ["Acme", "acme.com", "https://acme.kustomerapp.com", "a b", '"', "-", "-a", "a" * 64])
def test_init_refuses_an_organisation_that_is_none_and_writes_nothing(run: Run, root: Path, org: str) -> None:
    before = kit.read_tree(root)
    result = run("init", "shop", "--org", org)
    assert result.exit_code == 1 and "no organisation's name" in result.stderr
    assert kit.read_tree(root) == before


@pytest.mark.parametrize(
    "url",
    ["http://foreign.example", "nonsense", "https://u:hunter2@h", "https://h/v1", "https://h:99999", "https://[::::]", "https://."],
)  # fmt: skip
def test_a_base_url_that_is_none_or_would_give_the_key_away_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("KUSTOMER_API_KEY", "secret-key")
    result = run("fetch", "--only", "klasses", "--base-url", url)
    assert result.exit_code == 1 and "--base-url (or KUSTOMER_BASE_URL) can't be used" in result.stderr
    assert "secret-key" not in result.output and "hunter2" not in result.output


def test_a_key_that_kustomer_refuses_is_said_with_the_role_and_never_shown(
    run: Run, root: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kit.read_tree(root)
    for key in ("sandbox-acme-noroles", "sandbox-acme-expired", "nobodys-secret"):
        monkeypatch.setenv("KUSTOMER_API_KEY", key)
        result = run("fetch", "--only", "klasses", "--base-url", sandbox.url)
        assert result.exit_code == 1 and "org.permission.klass.read" in result.stderr
        assert key not in result.output
    assert kit.read_tree(root) == before


def test_every_error_class_is_shown_and_not_raised(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def classes(of: type[KustomerMcpError]) -> list[type[KustomerMcpError]]:
        return [of, *(inner for each in of.__subclasses__() for inner in classes(each))]

    assert len(classes(KustomerMcpError)) == 6
    for kind in classes(KustomerMcpError):

        def fail(*_: object, kind: type[KustomerMcpError] = kind) -> None:
            raise kind("what", ["first", "second"])

        monkeypatch.setattr("generator.states.package_of", fail)
        result = run("generate")
        assert (result.exit_code, click.unstyle(result.stderr)) == (1, "Error: what\n  - first\n  - second\n")
