"""The lock that images install: it covers what packages ask for, with hashes, and names no place that packages come from."""

from __future__ import annotations

import re
import tomllib

import pytest
from deploying_kit import TENANTS, package
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

MAKE_IT = "deploy/requirements.lock is out of date: run `make lock`, then `kustomer-mcp generate`"


def lock() -> str:
    return (package("acme") / "deploy" / "requirements.lock").read_text(encoding="utf-8")


@pytest.mark.parametrize("tenant", TENANTS)
def test_everything_that_a_package_asks_for_is_pinned_as_it_asks_extras_too(tenant: str) -> None:
    project = tomllib.loads((package(tenant) / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project.get("optional-dependencies", {}).values() for one in extra),
    ]
    pinned = dict(re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", lock(), re.MULTILINE))
    missing = [
        text
        for text in wanted
        if not (need := Requirement(text)).specifier.contains(pinned.get(canonicalize_name(need.name), "0"))
    ]
    assert missing == [], MAKE_IT


def test_every_pin_has_hashes_and_nothing_but_pins_is_there() -> None:
    entries = re.split(r"\n(?=\S)", lock().strip())
    assert len(entries) > 20
    for entry in entries:
        first, *hashes = [line.strip().removesuffix(" \\") for line in entry.split("\n")]
        assert re.fullmatch(r"[a-z0-9.-]+==[\w.!+-]+( ; .+)?", first), first
        assert hashes, first
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), first


def test_the_lock_names_no_registry() -> None:
    assert "://" not in lock()
    assert "--index" not in lock()
