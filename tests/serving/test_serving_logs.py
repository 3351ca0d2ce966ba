"""What is written down: one line a request, one a call, an audit of both, and nothing of what was said in any of them."""

from __future__ import annotations

import json
import logging
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kustomer_mcp_acme.runtime.edge import logs
from kustomer_mcp_acme.runtime.edge.audit import FileAudit, recorder
from kustomer_mcp_acme.runtime.edge.logs import fields_of
from serving_kit import HEADERS, READ, Server, call, change, environment, grant, post, raw, said, serving, wait_for

from generator.sandbox import Sandbox

FIND = "kustomer_customers_using_email"
MARK = "zq7marked"


@pytest.fixture(scope="module")
def server(emulator: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("logs"), KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_CALLS_PER_MINUTE="100000"
    ) as one:
        yield one


def about(server: Server, request_id: str, event: str) -> dict[str, Any]:
    found = wait_for(lambda: [line for line in server.lines(event) if line.get("request_id") == request_id])
    assert len(found) == 1
    return dict(found[0])


def test_a_server_without_a_key_or_whose_key_can_be_read_on_the_way_says_so_as_it_starts(tmp_path: Path) -> None:
    with serving(tmp_path, KUSTOMER_API_KEY="", KUSTOMER_BASE_URL="http://ada:hidden@kustomer.test") as one:
        said_of_it = [line["text"] for line in one.lines("log") if line["level"] == "warning"]
    assert said_of_it == [
        "This server has no API key: its operator must set KUSTOMER_API_KEY or KUSTOMER_API_KEY_FILE. "
        "Until then no tool can be called.",
        "http://kustomer.test is plain HTTP to another machine: the API key can be read on the way.",
    ]


def test_a_server_with_what_it_needs_warns_of_nothing(server: Server) -> None:
    assert [line for line in server.lines() if line["level"] == "warning" and line["event"] == "log"] == []


def test_a_call_is_one_line_of_its_request_and_one_of_its_tool(server: Server) -> None:
    id, secret = grant(server.store)
    headers = {"x-request-id": "ticket-1.2_3", "mcp-protocol-version": "2025-11-25"}
    response = post(f"{server.url}/{secret}", call(id="nobody"), **headers)
    assert response.headers["x-request-id"] == "ticket-1.2_3"
    tool = about(server, "ticket-1.2_3", "tool")
    request = about(server, "ticket-1.2_3", "request")
    assert tool.pop("time").endswith("Z") and tool.pop("duration_ms") > 0
    assert tool == {
        "level": "info", "event": "tool", "request_id": "ticket-1.2_3", "grant": id, "tool": READ,
        "outcome": "refused", "upstream_status": 404, "era": "2025-11-25",
    }  # fmt: skip
    assert request.pop("time").endswith("Z") and request.pop("duration_ms") > 0
    assert request == {
        "level": "info", "event": "request", "request_id": "ticket-1.2_3", "grant": id, "method": "POST",
        "route": "/mcp/<secret>", "status": 200, "outcome": "ok", "era": "2025-11-25",
    }  # fmt: skip


@pytest.mark.parametrize("given_id", ["a b", "x" * 65, 'quote"', "<script>", "é"])
def test_a_request_id_of_another_form_is_not_taken(given_id: str, server: Server) -> None:
    response = httpx.get(f"{server.base}/healthz", headers={"x-request-id": given_id.encode()})
    assert len(response.headers["x-request-id"]) == 16


@pytest.mark.parametrize(
    ("tool", "arguments", "status", "outcome"),
    [
        (FIND, {"email": "alex.smith@acmecorp.com"}, 200, "ok"),
        (FIND, {"email": "x", "wrong": 1}, None, "refused"),
        (READ, {"id": "nobody"}, 404, "refused"),
        (READ, {"id": "broken"}, 502, "error"),
    ],
)
def test_outcomes_tell_who_said_no(
    tool: str, arguments: Any, status: int | None, outcome: str, server: Server, emulator: Sandbox
) -> None:
    _, secret = grant(server.store)
    if status == 502:
        emulator.faults.answer(502)
    response = post(f"{server.url}/{secret}", call(tool, **arguments))
    line = about(server, response.headers["x-request-id"], "tool")
    assert (line["outcome"], line["upstream_status"]) == (outcome, status)


