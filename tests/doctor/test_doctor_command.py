"""The command: texts, JSON, colours, exit codes."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from doctor_kit import MODULE, TOOLS, expect

from generator.sandbox import Sandbox

ESCAPE = "\x1b["


def run(folder: Path, sandbox: Sandbox, key: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {"PYTHONPATH": str(folder), "KUSTOMER_BASE_URL": sandbox.url, "KUSTOMER_API_KEY": key}
    return subprocess.run(
        [sys.executable, "-m", MODULE, "doctor", *words],
        env={**os.environ, **variables, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def reviewable(text: str, sandbox: Sandbox) -> str:
    """Without what differs from run to run."""
    return re.sub(r"\d+ s apart", "0 s apart", text.replace(sandbox.url, "<kustomer>"))


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("sandbox-acme", 0),
        ("sandbox-acme-orders", 1),
        ("sandbox-acme-expired", 1),
        ("sandbox-acme-prod2", 1),
        ("no-such-key", 1),
        ("", 1),
    ],
)
def test_the_text_is_as_reviewed(key: str, code: int, folder: Path, sandbox: Sandbox) -> None:
    done = run(folder, sandbox, key)
    assert (done.returncode, done.stderr) == (code, "")
    assert ESCAPE not in done.stdout
    assert not key or key not in done.stdout
    expect(f"{key or 'no-key'}.txt", reviewable(done.stdout, sandbox))


def test_the_json_is_as_reviewed(folder: Path, sandbox: Sandbox) -> None:
    done = run(folder, sandbox, "sandbox-acme-generator", "--format", "json")
    assert done.returncode == 1
    value = json.loads(done.stdout)
    assert {row["name"] for row in value["checks"] if row["group"] == "tools"} == set(TOOLS)
    expect("sandbox-acme-generator.json", reviewable(done.stdout, sandbox))


def test_the_json_has_one_shape_whatever_is_wrong(folder: Path, sandbox: Sandbox) -> None:
    shapes = set()
    for key in ("sandbox-acme", "sandbox-acme-expired", ""):
        value: dict[str, Any] = json.loads(run(folder, sandbox, key, "--format", "json").stdout)
        shapes.add((tuple(value), tuple(value["summary"]), *{tuple(row) for row in value["checks"]}))
        assert value["ok"] is (key == "sandbox-acme")
    assert shapes == {
        (
            ("ok", "package", "base_url", "summary", "checks"),
            ("ok", "warning", "failed"),
            ("group", "name", "status", "what", "todo"),
        )
    }


def test_warnings_alone_do_not_fail(folder: Path, sandbox: Sandbox) -> None:
    """This key may use every tool of the package, but read no metadata."""
    from generator.sandbox import Key

    held = ("org.permission.customer", "org.permission.kobject", "org.permission.klass", "org.permission.company")
    sandbox.world.keys["made-up-key"] = Key(
        "made-up-key", "x", "acme", (*held, "org.permission.unmasking_window"), "robot"
    )
    done = run(folder, sandbox, "made-up-key", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["summary"]) == (0, {"ok": 14, "warning": 8, "failed": 0})


def test_a_key_file_is_read(folder: Path, sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sandbox-acme\n", encoding="utf-8")
    assert run(folder, sandbox, "", KUSTOMER_API_KEY_FILE=str(tmp_path / "key")).returncode == 0
    done = run(folder, sandbox, "", KUSTOMER_API_KEY_FILE=str(tmp_path / "gone"))
    assert done.returncode == 1 and "can't be read" in done.stdout
    (tmp_path / "key").write_bytes(b"\xff\xfe\x00")
    done = run(folder, sandbox, "", KUSTOMER_API_KEY_FILE=str(tmp_path / "key"))
    assert done.returncode == 1 and "is no UTF-8 text" in done.stdout


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_gets_colours_unless_it_says_no(
    no_color: str, coloured: bool, folder: Path, sandbox: Sandbox
) -> None:
    ours, theirs = pty.openpty()
    variables = {"PYTHONPATH": str(folder), "KUSTOMER_BASE_URL": sandbox.url, "KUSTOMER_API_KEY": "sandbox-acme"}
    environment = {**os.environ, **variables, "NO_COLOR": no_color, "TERM": "xterm"}
    process = subprocess.Popen([sys.executable, "-m", MODULE, "doctor"], env=environment, stdout=theirs, close_fds=True)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert (ESCAPE.encode() in shown) is coloured


def _read(end: int) -> bytes:
    try:
        return os.read(end, 65536)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_an_unusable_setting_is_an_error_without_a_traceback(folder: Path, sandbox: Sandbox) -> None:
    done = run(folder, sandbox, "sandbox-acme", KUSTOMER_MCP_ANSWER_BYTES="many")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: KUSTOMER_MCP_ANSWER_BYTES")
