"""Every published way in which a document became code, a path or a request in another generator: refused, or data here."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import hostile_checks as checks
import hostile_kit as kit
import pytest
from hostile_kit import ADVISORIES, Advisory
from loopback_kit import answering

SECRET = "the-content-of-a-file-that-nobody-may-read"
# What can only be refused: the rest becomes a package that works, without what was planted.
REFUSED = {
    "orval-path", "openapi-generator-path", "oapi-codegen-path", "swagger-typescript-path", "swagger-typescript-server",
    "orval-server", "ref-http", "ref-http-fragment", "ref-file", "ref-absolute", "ref-parent",
}  # fmt: skip


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


def _no_network(*_: Any) -> None:
    raise AssertionError("the network was used")
