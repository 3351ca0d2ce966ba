"""Each format says what the report holds, in the form that its readers ask for."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema
import pytest
import reports_kit as kit

from generator import reports
from generator.errors import SpecError
from generator.findings import Finding, Report, TenantReport, ToolChange
from generator.reports import contracts, places
from generator.reports import json as as_json
from generator.rules import RULES

SCHEMA = json.loads((kit.ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("made", [kit.report(), kit.hostile("\"'</x>\u202e\x00\ud800"), Report("None", ())])
def test_json_is_what_its_published_schema_says_and_reads_back_whole(made: Report) -> None:
    text = reports.render(made, "json")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(json.loads(text), SCHEMA)
    assert as_json.read(text, "report.json") == made


def test_the_schema_refuses_a_report_with_an_unknown_key_or_without_a_count() -> None:
    content = as_json.as_json(kit.report())
    for wrong in ({**content, "more": 1}, {key: value for key, value in content.items() if key != "counts"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, SCHEMA)


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"format": "kustomer-mcp-report", "format_version": 2}'])
def test_a_report_that_is_none_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(SpecError, match=r"out/report\.json"):
        as_json.read(text, "out/report.json")


def test_text_fits_80_columns_and_has_colours_only_when_asked() -> None:
    plain = reports.render(kit.report(), "text")
    colored = reports.render(kit.report(), "text", color=True)
    assert max(map(len, plain.splitlines())) <= 80
    assert "\033" not in plain and "\033[31mbreaking\033[0m" in colored
    assert re.sub(r"\033\[\d+m", "", colored) == plain


def test_every_format_says_breaking_before_warning_before_info() -> None:
    for name in ("text", "markdown", "github", "sarif", "html"):
        text = reports.render(kit.report(), name)
        body = text[text.index("</header>") :] if name == "html" else text
        told = [
            body.rindex(row.text) for row in sorted(kit.findings(), key=lambda row: len(row.severity), reverse=True)
        ]
        assert told == sorted(told), name


def test_every_format_tells_the_tenant_that_failed_and_why() -> None:
    for name in reports.FORMATS:
        text = reports.render(kit.report(), name)
        assert "initech" in text and "KUSTOMER_API_KEY_INITECH" in text.replace("\\_", "_"), name


def test_annotations_are_escaped_as_github_reads_them() -> None:
    row = replace(kit.findings()[1], rule="enum-value-removed", text="50% of a: b, c", path="a,b:c%.json")
    report = Report("x", (TenantReport("acme", "drifted", (row,)),), kit.RULES)
    line = reports.render(report, "github")
    assert line == (
        "::error file=generated/acme/a%2Cb%3Ac%25.json,line=1,title=acme%3A enum-value-removed::50%25 of a: b, c\n"
    )


def test_a_finding_is_shown_at_the_line_of_its_innermost_name() -> None:
    locate = places.in_tree(kit.ROOT)
    lines = (kit.ROOT / "generated" / "acme" / kit.CONTRACT).read_text(encoding="utf-8").splitlines()
    tool = "create_a_kustomer_order_custom_object"

    def shown(subject: str) -> str:
        path, line = locate("acme", replace(kit.findings()[0], subject=subject))
        assert path == f"generated/acme/{kit.CONTRACT}"
        return lines[line - 1].strip()

    assert shown(f"tool {tool}") == f'"name": "{tool}",'
    assert shown(f"argument {tool}.external_id") == '"external_id": {'
    assert shown(f"argument {tool}.nowhere") == f'"name": "{tool}",'


def test_a_finding_whose_file_is_gone_is_shown_in_the_manifest_then_in_the_configuration() -> None:
    locate = places.in_tree(kit.ROOT)
    row = replace(kit.findings()[0], path="kustomer_mcp_acme/contract/gone.json", subject="tool nobody_knows")
    assert locate("acme", row) == ("generated/acme/manifest.json", 1)
    assert locate("initech", row) == (f"generated/initech/{row.path}", 1)


def test_sarif_is_whole_and_its_fingerprints_outlive_other_words_and_lines() -> None:
    from sarif_pydantic import Sarif

    text = reports.render(kit.report(), "sarif", locate=places.in_tree(kit.ROOT))
    Sarif.model_validate_json(text)
    (run,) = json.loads(text)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[row["ruleIndex"]]["id"] == row["ruleId"] for row in run["results"])
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in rules)
    assert [row["level"] for row in run["results"]] == ["error", "warning", "note", "note"]
    assert [row.get("suppressions") is not None for row in run["results"]] == [False, False, False, True]
    assert run["invocations"][0]["executionSuccessful"] is False
    for row in run["results"]:
        place = row["locations"][0]["physicalLocation"]
        assert (kit.ROOT / place["artifactLocation"]["uri"]).is_file() and place["region"]["startLine"] >= 1

    def prints(row: Finding) -> str:
        report = Report("x", (TenantReport("acme", "drifted", (row,)),), kit.RULES)
        (result,) = json.loads(reports.render(report, "sarif"))["runs"][0]["results"]
        return result["partialFingerprints"]["kustomerMcpFinding/v1"]

    row = kit.findings()[0]
    assert prints(row) == prints(replace(row, text="otherwise", path="elsewhere"))
    assert prints(row) != prints(replace(row, subject="attribute order.other"))


class _Page(HTMLParser):
    """Every tag with its attributes, and the text outside of tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_the_page_loads_and_runs_nothing() -> None:
    page = _Page(reports.render(kit.report(), "html"))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form", "base", "svg"}
    attributes = [(name, value or "") for _, rows in page.tags for name, value in rows.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "style")]
    assert all(value.startswith("#") for name, value in attributes if name == "href")
    policy = next(rows["content"] or "" for tag, rows in page.tags if rows.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy


def test_the_page_marks_what_was_added_and_removed_in_words_and_not_by_colour_alone() -> None:
    text = reports.render(kit.report(), "html")
    assert "<del>cancelled, </del>" in text
    assert "<ins>customer or company</ins>" in text
    assert '<code>custom.carrierStr</code><br><span class="mark added">added</span>' in text
    assert '<code>custom.giftMessageTxt</code><br><span class="mark removed">removed</span>' in text
    assert "Unchanged arguments: " in text


def test_a_clean_report_is_short_in_every_format() -> None:
    report = Report("Drift", (TenantReport("acme", "clean", version="1.0.0", next_version="1.0.0"),), {})
    assert reports.render(report, "text") == "Drift\n1 tenant looked at, none drifted: no findings.\n\nNo drift: acme\n"
    assert reports.render(report, "markdown") == "## Drift\n\n**no findings** (1 tenant looked at, none drifted).\n"
    assert reports.render(report, "github") == ""
    assert json.loads(reports.render(report, "sarif"))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    "other",
    [
        {"enum": ["x"]},
        {"anyOf": [{"type": "string", "enum": ["a", "c"]}, {"type": "null"}]},
        {"type": "array", "items": {"type": "string", "maxLength": 3}},
        {"type": "object", "properties": {"inner": {"type": "integer"}}},
        {"type": "string", "uniqueItems": True},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"$ref": "#/$defs/other"},
    ],
)
def test_whatever_changes_in_an_argument_is_a_row_of_the_page(other: object) -> None:
    def contract(schema: object) -> dict[str, object]:
        properties = {"a": schema, "b": {"type": "string"}}
        return {"name": "x", "inputSchema": {"properties": properties, "$defs": {"other": {"type": "number"}}}}

    old = {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}]}
    shown = contracts.compare(ToolChange("x", contract(old), contract(other)))
    assert shown.arguments[0].name == "a" and shown.arguments[0].change == "changed" and shown.unchanged == 1
    assert not contracts.compare(ToolChange("x", contract(other), contract(other))).arguments


def test_what_was_found_where_a_tenant_failed_is_told_apart_and_not_counted() -> None:
    found = Finding("tool-removed", "breaking", "major", "tool a", "Tool a is gone.", tools=("a",))
    failed = TenantReport("acme", "failed", (found,), error="no key")
    text = reports.render(Report("Drift", (failed,), {"tool-removed": RULES["tool-removed"]}), "markdown")
    assert "**no findings** (1 tenant looked at, none drifted, 1 failed)" in text
    assert "Found, and not taken:\n\n- 🔴 Tool a is gone." in text and "### 🔴" not in text