def test_a_tool_that_is_not_the_callers_is_denied_and_both_logs_say_so(server: Server) -> None:
    id, secret = grant(server.store, methods=["read"], tags=["conversations"])
    response = post(f"{server.url}/{secret}", call("update_a_kustomer_customer_by_id", id="x"))
    request_id = response.headers["x-request-id"]
    assert about(server, request_id, "tool")["outcome"] == "denied"
    written = [line for line in server.audit() if line.get("request_id") == request_id]
    assert [(line["event"], line["grant"], line["outcome"]) for line in written] == [("tool.result", id, "denied")]
    post(f"{server.url}/{secret}", call(f"no_such_{MARK}"))
    assert MARK not in server.text()


def test_the_audit_tells_who_called_what_before_and_after(server: Server) -> None:
    id, secret = grant(server.store)
    request_id = post(f"{server.url}/{secret}", call(id="nobody")).headers["x-request-id"]
    written = [line for line in server.audit() if line.get("request_id") == request_id]
    assert all(line.pop("time").endswith("Z") for line in written)
    who = {"request_id": request_id, "grant": id, "tool": READ}
    assert written == [{"event": "tool.call", **who}, {"event": "tool.result", **who, "outcome": "refused"}]
    assert (server.folder / "audit.jsonl").stat().st_mode & 0o777 == 0o600


def test_lines_of_several_workers_stay_whole(emulator: Sandbox, tmp_path: Path) -> None:
    with serving(
        tmp_path, "--workers", "2", KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_CALLS_PER_MINUTE="1000"
    ) as one:
        _, secret = grant(one.store)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: post(f"{one.url}/{secret}"), range(32)))
        assert one.stop() == 0
        events = [line["event"] for line in one.audit()]
    assert events.count("tool.call") == events.count("tool.result") == 32 and events.count("audit.opened") == 2


