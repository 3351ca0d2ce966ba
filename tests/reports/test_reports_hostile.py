"""Texts from outside reach every report as text: nothing closes, links, mentions, refers, or gives a runner a command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
import reports_kit as kit
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from generator import reports
from generator.findings import Report
from generator.reports import markdown

HOSTILE = [
    "</details><script>alert(1)</script>",
    "<!-- ]]> --> <img src=x onerror=alert(1)>",
    "`` ` ``` code",
    "```\nfence\n```",
    "| a | b |\n|---|---|",
    "\n\n# heading\n\n- list\n1. one\n> quote\n\n---\n",
    "[click](https://evil.example/x) ![i](https://evil.example/i.png) <https://evil.example> www.evil.example",
    "@octocat @org/team fixes #1, owner/repo#2, GH-3, !4 ~label %milestone $5",
    "0123456789abcdef0123456789abcdef01234567",
    "\n/close\n/assign @me",
    "::error file=x::y\r\n::add-mask::x\n##[group]x",
    "{{ 7 * 7 }} {% raw %} ${{ secrets.TOKEN }}",
    "\x1b[31mred\x1b[0m \u202eright to left\u2066 \u200b \ud800 \x00 \u2028",
    "\\",
    "*a* _b_ ~~c~~ &amp; &#64;x &lt;b&gt;",
    "",
]
# What remains of Markdown when it is rendered: GitHub's and GitLab's filters look at the text outside of code.
RENDERER = MarkdownIt("gfm-like")
# Tags that the body has of its own.
OWN = {"h2", "h3", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "code", "details", "summary", "hr"}  # fmt: skip
REFERENCES = re.compile(r"[@#!~%$&](?=\w)|GH-\d|https?://|www\.\w|\b[0-9a-f]{7,40}\b")


class _Body(HTMLParser):
    """The tags of a rendered body, and the text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[str] = []
        self.outside: list[str] = []
        self.balance: dict[str, int] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [name for name, _ in attrs if name != "style" or tag not in ("th", "td")]
        self.balance[tag] = self.balance.get(tag, 0) + 1

    def handle_endtag(self, tag: str) -> None:
        self.balance[tag] = self.balance.get(tag, 0) - 1

    def handle_data(self, data: str) -> None:
        if not self.balance.get("code"):
            self.outside.append(data)


def harmless(text: str) -> None:
    body = _Body(RENDERER.render(text))
    assert body.tags <= OWN
    assert body.attributes == []
    assert not any(body.balance[tag] for tag in ("details", "summary", "code", "table"))
    assert not REFERENCES.search("\n".join(body.outside))
    assert not re.search(r"^/\w", text, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_pull_requests_body_shows_a_hostile_text_as_text(text: str) -> None:
    harmless(reports.render(kit.hostile(text), "markdown"))


@given(st.text(max_size=80))
def test_a_pull_requests_body_shows_any_text_as_text(text: str) -> None:
    harmless(reports.render(kit.hostile(text), "markdown"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_page_shows_a_hostile_text_as_text(text: str) -> None:
    calm = _tags(reports.render(kit.hostile("calm"), "html"))
    assert _tags(reports.render(kit.hostile(text or "calm"), "html")) <= calm


def _tags(text: str) -> set[tuple[str, tuple[str, ...]]]:
    found: set[tuple[str, tuple[str, ...]]] = set()

    class Page(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.add((tag, tuple(name for name, _ in attrs)))

    Page().feed(text)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_gives_a_runner_no_command_and_a_terminal_no_escape(text: str) -> None:
    calm = reports.render(kit.hostile("calm"), "github")
    lines = reports.render(kit.hostile(text), "github").splitlines()
    assert [line[:9] for line in lines] == [line[:9] for line in calm.splitlines()]
    plain = reports.render(kit.hostile(text), "text")
    assert "\x1b" not in plain and "\u202e" not in plain
    assert not re.search(r"^\s*::|##\[", plain, re.MULTILINE)


@pytest.mark.parametrize("text", HOSTILE)
def test_sarif_and_json_keep_a_hostile_text_as_data(text: str) -> None:
    for name in ("sarif", "json"):
        content = reports.render(kit.hostile(text), name)
        assert content.isascii()
        json.loads(content)


def test_a_body_over_githubs_limit_is_cut_between_findings_and_says_how_many_are_missing() -> None:
    row = kit.findings()[1]
    rows = tuple(replace(row, subject=f"attribute order.a{number}", text="🙂" * 500) for number in range(1_000))
    report = kit.report()
    full = Report("x", (replace(report.tenants[0], findings=rows), *report.tenants[1:]), kit.RULES)
    body = reports.render(full, "markdown")
    shown = body.count("What changed: ")
    assert markdown.size(body) <= markdown.LIMIT
    assert body.count("<details>") == body.count("</details>") and 0 < shown < 1_000
    assert f"**Cut here: {1_000 - shown} more findings.**" in body


def test_a_fleets_table_stops_after_a_hundred_tenants_and_counts_the_rest() -> None:
    acme = kit.report().tenants[0]
    tenants = tuple(replace(acme, tenant=f"tenant-{number}") for number in range(250))
    body = reports.render(Report("x", tenants, kit.RULES), "markdown")
    assert "| and 150 more | | | | |" in body and markdown.size(body) <= markdown.LIMIT
