"""A tenant's title is data in every deployment file, whatever it holds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml
from deploying_kit import ROOT, instructions
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.config import read_tenant
from generator.ir import Package
from generator.package import build
from generator.render import deploy_files
from generator.snapshot import load

NASTY = (
    "a\nUSER root", 'a" && rm -rf / #', "${PATH} $(id) `id`", "{{ 7 * 7 }} {% raw %}", "# not a comment", "a\\", "a\\\nExecStart=/bin/sh",
    "%n %h %%", "- x: [1", "&a *a !!python/object", "a\u2028b\u0085c\x7f\x00", "\ud800", "'\"'\"", "a: b", "=x", "\ufeffa", "",
)  # fmt: skip
TITLES = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=60), st.lists(st.sampled_from(NASTY), max_size=3).map("".join)
)


@pytest.fixture(scope="module")
def acme() -> Package:
    return build(load(ROOT, ["acme"]), read_tenant(ROOT, "acme"))


def plain(title: str) -> str:
    """The title as one line of what can be shown; nothing else may be changed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in title).split())


@settings(deadline=None, max_examples=60)
@given(title=TITLES)
def test_a_title_changes_nothing_but_the_values_that_show_it(acme: Package, title: str) -> None:
    usual, files = deploy_files(replace(acme, title="Usual")), deploy_files(replace(acme, title=title))
    assert list(files) == list(usual)
    for path, text in files.items():
        if path == "Dockerfile":
            _dockerfile(text, usual[path], plain(title))
        elif path.endswith(".service"):
            shown = plain(title).replace("%", "%%").rstrip("\\ ")
            assert text.split("\n") == usual[path].replace(
                "Description=MCP server of Usual", f"Description=MCP server of {shown}"
            ).split("\n")
        elif path.endswith("deployment.yaml"):
            wanted = yaml.safe_load(usual[path])
            wanted["metadata"]["annotations"]["kubernetes.io/description"] = plain(title)
            assert yaml.safe_load(text) == wanted
        else:
            assert text == usual[path], path


def _dockerfile(text: str, usual: str, shown: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        before, after = instructions(usual, folder), instructions(text, folder)
    assert [row for row in after if row[0] != "LABEL"] == [row for row in before if row[0] != "LABEL"]
    (labels,) = [value for name, value in after if name == "LABEL"]
    found = re.fullmatch(r'\S+title="kustomer-mcp-acme" +\S+description="((?:[^"\\$]|\\["$\\])*)"', labels)
    assert found, f"it would end early, or be substituted in: {labels}"
    # What Docker takes from between double quotes (Dockerfile reference: a backslash escapes a quote, a $ and itself there).
    assert re.sub(r'\\(["$\\])', r"\1", found[1]) == shown
