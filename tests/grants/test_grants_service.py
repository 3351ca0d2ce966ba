"""Grants against both real stores: what is made holds, what is taken away holds nothing, and nothing is lost between."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import pytest
from grants_kit import ACTOR, ROWS, Clock, Redis, grants_at, words
from kustomer_mcp_acme.runtime.grants.model import GrantError, shown
from kustomer_mcp_acme.runtime.grants.store import WrongKey


async def test_a_new_grant_is_held_by_its_secret_alone(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    one, other = await grants.create(words(), ACTOR), await grants.create(words(name="Other"), ACTOR)
    assert len(one.secret) == 47 and one.secret.startswith("kmg_") and one.secret != other.secret
    held = await grants.holder(one.secret)
    assert held is not None and (held.id, held.name) == (one.made.id, "Support Ops")
    assert await grants.holder(one.secret[:-1] + ("A" if one.secret[-1] != "A" else "B")) is None
    assert await grants.holder(one.made.id) is None
    assert await grants.is_token(one.secret) is None


async def test_every_word_comes_back_as_it_was_said(url: str, clock: Clock) -> None:
    said = words(
        name="Grüße 🙂",
        tools=["get_single_kustomer_conversation_by_id"],
        exposure="discovery",
        require_api_token_auth=True,
        oauth_scope="support:ops",
        calls_per_minute=7,
        expires_at=clock.later(3600),
    )
    grants = grants_at(url, clock)
    made = (await grants.create(said, ACTOR)).made
    found = await grants_at(url, clock).get(made.id)
    assert found == made
    told = shown(made)
    config = told.pop("config")
    assert {name: (config | told)[name] for name in said} == said


async def test_a_rotated_secret_replaces_the_old_one_and_nothing_else(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    first = await grants.create(words(oauth_scope="ops"), ACTOR)
    second = await grants.rotate(first.made.id, ACTOR)
    assert second is not None and second.made == first.made
    assert await grants.holder(first.secret) is None
    held = await grants.holder(second.secret)
    assert held is not None and held.id == first.made.id
    assert [one.id for one in await grants.by_scope(frozenset({"ops"}))] == [first.made.id]


async def test_what_is_revoked_is_gone_everywhere(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = await grants.create(words(oauth_scope="ops"), ACTOR)
    assert await grants.revoke(made.made.id, ACTOR) is True
    assert await grants.revoke(made.made.id, ACTOR) is False
    assert await grants.holder(made.secret) is None
    assert await grants.get(made.made.id) is None
    assert await grants.list() == []
    assert await grants.by_scope(frozenset({"ops"})) == []
    assert await grants.rotate(made.made.id, ACTOR) is None
    assert await grants.update(made.made.id, {"name": "x"}, ACTOR) is None
    await grants.create(words(oauth_scope="ops"), ACTOR)


async def test_a_grant_is_absent_from_the_moment_it_expires(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = await grants.create(words(oauth_scope="ops", expires_at=clock.later(60)), ACTOR)
    clock.at += 59.9
    assert await grants.holder(made.secret) is not None
    clock.at += 0.1
    assert await grants.holder(made.secret) is None
    assert (await grants.get(made.made.id), await grants.list()) == (None, [])
    assert await grants.by_scope(frozenset({"ops"})) == []
    assert await grants.update(made.made.id, {"expires_at": None}, ACTOR) is None
    assert await grants.rotate(made.made.id, ACTOR) is None
    assert await grants.revoke(made.made.id, ACTOR) is False


async def test_an_update_changes_what_it_names_and_null_clears(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = (await grants.create(words(expires_at=clock.later(100), oauth_scope="a", calls_per_minute=5), ACTOR)).made
    one = await grants.update(made.id, {"name": "New", "oauth_scope": "b"}, ACTOR)
    assert one is not None
    assert (one.name, one.oauth_scope, one.expires_at, one.narrowing) == ("New", "b", made.expires_at, made.narrowing)
    assert await grants.by_scope(frozenset({"a"})) == []
    two = await grants.update(made.id, {"expires_at": None, "oauth_scope": None, "calls_per_minute": None}, ACTOR)
    assert two is not None
    assert (two.expires_at, two.oauth_scope, two.calls_per_minute, two.name) == (None, "", None, "New")
    assert await grants.get(made.id) == two
    clock.at += 1000
    assert await grants.get(made.id) == two


async def test_an_update_is_checked_as_the_whole_that_results(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = (await grants.create(words(methods=["delete"], tags=["notes"]), ACTOR)).made
    with pytest.raises(GrantError) as caught:
        await grants.update(made.id, {"tags": ["slas"], "nam": 1}, ACTOR)
    assert caught.value.problems.keys() == {"nam", "methods"}
    assert await grants.get(made.id) == made


async def test_an_update_shortly_before_the_end_may_leave_the_expiry(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = (await grants.create(words(expires_at=clock.later(60)), ACTOR)).made
    clock.at += 30
    changed = await grants.update(made.id, {"name": "Still"}, ACTOR)
    assert changed is not None and changed.expires_at == made.expires_at


async def test_a_scope_is_one_grants_alone_until_it_ends(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    await grants.create(words(oauth_scope="ops", expires_at=clock.later(3600)), ACTOR)
    other = (await grants.create(words(), ACTOR)).made
    for act in (grants.create(words(oauth_scope="ops"), ACTOR), grants.update(other.id, {"oauth_scope": "ops"}, ACTOR)):
        with pytest.raises(GrantError) as caught:
            await act
        assert "another grant's" in caught.value.problems["oauth_scope"]
    assert len(await grants.list()) == 2
    same = await grants.update(other.id, {"oauth_scope": "mine"}, ACTOR)
    assert same == await grants.update(other.id, {"oauth_scope": "mine"}, ACTOR)


async def test_scopes_find_their_grants_oldest_first(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    ids = []
    for scope in ("z", "a", "m"):
        ids.append((await grants.create(words(oauth_scope=scope), ACTOR)).made.id)
        clock.at += 1
    await grants.create(words(), ACTOR)
    assert [one.id for one in await grants.by_scope(frozenset({"a", "m", "z", "other", ""}))] == ids
    assert [one.id for one in await grants.list()][:3] == ids


async def test_last_use_is_noted_at_most_once_a_minute_and_survives_changes(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = await grants.create(words(), ACTOR)
    first = clock.at
    await grants.holder(made.secret)
    clock.at += 59
    await grants.holder(made.secret)
    found = await grants.get(made.made.id)
    assert found is not None and found.last_used_at == first
    clock.at += 1
    await grants.holder(made.secret)
    await grants.update(made.made.id, {"name": "New"}, ACTOR)
    await grants.rotate(made.made.id, ACTOR)
    found = await grants.get(made.made.id)
    assert found is not None and (found.name, found.last_used_at) == ("New", first + 60)


async def test_requests_are_counted_by_the_minute_over_all_workers(url: str, clock: Clock) -> None:
    one, other = grants_at(url, clock), grants_at(url, clock)
    clock.at = clock.at // 60 * 60 + 15
    grant = (await one.create(words(calls_per_minute=3), ACTOR)).made
    windows = [await worker.count(grant, 600) for worker in (one, other, one, other)]
    assert [(window.remaining, window.exceeded) for window in windows] == [
        (2, False),
        (1, False),
        (0, False),
        (0, True),
    ]
    assert {(window.limit, window.reset) for window in windows} == {(3, 45)}
    clock.at += 45
    fresh = await other.count(grant, 600)
    assert (fresh.remaining, fresh.reset) == (2, 60)
    unlimited = (await one.create(words(), ACTOR)).made
    assert (await one.count(unlimited, 600)).limit == 600


async def test_changes_at_once_lose_nothing(url: str) -> None:
    grants = [grants_at(url) for _ in range(4)]
    id = (await grants[0].create(words(tags=[]), ACTOR)).made.id
    changes: list[dict[str, Any]] = [
        {"name": "New"},
        {"tags": ["notes"]},
        {"exposure": "discovery"},
        {"calls_per_minute": 9},
        {"oauth_scope": "ops"},
        {"require_api_token_auth": True},
        {"methods": ["write"]},
    ]
    async with anyio.create_task_group() as tasks:
        for number, change in enumerate(changes):
            tasks.start_soon(grants[number % 4].update, id, change, ACTOR)
    found = await grants[0].get(id)
    assert found is not None
    told = shown(found)
    assert {**told["config"], "name": told["name"]}.items() >= {
        name: value for change in changes for name, value in change.items()
    }.items()
    assert [one.id for one in await grants[1].by_scope(frozenset({"ops"}))] == [id]


async def test_two_claims_of_one_scope_at_once_leave_one_grant(url: str) -> None:
    made: list[str] = []

    async def claim(number: int) -> None:
        with suppress(GrantError):
            made.append((await grants_at(url).create(words(name=str(number), oauth_scope="one"), ACTOR)).made.name)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(claim, number)
    assert len(made) == 1
    assert [one.name for one in await grants_at(url).list()] == made


async def test_api_tokens_live_apart_from_grants(url: str, clock: Clock) -> None:
    grants = grants_at(url, clock)
    made = await grants.create_token({"name": "Billing", "expires_at": clock.later(60)}, ACTOR)
    assert made.secret.startswith("kma_") and len(made.secret) == 47
    found = await grants.is_token(made.secret)
    assert found is not None and found.id == made.made.id
    assert await grants.holder(made.secret) is None and await grants.list() == []
    assert [one.name for one in await grants.tokens()] == ["Billing"]
    clock.at += 60
    assert (await grants.is_token(made.secret), await grants.tokens()) == (None, [])
    lasting = await grants.create_token({"name": "Lasting"}, ACTOR)
    assert await grants.revoke_token(lasting.made.id, ACTOR) is True
    assert await grants.revoke_token(lasting.made.id, ACTOR) is False
    assert await grants.is_token(lasting.secret) is None
    with pytest.raises(GrantError) as caught:
        await grants.create_token({"tags": [], "expires_at": 5}, ACTOR)
    assert caught.value.problems.keys() == {"name", "tags", "expires_at"}


async def test_every_change_is_recorded_without_a_secret_and_no_refused_one(url: str, clock: Clock) -> None:
    lines: list[tuple[str, str, str, dict[str, Any]]] = []
    grants = grants_at(
        url, clock, lambda event, subject, actor, facts: lines.append((event, subject, actor, dict(facts)))
    )
    made = await grants.create(words(), "page")
    id = made.made.id
    await grants.update(id, {"name": "New"}, "rest")
    rotated = await grants.rotate(id, "cli:ann")
    await grants.revoke(id, "cli:ann")
    token = await grants.create_token({"name": "t"}, "rest")
    await grants.revoke_token(token.made.id, "rest")
    for act in (grants.revoke(id, "x"), grants.rotate(id, "x"), grants.update(id, {}, "x")):
        assert not await act
    with pytest.raises(GrantError):
        await grants.create({}, "x")
    assert [line[:3] for line in lines] == [
        ("grant.created", id, "page"),
        ("grant.updated", id, "rest"),
        ("grant.rotated", id, "cli:ann"),
        ("grant.revoked", id, "cli:ann"),
        ("token.created", token.made.id, "rest"),
        ("token.revoked", token.made.id, "rest"),
    ]
    assert (lines[1][3]["before"]["name"], lines[1][3]["after"]["name"]) == ("Support Ops", "New")
    assert rotated is not None
    for secret in (made.secret, rotated.secret, token.secret):
        assert secret[4:] not in repr(lines)


async def test_another_hash_key_is_found_out_and_lets_nobody_in(url: str) -> None:
    first = await grants_at(url).create(words(), ACTOR)
    stranger = grants_at(url, key=b"another key that is also long enough")
    for act in (stranger.holder(first.secret), stranger.list(), stranger.create(words(), ACTOR), stranger.ready()):
        with pytest.raises(WrongKey, match="hash key is not the one"):
            await act
    assert await grants_at(url).holder(first.secret) is not None


async def test_no_secret_and_no_key_is_in_what_a_store_keeps(
    url: str, request: pytest.FixtureRequest, tmp_path: Any
) -> None:
    grants = grants_at(url)
    made = await grants.create(words(), ACTOR)
    token = await grants.create_token({"name": "t"}, ACTOR)
    rotated = await grants.rotate(made.made.id, ACTOR)
    assert rotated is not None
    await grants.holder(rotated.secret)
    await grants.is_token(token.secret)
    if url.startswith("unix:"):
        redis: Redis = request.getfixturevalue("redis")
        kept = redis.dump()
    else:
        kept = b"".join(file.read_bytes() for file in sorted((tmp_path / "store").iterdir()))
    await grants.aclose()
    assert made.made.id.encode() in kept
    for secret in (made.secret, token.secret, rotated.secret, "a key of the tests"):
        assert secret.encode() not in kept and secret[4:].encode() not in kept


async def test_a_grant_keeps_its_words_when_the_package_loses_a_tag(url: str, clock: Clock) -> None:
    made = await grants_at(url, clock).create(words(methods=[], tags=["slas"]), ACTOR)
    later = grants_at(url, clock)
    later.rows = {name: row for name, row in ROWS.items() if "slas" not in row.tags}
    held = await later.holder(made.secret)
    assert held is not None and held.narrowing.of(later.rows) == frozenset()
    with pytest.raises(GrantError) as caught:
        await later.update(held.id, {"name": "x"}, ACTOR)
    assert "there is no tag 'slas'" in caught.value.problems["tags"]
