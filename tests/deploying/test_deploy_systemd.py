"""The systemd unit: systemd itself accepts it, finds it little exposed, and it runs what is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from deploying_kit import IN_CI, TENANTS, package

ANALYZE = shutil.which("systemd-analyze")
analyzed = pytest.mark.skipif(ANALYZE is None and not IN_CI, reason="systemd-analyze (Debian: systemd) is not here")


def unit(tenant: str) -> str:
    return (package(tenant) / "deploy" / f"kustomer-mcp-{tenant}.service").read_text(encoding="utf-8")


def settings(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            found.setdefault(line.partition("=")[0], []).append(line.partition("=")[2])
    return found


def analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None, "systemd-analyze is missing: install Debian's systemd package"
    return subprocess.run([ANALYZE, *map(str, words)], capture_output=True, text=True, check=False)


def verified(text: str, folder: Path) -> str:
    """What systemd says of a unit, were its command installed."""
    path = folder / "checked.service"
    path.write_text(
        re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE), encoding="utf-8"
    )
    done = analyze("verify", "--recursive-errors=no", "--man=no", path)
    return f"{done.returncode} {done.stdout}{done.stderr}".strip()


@analyzed
@pytest.mark.parametrize("tenant", TENANTS)
def test_systemd_accepts_the_unit_without_a_word(tenant: str, tmp_path: Path) -> None:
    assert verified(unit(tenant), tmp_path) == "0"


@analyzed
def test_systemd_would_name_a_setting_that_it_does_not_know(tmp_path: Path) -> None:
    said = verified(unit("acme").replace("DynamicUser=", "DynamicUsr="), tmp_path)
    assert "DynamicUsr" in said


@analyzed
def test_systemd_rates_the_exposure_below_two_of_ten() -> None:
    path = package("acme") / "deploy" / "kustomer-mcp-acme.service"
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("tenant", TENANTS)
def test_secrets_come_as_credentials_and_state_lies_where_only_the_service_looks(tenant: str) -> None:
    found = settings(unit(tenant))
    name = f"kustomer-mcp-{tenant}"
    assert found["LoadCredential"] == [f"api-key:/etc/{name}/api-key"]
    assert "KUSTOMER_API_KEY_FILE=%d/api-key" in found["Environment"]
    assert "XDG_STATE_HOME=%S" in found["Environment"]
    assert (found["StateDirectory"], found["StateDirectoryMode"], found["DynamicUser"]) == ([name], ["0700"], ["yes"])
    assert not [line for line in unit(tenant).splitlines() if re.match(r"Environment=\w+(KEY|TOKEN)=", line)]


def test_it_is_stopped_no_sooner_than_its_calls_and_windows_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(package("acme")))
    from kustomer_mcp_acme.runtime.edge.settings import Serving  # type: ignore[import-not-found, unused-ignore]

    serving = Serving()
    assert float(settings(unit("acme"))["TimeoutStopSec"][0]) > serving.drain_delay + serving.drain_seconds + 10


def test_the_user_of_a_long_name_is_one_that_systemd_takes() -> None:
    from generator.deploy import user

    assert user("kustomer-mcp-acme") == "kustomer-mcp-acme"
    assert user("kustomer-mcp-" + "a" * 17 + "-" + "b" * 22) == "kustomer-mcp-" + "a" * 17
