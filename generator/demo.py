"""Owns `make demo`: the main job on the embedded emulator, told step by step. It uses the tool as a person would."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).parents[1]
SCRATCH = ROOT / ".demo"
KEY = "sandbox-acme"
EMAIL, ORDER = "alex.smith@acmecorp.com", "ORD-10042"
EXTERNAL_ID, PHONE = "USR-555", "+14155552671"
_SHOWN = 320


def main() -> None:
    """Emulator, fetch, generate, install, serve, and a support triage by a real MCP client; nothing is left running."""
    start = time.monotonic()
    click.echo(
        "From a Kustomer organisation to an MCP server of its own, and a client that works with it. No account is needed."
    )
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir()
    with _server(
        "A Kustomer emulator on loopback", [sys.executable, "-m", "generator.cli", "sandbox", "--port", "0"]
    ) as line:
        kustomer = line.split()[-1]
        _workspace(kustomer)
        environment = {**os.environ, "KUSTOMER_BASE_URL": kustomer, "KUSTOMER_API_KEY": KEY}
        _step("Fetch: OpenAPI documents and the organisation's Klasses, over HTTP, pinned in specs/")
        _run([*_tool(), "fetch", "acme"], environment)
        _step("Generate: specs/ becomes a typed MCP server package")
        _run([*_tool(), "generate", "acme"], environment, last=1)
        _run([*_tool(), "check", "acme"], environment)
        _step("What a reviewer sees: one of the generated tools")
        _excerpt()
        _step("Install the package into an empty environment")
        python = _install(SCRATCH / "generated" / "acme")
        serve = ["serve", "--transport", "http", "--port", "0", "--open", "--log-format", "text"]
        command = [str(python.with_name("kustomer-mcp-acme")), *serve]
        with _server("Serve it over HTTP", command, environment) as line:
            url = line.split()[-1]
            asyncio.run(_triage(url))
            asyncio.run(_profile_check(url))
    click.echo(f"\nDone in {time.monotonic() - start:.0f} s. Everything is stopped; what was made is in .demo/.")
    click.echo("Read .demo/generated/acme/TOOLS.md first; README.md says how to do the same with your organisation.")


def _tool() -> list[str]:
    return [sys.executable, "-m", "generator.cli", "-C", str(SCRATCH)]


def _workspace(kustomer: str) -> None:
    """A folder as a user has it; the documents come from the emulator's registry, as a published one would serve them."""
    tenant = SCRATCH / "specs" / "tenants" / "acme"
    tenant.mkdir(parents=True)
    shutil.copy(ROOT / "specs" / "tenants" / "acme" / "tenant.toml", tenant)
    names = sorted(path.stem for path in (ROOT / "specs" / "openapi").glob("*.json"))
    rows = "\n".join(
        f'[[document]]\nname = "{name}"\nurl = "{kustomer}/api/v1/api-registry/{name}"\n' for name in names
    )
    (SCRATCH / "specs" / "sources.toml").write_text(rows, encoding="utf-8")


_count = 0


def _step(title: str) -> None:
    global _count
    _count += 1
    click.secho(f"\n{_count}. {title}", bold=True)


def _run(command: list[str], environment: dict[str, str], last: int = 0) -> None:
    shown = " ".join(["kustomer-mcp", *command[5:]])
    click.secho(f"   $ {shown}", fg="cyan")
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    if last and len(lines) > last:
        lines = [f"({len(lines) - last} lines: + generated/acme/...)", *lines[-last:]]
    for line in lines:
        click.echo(f"   {line}")
    if done.returncode:
        raise SystemExit(done.stderr)


@contextmanager
def _server(title: str, command: list[str], environment: dict[str, str] | None = None) -> Iterator[str]:
    """Start a server, give the first line that it prints, and stop it however this ends."""
    _step(title)
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line:
            raise SystemExit(f"{' '.join(command)} did not start")
        click.echo(f"   {line}")
        yield line
    finally:
        process.terminate()
        process.wait(timeout=20)


def _excerpt() -> None:
    path = SCRATCH / "generated" / "acme" / "kustomer_mcp_acme" / "tools" / "custom_objects.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    begin = next(
        i for i, line in enumerate(lines) if line.startswith("async def kustomer_custom_objects_using_external_id")
    )
    end = next(i for i, line in enumerate(lines[begin:], begin) if line == "    )")
    for line in lines[begin : end + 1]:
        click.echo(f"   | {line}")


def _install(package: Path) -> Path:
    environment = SCRATCH / "venv"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin" / "python"
    click.secho(f"   $ pip install ./{package.relative_to(SCRATCH)}", fg="cyan")
    subprocess.run(
        [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", package], check=True, cwd=ROOT
    )
    return python


async def _triage(url: str) -> None:
    from mcp import Client

    _step(f"Support triage, by an MCP client at {url}")
    async with Client(url) as client:
        listed = await client.list_tools()
        click.echo(f"   tools/list: {len(listed.tools)} tools")
        found = await _call(client, "kustomer_customers_using_email", email=EMAIL)
        customer = found["data"]
        page = await _call(client, "list_all_kustomer_conversations", customer_id=customer["id"])
        conversation = next(row for row in page["data"] if row["attributes"]["status"] == "open")
        click.echo(f"   -> the open one: {conversation['attributes']['name']!r}")
        found = await _call(client, "kustomer_custom_objects_using_external_id", klass_name="order", external_id=ORDER)
        order = found["data"]["attributes"]
        body = (
            f"Triage: {customer['attributes']['name']} asks about {ORDER}. Status {order['custom']['orderStatusStr']}, "
            f"total {order['custom']['totalPriceNum']}. Conversation {conversation['attributes']['name']!r} is open."
        )
        await _call(client, "create_a_kustomer_conversation_note", conversation_id=conversation["id"], body=body)


async def _profile_check(url: str) -> None:
    from mcp import Client

    _step("Profile check: personal data is masked until a window is open, and the window is closed again")
    async with Client(url) as client:
        found = await _call(client, "kustomer_customers_using_external_id", external_id=EXTERNAL_ID)
        customer = found["data"]["id"]
        click.echo(f"   -> {found['notices'][0]}")
        opened = await _call(client, "create_a_kustomer_customer_unmasking_window", customer_id=customer)
        click.echo(f"   -> {opened['notices'][0]}")
        read = await _call(client, "get_single_kustomer_customer_by_id", id=customer)
        phone = read["data"]["attributes"]["phones"][0]["phone"]
        verified = phone == PHONE
        click.echo(f"   -> the phone is {phone}: {'as expected' if verified else 'not the expected one'}")
        phones = [{"phone": phone, "type": "mobile", "verified": verified}]
        await _call(client, "update_a_kustomer_customer_by_id", id=customer, phones=phones)
        await _call(client, "delete_a_kustomer_customer_unmasking_window", customer_id=customer)


async def _call(client: Any, name: str, **arguments: Any) -> dict[str, Any]:
    click.secho(f"   > {name} {json.dumps(arguments)}", fg="cyan")
    result = await client.call_tool(name, arguments)
    if result.is_error:
        raise SystemExit(result.content[0].text)
    content: dict[str, Any] = result.structured_content
    text = json.dumps(content, ensure_ascii=False)
    click.echo(f"   < {text[:_SHOWN]}{'...' if len(text) > _SHOWN else ''}")
    return content


if __name__ == "__main__":
    main()
