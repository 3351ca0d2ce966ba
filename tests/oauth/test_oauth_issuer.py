"""The issuer's keys: found by its metadata, kept through its outages, asked for anew when they change, and not too often."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from kustomer_mcp_acme.runtime.authentication import Admitted
from kustomer_mcp_acme.runtime.edge.logs import fields_of
from kustomer_mcp_acme.runtime.oauth.keys import IssuerKeys, metadata_urls
from kustomer_mcp_acme.runtime.oauth.model import is_safe_url
from oauth_kit import IssuerProcess, Served, issuer_process, served


@pytest.fixture
async def server(tmp_path: Path, issuer: IssuerProcess) -> Served:
    one = served(tmp_path, issuer.url)
    await one.grant("ops")
    return one


async def test_keys_are_fetched_once_for_many_tokens(server: Served, issuer: IssuerProcess) -> None:
    for _ in range(20):
        assert isinstance(await server.ask(issuer.token()), Admitted)
    assert (issuer.asked("keys"), issuer.asked("metadata")) == (1, 1)


async def test_a_new_key_is_found_and_one_that_was_taken_back_counts_no_more(
    server: Served, issuer: IssuerProcess
) -> None:
    old = issuer.token()
    assert isinstance(await server.ask(old), Admitted)
    issuer.rotate(keep=False)
    new = issuer.token()
    server.ticks.at += 31
    assert isinstance(await server.ask(new), Admitted)
    assert (await server.refusal(old))[0] == 401


async def test_both_keys_count_while_both_are_published(server: Served, issuer: IssuerProcess) -> None:
    old = issuer.token()
    assert isinstance(await server.ask(old), Admitted)
    issuer.rotate(keep=True)
    server.ticks.at += 31
    assert isinstance(await server.ask(issuer.token()), Admitted)
    assert isinstance(await server.ask(old), Admitted)


async def test_unknown_keys_make_it_ask_once_in_thirty_seconds(server: Served, issuer: IssuerProcess) -> None:
    assert isinstance(await server.ask(issuer.token()), Admitted)
    server.ticks.at += 31
    for number in range(10):
        assert (await server.refusal(issuer.token(header={"kid": f"stranger-{number}"})))[0] == 401
    assert issuer.asked("keys") == 2
    server.ticks.at += 31
    await server.refusal(issuer.token(header={"kid": "stranger"}))
    assert issuer.asked("keys") == 3


async def test_keys_are_kept_while_the_issuer_is_away_but_not_for_ever(server: Served, issuer: IssuerProcess) -> None:
    token = issuer.token(claims={"exp": 4_000_000_000})
    assert isinstance(await server.ask(token), Admitted)
    issuer.mode("down")
    server.ticks.at += 3_000
    assert isinstance(await server.ask(token), Admitted)
    assert isinstance(await server.ask(token), Admitted)
    assert issuer.asked("keys") == 1
    server.ticks.at += 601
    assert (await server.refusal(token))[0] == 503
    issuer.mode("well")
    server.ticks.at += 31
    assert isinstance(await server.ask(token), Admitted)


async def test_an_issuer_that_is_away_from_the_start_is_asked_again_soon(tmp_path: Path) -> None:
    with issuer_process() as gone:
        token = gone.token()
    server = served(tmp_path, gone.url)
    await server.grant("ops")
    assert (await server.refusal(token))[0] == 503


async def test_those_who_wait_for_an_issuer_that_is_slow_to_fail_wait_once(
    server: Served, issuer: IssuerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def slowly(*_: Any) -> None:
        asked.append(server.ticks.at)
        await anyio.sleep(0.05)
        server.ticks.at += 9
        raise TimeoutError

    monkeypatch.setattr(IssuerKeys, "_fetch", slowly)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(server.refusal, issuer.token())
    assert len(asked) == 1
    await server.refusal(issuer.token())
    server.ticks.at += 6
    await server.refusal(issuer.token())
    assert len(asked) == 2


@pytest.mark.parametrize("mode", ["down", "redirect", "huge", "words", "bottomless", "empty", "liar", "plain"])
async def test_keys_that_cannot_be_believed_are_none(
    server: Served, issuer: IssuerProcess, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = issuer.token()
    issuer.mode(mode)
    assert (await server.refusal(token))[0] == 503
    told = [fields_of(record).get("text", "") for record in caplog.records]
    assert any(text.startswith(f"the keys of {issuer.url} can't be had: ") for text in told), told
    assert any(text.startswith("callers are refused: ") for text in told) and token not in caplog.text
    issuer.mode("well")
    server.ticks.at += 6
    assert isinstance(await server.ask(token), Admitted)


async def test_an_issuer_with_a_path_is_found_by_openid_discovery(tmp_path: Path, issuer: IssuerProcess) -> None:
    name = f"{issuer.url}/tenants/a"
    server = served(tmp_path, name)
    await server.grant("ops")
    assert isinstance(await server.ask(issuer.token(claims={"iss": name})), Admitted)
    assert (await server.refusal(issuer.token()))[0] == 401


async def test_a_configured_address_of_keys_needs_no_metadata(tmp_path: Path, issuer: IssuerProcess) -> None:
    server = served(tmp_path, issuer.url, f"{issuer.url}/keys")
    await server.grant("ops")
    assert isinstance(await server.ask(issuer.token()), Admitted)
    assert issuer.asked("metadata") == 0


async def test_an_issuer_must_be_named_letter_for_letter(tmp_path: Path, issuer: IssuerProcess) -> None:
    server = served(tmp_path, f"{issuer.url}/")
    await server.grant("ops")
    assert (await server.refusal(issuer.token(claims={"iss": f"{issuer.url}/"})))[0] == 503


def test_metadata_is_looked_for_where_the_standards_put_it() -> None:
    assert metadata_urls("https://login.example.com") == [
        "https://login.example.com/.well-known/oauth-authorization-server",
        "https://login.example.com/.well-known/openid-configuration",
    ]
    assert metadata_urls("https://login.example.com/t/1/") == [
        "https://login.example.com/.well-known/oauth-authorization-server/t/1",
        "https://login.example.com/.well-known/openid-configuration/t/1",
        "https://login.example.com/t/1/.well-known/openid-configuration",
    ]


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example.com/keys", True),
        ("http://127.0.0.1:9/keys", True),
        ("http://localhost/keys", True),
        ("http://login.example.com/keys", False),
        ("http://127.0.0.1.example.com/keys", False),
        ("http://127.0.0.1@example.com/keys", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("http://[::1", False),
    ],
)
def test_only_https_and_this_machine_are_believed(url: str, safe: bool) -> None:
    assert is_safe_url(url) is safe
