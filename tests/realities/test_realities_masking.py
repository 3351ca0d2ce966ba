"""Masking: a model never takes asterisks for data; windows say when they end, and are closed where the tenant says so."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from realities_kit import Connect, text_of

from generator.sandbox import Sandbox

READ = "get_single_kustomer_customer_by_id"
OPEN, CLOSE = "create_a_kustomer_customer_unmasking_window", "delete_a_kustomer_customer_unmasking_window"
PHONE = "+14155552671"


async def test_masked_fields_are_named_with_the_tool_that_opens_them(connect: Connect, masked_customer: str) -> None:
    async with connect() as client:
        content = (await client.call_tool(READ, {"id": masked_customer})).structured_content
    notice = " ".join(content["notices"])
    assert "attributes.phones[].phone" in notice
    assert OPEN in notice
    assert masked_customer in notice
    assert content["data"]["attributes"]["phones"][0]["phone"]["isMasked"] is True


async def test_a_package_that_may_not_unmask_says_so(connect: Connect, masked_customer: str) -> None:
    async with connect("masked") as client:
        content = (await client.call_tool(READ, {"id": masked_customer})).structured_content
        names = [tool.name for tool in (await client.list_tools()).tools]
    notice = " ".join(content["notices"])
    assert "may not unmask" in notice
    assert OPEN not in notice
    assert OPEN not in names
    assert CLOSE not in names


async def test_the_profile_check_from_masked_to_closed(connect: Connect, sandbox: Sandbox) -> None:
    async with connect() as client:
        found = (
            await client.call_tool("kustomer_customers_using_external_id", {"external_id": "USR-555"})
        ).structured_content
        customer = found["data"]["id"]
        opened = (await client.call_tool(OPEN, {"customer_id": customer})).structured_content
        assert any("Unmasked until 2026-06-16T09:00" in notice for notice in opened["notices"])
        read = (await client.call_tool(READ, {"id": customer})).structured_content
        assert read["data"]["attributes"]["phones"][0]["phone"] == PHONE
        phones = [{"phone": PHONE, "type": "mobile", "verified": True}]
        assert not (
            await client.call_tool("update_a_kustomer_customer_by_id", {"id": customer, "phones": phones})
        ).is_error
        assert not (await client.call_tool(CLOSE, {"customer_id": customer})).is_error
        again = (await client.call_tool(READ, {"id": customer})).structured_content
    assert again["data"]["attributes"]["phones"][0]["phone"]["isMasked"] is True


async def test_a_window_that_ran_out_masks_again(connect: Connect, sandbox: Sandbox, masked_customer: str) -> None:
    async with connect() as client:
        await client.call_tool(OPEN, {"customer_id": masked_customer})
        sandbox.world.clock.advance(25 * 3600)
        read = (await client.call_tool(READ, {"id": masked_customer})).structured_content
    assert "notices" in read
    assert PHONE not in str(read)


@pytest.mark.parametrize(("variant", "closed"), [("tidy", True), ("plain", False)])
async def test_windows_are_closed_at_shutdown_where_the_tenant_says_so(
    connect: Connect, sandbox: Sandbox, masked_customer: str, variant: str, closed: bool
) -> None:
    async with connect(variant) as client:
        await client.call_tool(OPEN, {"customer_id": masked_customer})
    deletions = [entry for entry in sandbox.journal if entry.method == "DELETE"]
    assert bool(deletions) is closed


@pytest.mark.parametrize(("status", "closed"), [(0, True), (500, True), (403, False), (429, False)])
async def test_a_window_that_may_have_been_opened_is_closed_at_shutdown(
    connect: Connect, sandbox: Sandbox, masked_customer: str, status: int, closed: bool
) -> None:
    async with connect("tidy") as client:
        if status:
            sandbox.faults.answer(status, b"{}")
        else:
            sandbox.faults.reset()
        assert (await client.call_tool(OPEN, {"customer_id": masked_customer})).is_error
    deletions = [entry for entry in sandbox.journal if entry.method == "DELETE"]
    assert bool(deletions) is closed


@pytest.fixture
def unmasking(
    packages: Callable[[str], str], sandbox: Sandbox, masked_customer: str
) -> Iterator[subprocess.Popen[str]]:
    """A server over stdio that has just opened a window, and closes its windows at its end."""
    module = packages("tidy")
    folder = str(Path(str(import_module(module).__file__)).parents[1])
    hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
    call = {"name": OPEN, "arguments": {"customer_id": masked_customer}}
    with subprocess.Popen(
        [sys.executable, "-m", module, "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": folder},
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        for line in (
            {"id": 1, "method": "initialize", "params": hello},
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call", "params": call},
        ):
            print(json.dumps({"jsonrpc": "2.0", **line}), file=server.stdin, flush=True)
        assert any('"id":2' in line for line in server.stdout)
        try:
            yield server
        finally:
            server.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_over_stdio_closes_its_windows_when_it_is_told_to_end(
    unmasking: subprocess.Popen[str], sandbox: Sandbox, number: signal.Signals
) -> None:
    unmasking.send_signal(number)
    assert unmasking.wait(20) == -signal.SIGTERM
    assert [entry.method for entry in sandbox.journal] == ["POST", "DELETE"]


@pytest.mark.parametrize("closes_stdin", [True, False])
def test_a_server_over_stdio_closes_its_windows_and_ends_quietly_when_nobody_reads_it_any_more(
    unmasking: subprocess.Popen[str], sandbox: Sandbox, closes_stdin: bool
) -> None:
    assert unmasking.stdin is not None and unmasking.stdout is not None and unmasking.stderr is not None
    unmasking.stdout.close()
    print(json.dumps({"jsonrpc": "2.0", "id": 3, "method": "tools/list"}), file=unmasking.stdin, flush=True)
    if closes_stdin:
        unmasking.stdin.close()
    assert unmasking.wait(20) == 0
    assert "Traceback" not in unmasking.stderr.read()
    assert [entry.method for entry in sandbox.journal] == ["POST", "DELETE"]


async def test_no_unmasked_value_key_or_token_reaches_a_log_or_an_error(
    connect: Connect,
    packages: Callable[[str], str],
    sandbox: Sandbox,
    masked_customer: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything logs at DEBUG, a tool breaks with the value in its exception, Kustomer quotes the value in its refusal."""
    caplog.set_level(logging.DEBUG)
    module = packages("plain")
    said = []
    async with connect() as client:
        await client.call_tool(OPEN, {"customer_id": masked_customer})
        await client.call_tool(READ, {"id": masked_customer})
        sandbox.faults.answer(400, f'{{"errors":[{{"title":"bad phone {PHONE}"}}]}}'.encode())
        said.append(text_of(await client.call_tool(READ, {"id": masked_customer})))
        said.append(text_of(await client.call_tool("kustomer_customers_using_phone", {"phone": PHONE, "bogus": PHONE})))
        sandbox.faults.reset()
        said.append(text_of(await client.call_tool("kustomer_customers_using_phone", {"phone": PHONE})))
        monkeypatch.setattr(f"{module}.runtime.calls.present", _broken(PHONE))
        said.append(text_of(await client.call_tool(READ, {"id": masked_customer})))
        monkeypatch.undo()
    logged = "\n".join(record.getMessage() + str(record.exc_text or "") for record in caplog.records)
    everything = logged + "\n".join(said)
    assert "failed: ValueError" in logged
    for secret in (PHONE[1:], "sandbox-acme"):
        assert secret not in everything, secret


def _broken(value: str) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError(f"can't spell {value}")

    return fail


def test_the_runtime_logs_nothing_but_names_of_tools_errors_and_places() -> None:
    """A reader's check: every log call of the runtime is here, so that a new one is looked at."""
    runtime = Path(__file__).parents[2] / "templates" / "runtime"
    calls = [
        line.strip()
        for path in sorted(runtime.glob("*.py"))
        for line in path.read_text().splitlines()
        if "log." in line and "(" in line and "getLogger" not in line
    ]
    assert calls == [
        'log.error("tool %s failed: %s at %s", name, type(error).__name__, _place(error))',
        'log.error("an unmasking window could not be closed: HTTP %s", error.status)',
        'logs.log.warning("%s", doubt)',  # of settings: variables by name, and an address without user and password
        "logs.log.info(_GONE)",
        "logs.log.info(_GONE)",
    ]
