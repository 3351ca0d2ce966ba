"""Owns what a store of grants must do, and which store an address means. It knows no grant: a record's body is text to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from .model import StoreDown

Kind = Literal["grant", "token"]
_REDIS = ("redis://", "rediss://", "unix://")


class ScopeTaken(Exception):
    """Another record holds this OAuth scope."""


class WrongKey(StoreDown):
    """The hash key is not the one that this store's secrets were hashed with: nobody could be let in."""


@dataclass(frozen=True, slots=True)
class Record:
    """One grant or API token as a store keeps it. Times are Unix seconds.

    Attributes:
        id: Its public id.
        digest: The keyed hash of its secret, as hex; the secret itself is never stored.
        body: What the service keeps, as JSON.
        created_at: The order of lists.
        expires_at: From then on it is absent for every method; None: never.
        scope: The OAuth scope that it alone holds, or an empty string.
        last_used_at: When its secret was last presented, to a minute.
        revision: Counts its changes, so that two changes at once lose nothing.
    """

    id: str
    digest: str
    body: str
    created_at: float
    expires_at: float | None = None
    scope: str = ""
    last_used_at: float | None = None
    revision: int = 0


class Store(Protocol):
    """Keeps records. Every method raises StoreDown where the store can't be used; `now` is Unix seconds."""

    async def agree(self, check: str) -> str:
        """Keep a value if there is none yet, and give back the one that is kept."""

    async def add(self, kind: Kind, record: Record, now: float) -> None:
        """Keep a new record. Raises ScopeTaken."""

    async def replace(self, kind: Kind, record: Record, now: float) -> bool:
        """Change a record whose revision is still the given one; False where it is not, or is gone. Raises ScopeTaken."""

    async def remove(self, kind: Kind, id: str, now: float) -> Record | None:
        """Forget a record; what it was, or None where there is none."""

    async def by_digest(self, kind: Kind, digest: str, now: float) -> Record | None: ...

    async def by_id(self, kind: Kind, id: str, now: float) -> Record | None: ...

    async def by_scopes(self, scopes: Sequence[str], now: float) -> list[Record]: ...

    async def all(self, kind: Kind, now: float) -> list[Record]:
        """Every record that has not expired, the oldest first."""

    async def touch(self, kind: Kind, record: Record, now: float) -> None:
        """Note the last use of a record, if it is still there."""

    async def hit(self, id: str, minute: int) -> int:
        """Count one request of a grant in a minute since 1970; how many that makes, over all workers."""

    async def claim(self, name: str, value: str, seconds: float, now: float) -> str | None:
        """Keep a value under a name for some seconds if there is none; the one that was there, or None."""

    async def settle(self, name: str, value: str, seconds: float, now: float) -> None:
        """Keep a value under a name for some seconds, whatever was there."""

    async def unclaim(self, name: str) -> None:
        """Forget what `claim` and `settle` kept."""

    async def ready(self) -> None:
        """Raise StoreDown where the store can't be read and written."""

    async def aclose(self) -> None: ...


def is_redis(url: str) -> bool:
    """Whether an address means a Redis server; anything else is the path of a SQLite file."""
    return url.startswith(_REDIS)


def sqlite_path(url: str) -> Path:
    """The file that is meant where it is no Redis server.

    Raises:
        StoreDown: It is the address of something else, and may hold a password: nothing may be written below it.
    """
    if "://" in url:
        scheme = url.partition("://")[0]
        raise StoreDown(
            f"KUSTOMER_MCP_STORE: no store is known for {scheme}://; give a file's path or a redis:// address"
        )
    return Path(url).expanduser()


def open_store(url: str, package: str) -> Store:
    """The store behind an address; nothing is opened or sent before its first use.

    Args:
        url: The path of a SQLite file, or a redis://, rediss:// or unix:// address.
        package: The package's module; it keeps packages apart that share a Redis server.

    Raises:
        StoreDown: The address makes no sense, or what it needs is not installed.
    """
    if is_redis(url):
        try:
            from .redis_store import RedisStore
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != "redis":
                raise
            name = package.replace("_", "-")
            raise StoreDown(f"A Redis store needs the extra `redis`: pip install '{name}[redis]'") from None
        return RedisStore(url, package)
    from .sqlite_store import SqliteStore

    return SqliteStore(sqlite_path(url))
