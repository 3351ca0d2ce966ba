"""The administration as the package's own command serves it, behind every layer that a caller meets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from admin_kit import MODULE, ROOT, TOKEN


@contextmanager
def served_by_command(tmp_path: Path) -> Iterator[str]:
    """The command, and where it listens; its log is in the folder when it has ended."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KUSTOMER_")}
    settings = {
        "PYTHONPATH": str(ROOT / "generated" / "acme"),
        "KUSTOMER_API_KEY": "sandbox-acme",
        "KUSTOMER_MCP_ADMIN_TOKEN": TOKEN,
        "KUSTOMER_MCP_STORE": str(tmp_path / "grants.sqlite3"),
    }
    command = [sys.executable, "-m", MODULE, "serve", "--transport", "http", "--port", "0"]
    process = subprocess.Popen(command, env=kept | settings, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        url = next(row["url"] for row in map(json.loads, process.stderr) if row["event"] == "listening")
        yield url.removesuffix("/mcp")
    finally:
        process.terminate()
        (tmp_path / "log").write_text(process.communicate(timeout=20)[1], encoding="utf-8")


def test_a_stranger_makes_it_hold_little(tmp_path: Path) -> None:
    with served_by_command(tmp_path) as address:
        for path in ("/admin/mcp", "/admin/sign-in"):
            assert httpx.post(address + path, content=b"x" * 200_000, timeout=20).status_code == 413
        assert httpx.post(f"{address}/admin/mcp", content=b"x" * 60_000, timeout=20).status_code == 401


def test_a_server_that_was_made_is_served_and_no_secret_is_logged(tmp_path: Path) -> None:
    with served_by_command(tmp_path) as address, httpx.Client(base_url=address, timeout=20) as client:
        signed = client.post("/admin/sign-in", data={"token": TOKEN}, headers={"Origin": address})
        assert (signed.status_code, client.get("/admin").status_code) == (303, 200)
        strange = client.post("/admin/sign-in", data={"token": TOKEN}, headers={"Origin": "https://evil.example"})
        assert strange.status_code == 403
        body = {"name": "Readers", "config": {"methods": ["read"], "tags": ["conversations"]}}
        made = client.post("/admin/mcp", json=body, headers={"Authorization": f"Bearer {TOKEN}"}).json()
        listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        answer = client.post(made["url"], json=listing, headers={"Accept": "application/json, text/event-stream"})
        assert '"list_all_kustomer_conversations"' in answer.text
        assert '"create_a_kustomer_customer"' not in answer.text
        secret = made["url"].rpartition("/")[2]
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    assert b'"grant.created"' in written and b'"route":"/admin"' in written
    assert secret.encode() not in written and TOKEN.encode() not in written
