"""Owns grants in a Redis server, shared by replicas. It is the only importer of redis.

A record is one hash under its digest, so that a caller is known after one round trip; its id, its scope and the order of
lists point at it. Every key begins with the package's name in braces: packages can share a server, and each one's keys fall
into one slot of a cluster. Changes are scripts, whole or not at all. Redis lets records expire by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from typing import Any, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError

from .model import StoreDown
from .redis_scripts import AGREE, COUNT, PUT, REMOVE, TOUCH
from .store import Kind, Record, ScopeTaken

T = TypeVar("T")
_SECONDS = 1.5
_CONNECTIONS = 64
# Longer than its minute, for replicas whose clocks differ.
_COUNT_SECONDS = 180
_MOST_TRIES = 20
_READ_AT_ONCE = 500
_FIELDS = ["id", "digest", "body", "created_at", "expires_at", "scope", "last_used_at", "revision"]


class RedisStore:
    """A store in a Redis server. It belongs to the event loop of its first use.

    Args:
        url: redis://, rediss:// (TLS) or unix:// address, with the password where one is needed.
        package: The package's module.

    Raises:
        StoreDown: The address makes no sense.
    """

    def __init__(self, url: str, package: str) -> None:
        self._prefix = f"kustomer-mcp:{{{package}}}:"
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=_SECONDS,
                socket_timeout=_SECONDS,
                socket_connect_timeout=_SECONDS,
                decode_responses=True,
                # Once more on a connection that Redis closed meanwhile (a restart); a Redis that is away is told at once.
                retry=Retry(NoBackoff(), 1, supported_errors=(Unreachable,)),
            )
        except ValueError:
            # Python's own words may quote the password, taken for a port.
            how = "write it as redis://:PASSWORD@HOST:6379/0, the password percent-encoded"
            raise StoreDown(f"KUSTOMER_MCP_STORE is no address of a Redis server: {how}") from None
        self._redis: Redis = Redis(connection_pool=pool)
        self._put = self._redis.register_script(PUT)
        self._remove = self._redis.register_script(REMOVE)
        self._touch = self._redis.register_script(TOUCH)
        self._agree = self._redis.register_script(AGREE)
        self._count = self._redis.register_script(COUNT)

    async def agree(self, check: str) -> str:
        with _store_down():
            return str(await self._agree(keys=[self._key("check")], args=[check]))

    async def add(self, kind: Kind, record: Record, now: float) -> None:
        _ = now  # Redis has forgotten by itself what has expired
        if await self._write(kind, None, record) != "done":
            raise StoreDown(f"The store has a record of the id {record.id} already")

    async def replace(self, kind: Kind, record: Record, now: float) -> bool:
        old = await self.by_id(kind, record.id, now)
        return old is not None and old.revision == record.revision and await self._write(kind, old, record) == "done"

    async def remove(self, kind: Kind, id: str, now: float) -> Record | None:
        for _ in range(_MOST_TRIES):
            found = await self.by_id(kind, id, now)
            if found is None:
                return None
            keys = [self._hash(kind, found.digest), self._id(kind, id), self._order(kind), self._scope(found.scope)]
            with _store_down():
                if await self._remove(keys=keys, args=[id, found.digest]):
                    return found
        raise StoreDown(f"The record {id} was changed by others {_MOST_TRIES} times in a row; it is still there")

    async def by_digest(self, kind: Kind, digest: str, now: float) -> Record | None:
        with _store_down():
            return _record(await _hash_of(self._redis, self._hash(kind, digest)), now)

    async def by_id(self, kind: Kind, id: str, now: float) -> Record | None:
        with _store_down():
            digest = await self._redis.get(self._id(kind, id))
        return None if digest is None else await self.by_digest(kind, str(digest), now)

    async def by_scopes(self, scopes: Sequence[str], now: float) -> list[Record]:
        if not scopes:
            return []
        with _store_down():
            ids = await self._redis.mget([self._scope(scope) for scope in scopes])
        found = await self._many("grant", [str(id) for id in ids if id is not None], now)
        return sorted(found, key=lambda one: (one.created_at, one.id))

    async def all(self, kind: Kind, now: float) -> list[Record]:
        with _store_down():
            ids = [str(id) for id in await self._redis.zrange(self._order(kind), 0, -1)]
        found: list[Record] = []
        for start in range(0, len(ids), _READ_AT_ONCE):
            found += await self._many(kind, ids[start : start + _READ_AT_ONCE], now)
        return found

    async def touch(self, kind: Kind, record: Record, now: float) -> None:
        with _store_down():
            await self._touch(keys=[self._hash(kind, record.digest)], args=[record.id, repr(now)])

    async def hit(self, id: str, minute: int) -> int:
        with _store_down():
            return int(await self._count(keys=[self._key(f"count:{id}:{minute}")], args=[_COUNT_SECONDS]))

    async def claim(self, name: str, value: str, seconds: float, now: float) -> str | None:
        _ = now
        with _store_down():
            # SET NX GET (Redis 7) is one step: the old value, or nothing where this one was kept.
            kept = await self._redis.set(self._key(f"repeat:{name}"), value, nx=True, get=True, ex=ceil(seconds))
        return None if kept is None else str(kept)

    async def settle(self, name: str, value: str, seconds: float, now: float) -> None:
        _ = now
        with _store_down():
            await self._redis.set(self._key(f"repeat:{name}"), value, ex=ceil(seconds))

    async def unclaim(self, name: str) -> None:
        with _store_down():
            await self._redis.delete(self._key(f"repeat:{name}"))

    async def ready(self) -> None:
        """Writes a key that is gone after a moment: a replica, or a full server, only refuses to write."""
        with _store_down():
            await self._redis.set(self._key("ready"), "1", px=1_000)

    async def aclose(self) -> None:
        with _store_down():
            await self._redis.aclose()  # type: ignore[attr-defined,unused-ignore]
            await self._redis.connection_pool.disconnect()

    async def _write(self, kind: Kind, old: Record | None, new: Record) -> str:
        keys = [self._hash(kind, new.digest), self._id(kind, new.id), self._order(kind)]
        keys += [self._hash(kind, old.digest if old else new.digest)]
        keys += [self._scope(old.scope if old else ""), self._scope(new.scope)]
        was = (old.digest, str(old.revision), old.scope) if old else ("", "", "")
        expiry = "" if new.expires_at is None else str(ceil(new.expires_at * 1000))
        args = [new.id, new.digest, *was, new.scope, expiry, repr(new.created_at), *_fields(new, old)]
        with _store_down():
            answer = str(await self._put(keys=keys, args=args))
        if answer == "scope":
            raise ScopeTaken
        return answer

    async def _many(self, kind: Kind, ids: list[str], now: float) -> list[Record]:
        """The records of these ids; what has expired is taken out of the order of lists."""
        if not ids:
            return []
        with _store_down():
            digests = await self._redis.mget([self._id(kind, id) for id in ids])
            gone = [id for id, digest in zip(ids, digests, strict=True) if digest is None]
            async with self._redis.pipeline(transaction=False) as every:
                for digest in digests:
                    if digest is not None:
                        every.hmget(self._hash(kind, str(digest)), _FIELDS)
                if gone:
                    every.zrem(self._order(kind), *gone)
                answers = await every.execute()
        rows = answers[: len(ids) - len(gone)]
        return [record for row in rows if (record := _record(row, now)) is not None]

    def _key(self, rest: str) -> str:
        return self._prefix + rest

    def _hash(self, kind: Kind, digest: str) -> str:
        return self._key(f"{kind}:digest:{digest}")

    def _id(self, kind: Kind, id: str) -> str:
        return self._key(f"{kind}:id:{id}")

    def _scope(self, scope: str) -> str:
        return self._key(f"scope:{scope}")

    def _order(self, kind: Kind) -> str:
        return self._key(f"{kind}:order")


@contextmanager
def _store_down() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        # Redis's own words: they name its host, never a password.
        raise StoreDown(f"The Redis store can't be used: {type(error).__name__}: {error}") from None


async def _hash_of(redis: Redis, key: str) -> Sequence[str | None]:
    return await cast(Awaitable[Sequence[str | None]], redis.hmget(key, _FIELDS))


def _fields(new: Record, old: Record | None) -> list[str]:
    """A record as a hash's fields; a field that is absent is None. The last use is the script's to carry over."""
    fields: dict[str, Any] = {
        "id": new.id,
        "digest": new.digest,
        "body": new.body,
        "created_at": repr(new.created_at),
        "scope": new.scope,
        "revision": 0 if old is None else old.revision + 1,
    }
    if new.expires_at is not None:
        fields["expires_at"] = repr(new.expires_at)
    return [str(part) for pair in fields.items() for part in pair]


def _record(row: Sequence[str | None], now: float) -> Record | None:
    """A record of the values of its fields; None where it is absent or has expired."""
    id, digest, body, made, expires, scope, used, revision = row
    if id is None:
        return None
    try:
        if digest is None or body is None or made is None or scope is None or revision is None:
            raise ValueError
        ends, last = (None if text is None else float(text) for text in (expires, used))
        record = Record(id, digest, body, float(made), ends, scope, last, int(revision))
    except ValueError:
        raise StoreDown("The Redis store holds a record that this package can't read") from None
    return record if record.expires_at is None or record.expires_at > now else None
