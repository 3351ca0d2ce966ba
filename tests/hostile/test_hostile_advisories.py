"""Every published way in which a document became code, a path or a request in another generator: refused, or data here."""

from __future__ import annotations

import importlib
import re
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import generator_kit
import hostile_checks as checks
import hostile_kit as kit
import httpx
import pytest
from hostile_checks import MODULE
from hostile_kit import ADVISORIES, Advisory
from loopback_kit import answering

SECRET = "the-content-of-a-file-that-nobody-may-read"
# What can only be refused: the rest becomes a package that works, without what was planted.
REFUSED = {
    "orval-path", "openapi-generator-path", "oapi-codegen-path", "swagger-typescript-path", "swagger-typescript-server",
    "orval-server", "ref-http", "ref-http-fragment", "ref-file", "ref-absolute", "ref-parent", "ref-by-name",
    "ref-with-credentials", "omg-ref", "swagger-typescript-refs", "orval-path-interpolation", "orval-server-variable",
    "typescript-codegen-path", "typescript-codegen-server", "openapi-generator-query", "swagger-codegen-path",
}  # fmt: skip
# Every advisory that is known to have been published of such a generator, whichever language it makes.
KNOWN = {
    # orval
    "CVE-2026-22785", "GHSA-mwr6-3gp8-9jmj", "CVE-2026-23947", "GHSA-h526-wf6g-67jv", "CVE-2026-24132",
    "GHSA-f456-rf33-4626", "CVE-2026-25141", "GHSA-gch2-phqh-fg9q", "CVE-2026-72716", "GHSA-p4cg-3328-rvfg",
    "CVE-2026-71869", "GHSA-2h9g-j24r-h63g", "CVE-2026-71866", "GHSA-6mr6-jvcr-2f25", "CVE-2026-62680",
    "GHSA-cxq5-97v7-87j8", "orval #3692",
    # openapi-mcp-generator, openapi-python-client, FastMCP
    "openapi-mcp-generator #67", "openapi-mcp-generator #68", "CVE-2020-15141", "CVE-2020-15142",
    "GHSA-9x4c-63pf-525f", "CVE-2026-32871", "GHSA-vv7q-7jx5-f767",
    # datamodel-code-generator
    "CVE-2026-54621", "CVE-2026-54653", "CVE-2026-54654", "CVE-2026-54655", "CVE-2026-54656", "CVE-2026-54690",
    "CVE-2026-54691", "CVE-2026-55389", "CVE-2026-55390", "CVE-2026-55391", "CVE-2026-55403", "CVE-2026-55415",
    "GHSA-5578-w22f-pfx9", "CVE-2026-63720", "GHSA-7x49-hhjc-29rg",
    # Kiota, swagger-typescript-api, oapi-codegen
    "CVE-2026-59860", "CVE-2026-59861", "CVE-2026-59862", "CVE-2026-59863", "CVE-2026-59864", "CVE-2026-59865",
    "CVE-2026-59866", "CVE-2026-73851", "CVE-2026-54660", "CVE-2026-54661", "CVE-2026-54663", "CVE-2026-54664",
    "CVE-2026-54666", "GHSA-rjwr-m7qx-3fjr", "GHSA-xrqw-w576-xgj2", "GHSA-jwgf-6xff-4hvp", "GHSA-9c2f-gr95-7wqw",
    # openapi-typescript-codegen, openapi-generator and swagger-codegen, fabric8's
    "openapi-typescript-codegen #2809", "openapi-generator #9809", "swagger-codegen #11309", "CVE-2024-35219",
    "kubernetes-client #7954",
}  # fmt: skip


def test_every_known_advisory_has_a_case() -> None:
    assert {one for row in ADVISORIES for one in row.advisory.split(", ")} >= KNOWN
    assert len({row.id for row in ADVISORIES}) == len(ADVISORIES)
    assert {row.id for row in ADVISORIES} >= REFUSED


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server that would answer with a schema, and what it was asked: nothing."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "object", "properties": {"fetched": {"type": "string"}}}')

        def log_message(self, *_: Any) -> None:
            return

    with answering(Handler) as url:
        yield url, seen


@pytest.mark.parametrize("row", ADVISORIES, ids=lambda row: row.id)
def test_what_broke_another_generator_is_refused_or_data(
    row: Advisory, tmp_path: Path, canary: Path, asked: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, seen = asked
    secret = tmp_path / "secret.json"
    secret.write_text(f'{{"type": "object", "title": "{SECRET}", "x": {{"type": "string"}}}}', encoding="utf-8")
    document = kit.planted(row.document, canary=str(canary), server=url, file=str(secret))
    with monkeypatch.context() as patch:
        patch.setattr(socket.socket, "connect", _no_network)
        patch.setattr(socket, "getaddrinfo", _no_network)
        made = kit.package(document, {})
        files = kit.files_of(made)
    assert (files is None) == (row.id in REFUSED)
    assert seen == []
    if files is None:
        return
    checks.assert_harmless(files)
    assert not [path for path, text in files.items() if SECRET in text]
    with kit.imported(tmp_path / "package", files) as module:
        assert [name for _, name, _ in kit.tools_of(module, files)]
    assert {path.name for path in tmp_path.iterdir()} == {"secret.json", "package"}


@pytest.mark.parametrize(
    ("row", "value"),
    [(row, value) for row in ADVISORIES for value in row.values],
    ids=lambda one: one.id if isinstance(one, Advisory) else ascii(one),
)
async def test_a_value_of_a_path_stays_in_its_segment_or_is_refused(row: Advisory, value: str, tmp_path: Path) -> None:
    """However clients and servers decode and fold what is sent."""
    files = kit.files_of(kit.package(row.document, {}))
    assert files is not None
    with kit.imported(tmp_path, files) as module:
        ((toolset, tool, contract),) = kit.tools_of(module, files)
        (argument,) = contract["inputSchema"]["required"]
        refusal = importlib.import_module(f"{MODULE}.runtime.calls").InvalidArguments
        try:
            sent = await generator_kit.call(module, toolset, tool, {argument: value})
        except refusal:
            return
    url = httpx.URL(kit.BASE_URL).join(sent.path)
    assert (str(url.copy_with(path="")), url.query, url.fragment) == (kit.BASE_URL, b"", "")
    assert re.fullmatch(rb"/v1/things/[^/?#;@\\]+/notes", url.raw_path)
    assert unquote(url.raw_path.decode()) == f"/v1/things/{value}/notes"
    assert not {"..", "."} & set(re.split(r"[/\\;]", unquote(unquote(sent.path))))


def _no_network(*_: Any) -> None:
    raise AssertionError("the network was used")
