"""Grants in a Redis server: it lets records expire by itself, and its absence refuses callers until it is back."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from grants_kit import ACTOR, KEY, MODULE, ROWS, Clock, Redis, grants_at, redis_server, words
from kustomer_mcp_acme.runtime.grants import redis_store
from kustomer_mcp_acme.runtime.grants.credentials import KeyProblem
from kustomer_mcp_acme.runtime.grants.model import StoreDown
from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, open_grants
from kustomer_mcp_acme.runtime.grants.service import Grants
from kustomer_mcp_acme.runtime.grants.store import Record, open_store


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Redis]:
    """A server that a test may kill."""
    with redis_server(tmp_path) as one:
        yield one


async def test_a_killed_server_refuses_callers_and_a_restarted_one_is_used_again(own: Redis) -> None:
    grants = grants_at(own.url)
    made = await grants.create(words(), ACTOR)
    assert await grants.holder(made.secret) is not None
    own.stop()
    for act in (grants.holder(made.secret), grants.count(made.made, 600), grants.ready(), grants.list()):
        with pytest.raises(StoreDown, match="Redis store can't be used"):
            await act
    own.start()
    held = await grants.holder(made.secret)
    assert held is not None and held.id == made.made.id
    assert await grants.update(made.made.id, {"name": "New"}, ACTOR) is not None
    await grants.aclose()


async def test_redis_itself_forgets_what_has_expired(redis: Redis) -> None:
    store = open_store(redis.url, MODULE)
    now = time.time()
    await store.add("grant", Record("g_a", "d", "{}", now, expires_at=now + 0.15, scope="ops"), now)
    await store.add("grant", Record("g_b", "e", "{}", now), now)
    client = redis.client()
    assert len(client.keys("*g_a")) == 1
    with anyio.fail_after(10):
        while client.keys("*:digest:d") or client.keys("*g_a") or client.keys("*scope:ops"):
            await anyio.sleep(0.02)
    assert [one.id for one in await store.all("grant", 0.0)] == ["g_b"]
    assert client.zrange(f"kustomer-mcp:{{{MODULE}}}:grant:order", 0, -1) == [b"g_b"]


async def test_everything_of_a_grant_that_ends_has_an_end_in_redis(redis: Redis, clock: Clock) -> None:
    grants = grants_at(redis.url, clock)
    made = (await grants.create(words(oauth_scope="ops", expires_at=clock.later(600)), ACTOR)).made
    await grants.count(made, 5)
    client = redis.client()
    lasting = [key for key in client.keys("*") if client.pttl(key) == -1]
    assert sorted(key.rpartition(b":")[2] for key in lasting) == [b"check", b"order"]
    await grants.update(made.id, {"expires_at": None}, ACTOR)
    assert sum(client.pttl(key) == -1 for key in client.keys("*")) == 5
    await grants.revoke(made.id, ACTOR)
    assert [key.rpartition(b"}:")[2].split(b":")[0] for key in sorted(client.keys("*"))] == [b"check", b"count"]


async def test_packages_share_a_server_without_seeing_each_other(redis: Redis) -> None:
    acme = grants_at(redis.url)
    globex = Grants(open_store(redis.url, "kustomer_mcp_globex"), KEY, ROWS)
    made = await acme.create(words(oauth_scope="ops"), ACTOR)
    assert await globex.holder(made.secret) is None
    assert await globex.list() == []
    await globex.create(words(oauth_scope="ops"), ACTOR)


async def test_a_holder_is_known_after_one_command(redis: Redis) -> None:
    grants = grants_at(redis.url)
    made = await grants.create(words(), ACTOR)
    await grants.holder(made.secret)
    client = redis.client()
    before = client.info("stats")["total_commands_processed"]
    await grants.holder(made.secret)
    assert client.info("stats")["total_commands_processed"] - before == 2  # the second is the question itself


async def test_many_callers_at_once_wait_for_the_connections_that_there_are(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    # How long one waits before it is refused is not what is asked here, and starved machines are slow.
    monkeypatch.setattr(redis_store, "_SECONDS", 60.0)
    grants = grants_at(redis.url)
    client = redis.client()
    before = client.info("stats")["total_connections_received"]
    made = await grants.create(words(calls_per_minute=1000), ACTOR)
    found = []

    async def call() -> None:
        found.append(await grants.holder(made.secret))
        await grants.count(made.made, 600)

    async with anyio.create_task_group() as tasks:
        for _ in range(300):
            tasks.start_soon(call)
    assert len(found) == 300 and None not in found
    assert 1 < client.info("stats")["total_connections_received"] - before <= redis_store._CONNECTIONS


@pytest.mark.parametrize("body", ["{", "[]", '{"name": "of another version"}', '{"name": "x", "methods": 1}'])
async def test_a_record_that_cannot_be_read_lets_nobody_in(redis: Redis, body: str) -> None:
    grants = grants_at(redis.url)
    made = await grants.create(words(), ACTOR)
    client = redis.client()
    (key,) = client.keys("*:grant:digest:*")
    client.hset(key, "body", body)
    for act in (grants.holder(made.secret), grants.get(made.made.id)):
        with pytest.raises(StoreDown, match=f"record of {made.made.id} can't be read"):
            await act


async def test_a_server_that_refuses_to_write_is_not_ready(redis: Redis) -> None:
    grants = grants_at(redis.url)
    await grants.ready()
    client = redis.client()
    client.replicaof("127.0.0.1", 1)
    try:
        with pytest.raises(StoreDown, match="ReadOnly"):
            await grants.ready()
    finally:
        client.replicaof("NO", "ONE")


def test_it_needs_a_configured_hash_key(redis: Redis) -> None:
    with pytest.raises(KeyProblem, match="KUSTOMER_MCP_HASH_KEY"):
        open_grants(MODULE, GrantSettings(redis.url))


def test_addresses_that_mean_nothing_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreDown, match="no store is known for postgres://"):
        open_store("postgres://user:hidden@host/db", MODULE)
    for address in ("redis://user:hidden@host:port/0", "redis://:hidden#of-a-password@host:6379/0"):
        with pytest.raises(StoreDown, match="no address of a Redis server") as caught:
            open_store(address, MODULE)
        assert "hidden" not in str(caught.value)
    for name in ("redis", "redis.asyncio"):
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.delitem(sys.modules, "kustomer_mcp_acme.runtime.grants.redis_store", raising=False)
    with pytest.raises(StoreDown, match=r"pip install 'kustomer-mcp-acme\[redis\]'"):
        open_store("redis://127.0.0.1", MODULE)


async def test_a_wrong_password_is_a_store_that_is_down_and_is_not_told(own: Redis) -> None:
    own.client().config_set("requirepass", "right-password")
    grants = grants_at(f"unix://:wrong-password@{own.socket}")
    with pytest.raises(StoreDown) as caught:
        await grants.ready()
    assert "password@" not in str(caught.value) and "wrong-password" not in str(caught.value)
    await grants_at(f"unix://:right-password@{own.socket}").ready()