def test_a_server_whose_audit_can_not_be_written_makes_no_call_and_is_unready(
    emulator: Sandbox, tmp_path: Path
) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))

    audit = str(tmp_path / "audit")
    with serving(
        tmp_path, "--open", "--audit-log", audit,
        preexec=small, KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_LOG_LEVEL="error",
    ) as one:  # fmt: skip
        texts = [said(post(one.url)) for _ in range(16)]
        before = len(emulator.journal)
        assert said(post(one.url)) == texts[-1] and len(emulator.journal) == before
        assert texts[0].startswith("HTTP 404") and texts[-1] == (
            "This server's audit log can't be written, so it makes no calls: tell its operator. Nothing was sent."
        )
        ready = httpx.get(f"{one.base}/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (503, ["audit log"])


def test_an_audit_log_that_was_moved_away_or_deleted_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = FileAudit(path)
    assert audit.write("one", {})
    path.rename(tmp_path / "audit.jsonl.1")
    assert audit.write("two", {}) and audit.write("three", {})
    path.unlink()
    assert audit.write("four", {}) and path.stat().st_mode & 0o777 == 0o600
    kept = (tmp_path / "audit.jsonl.1").read_text() + path.read_text()
    assert [json.loads(line)["event"] for line in kept.splitlines()] == ["audit.opened", "one", "four"]


def test_a_change_that_the_audit_log_can_not_take_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    audit = FileAudit(tmp_path / "audit.jsonl")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    recorder(audit)("grant.revoked", "g_a", "somebody", {"name": "Ops"})
    told = [fields for record in caplog.records if (fields := fields_of(record))["event"] == "grant.revoked"]
    assert told == [{"event": "grant.revoked", "audit": True, "subject": "g_a", "actor": "somebody", "name": "Ops"}]


def test_every_change_to_grants_is_written_down_without_secrets(emulator: Sandbox, tmp_path: Path) -> None:
    token = "a-token-of-an-admin-with-40-characters-x"
    with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, KUSTOMER_MCP_ADMIN_TOKEN=token) as one:
        headers = {"authorization": f"Bearer {token}"}
        made = httpx.post(f"{one.base}/admin/mcp", json={"name": "Ops", "config": {}}, headers=headers)
        assert made.status_code in (200, 201), made.text
        id, url = made.json()["id"], made.json()["url"]
        httpx.delete(f"{one.base}/admin/mcp/{id}", headers=headers)
        events = [(line["event"], line.get("subject")) for line in one.audit() if line["event"].startswith("grant.")]
        assert events == [("grant.created", id), ("grant.revoked", id)]
        secret = url.rpartition("/")[2]
        written = one.text() + (tmp_path / "audit.jsonl").read_text()
        assert secret not in written and token not in written


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30).map(lambda text: f"{MARK}{text}")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(email=WORDS, extra=WORDS, tool=st.sampled_from([FIND, READ, "search_customers", "nothing"]))
def test_no_line_has_anything_of_what_was_asked_or_answered(server: Server, email: str, extra: str, tool: str) -> None:
    if "all" not in server.grants:
        server.grants["all"] = grant(server.store)[1]
    secret = server.grants["all"]
    arguments = {"email": f"{email}@x.example", "id": extra, extra: email}
    post(f"{server.url}/{secret}", call(tool, **arguments))
    post(f"{server.url}/{secret}", call(FIND, email=f"{email}@x.example"))
    post(f"{server.url}/{MARK}", b'{"' + MARK.encode())
    post(f"{server.base}/{MARK}?{MARK}=1", **{"x-marked": MARK, "mcp-protocol-version": MARK, "authorization": MARK})
    raw(server, f"POST /mcp HTTP/1.1\r\nHost: {MARK}\r\nX: {MARK}\r\nConnection: close\r\n\r\n".encode())
    written = server.text() + (server.folder / "audit.jsonl").read_text(encoding="utf-8")
    assert MARK not in written and secret not in written and "sandbox-acme" not in written


def test_a_bug_is_named_by_its_places_and_not_by_its_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("uvicorn", "uvicorn.error"):  # as in a server of ours: another test's uvicorn may have set them up
        monkeypatch.setattr(logging.getLogger(name), "handlers", [])
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure("json", "INFO")
        try:
            raise ValueError(MARK)
        except ValueError:
            logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
            logging.getLogger("some.library").error(f"got {MARK} and %s", MARK, exc_info=True)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        logging.captureWarnings(False)
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["text"] == "Exception in ASGI application" and first["error"] == second["error"] == "ValueError"
    assert first["places"][0].startswith("test_serving_logs.test_a_bug_is_named_by_its_places")
    assert MARK not in json.dumps([first, second])


def test_a_revoked_grant_is_still_in_the_audit(server: Server) -> None:
    id, secret = grant(server.store)
    post(f"{server.url}/{secret}")
    change(server.store, "revoke", id)
    assert httpx.post(f"{server.url}/{secret}", json={}, headers=HEADERS).status_code == 404
    assert [line["event"] for line in server.audit() if line.get("grant") == id] == ["tool.call", "tool.result"]


def test_over_stdio_a_call_is_one_line_of_text(emulator: Sandbox) -> None:
    steps = [
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"},
        }},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call(FIND, email=f"{MARK}@x.example"),
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "kustomer_mcp_acme", "serve"], env=environment(KUSTOMER_BASE_URL=emulator.url),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    for step in steps:
        process.stdin.write(json.dumps(step) + "\n")
        process.stdin.flush()
    assert [json.loads(process.stdout.readline())["id"] for _ in range(2)] == [0, 1]
    _, errors = process.communicate(timeout=20)
    (line,) = [line for line in errors.splitlines() if line.startswith("INFO tool ")]
    assert f"tool={FIND} outcome=refused" in line and "upstream_status=404" in line
    assert MARK not in errors
