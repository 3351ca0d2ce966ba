"""The site builds without a warning, holds every page, and its pages ask no other host for anything."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from browser_kit import chromium

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / ".ci" / "mkdocs.yml"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "-f", str(CONFIG), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_in_the_site(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages == {path.parent.name for path in site.glob("*/index.html")}
    assert (site / "index.html").is_file()


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    asked = re.compile(
        r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["']?((?:https?:)?//[^"' >]+)|<link\b[^>]*\bhref=["']?((?:https?:)?//[^"' >]+)"""
    )
    found = {
        (path.relative_to(site).as_posix(), "".join(hit))
        for path in site.rglob("*.html")
        for hit in asked.findall(path.read_text(encoding="utf-8"))
    }
    imported = {
        (path.relative_to(site).as_posix(), hit)
        for path in site.rglob("*.css")
        for hit in re.findall(r"""(?:@import|url\()\s*["']?((?:https?:)?//[^"')]+)""", path.read_text(encoding="utf-8"))
    }
    assert found | imported == set()


def test_no_page_is_wider_than_the_screen_of_a_phone(site: Path, tmp_path: Path) -> None:
    wider = {}
    with chromium(tmp_path) as browser:
        browser.look("light", (390, 844))
        for path in [site / "index.html", *site.glob("*/index.html")]:
            browser.open(path.as_uri())
            if width := browser.sideways():
                wider[path.parent.name] = width
    assert wider == {}


def test_links_out_of_the_docs_lose_only_their_link_and_links_to_nothing_stay() -> None:
    spec = importlib.util.spec_from_file_location("docs_hook", ROOT / ".ci" / "docs_hook.py")
    assert spec and spec.loader
    hook = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    text = "[a](../README.md) [b](security.md) [c](../nothing.md) [d](https://example.com/) [e](#here) ![f](../LICENSE)"
    shown = hook.without_outer_links(text, ROOT / "docs", {"security.md"})
    assert shown == "a [b](security.md) [c](../nothing.md) [d](https://example.com/) [e](#here) ![f](../LICENSE)"
