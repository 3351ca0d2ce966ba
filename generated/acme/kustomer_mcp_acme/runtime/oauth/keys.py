"""Owns the issuer's keys: where they are, when they are fetched, and how long they are kept while the issuer is away.

It is the only place of OAuth that sends anything, and it sends nothing that a caller said.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx2

from .model import IssuerDown, OAuthSettings, is_safe_url

# The logger whose texts the log shows: of any other it shows the place alone.
_LOG = logging.getLogger("kustomer_mcp")
_FRESH_SECONDS = 600.0
# An issuer that was away for longer has no access token out there that is still good; a key that it took back should go.
_KEPT_SECONDS = 3_600.0
# A token that names a key nobody knows makes us ask at most this often.
_ASK_SECONDS = 30.0
_ASK_AGAIN_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0
_LONGEST_BYTES = 262_144
_MOST_KEYS = 100


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[Any, ...] = ()
    fetched_at: float = float("-inf")


class IssuerKeys:
    """The keys of one issuer.

    Args:
        settings: Which issuer, and where its keys are.
        now: A clock that never goes back, in seconds.
    """

    def __init__(self, settings: OAuthSettings, now: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._now = now
        self._kept = _Keys()
        self._asked_at = float("-inf")
        self._url = settings.jwks_url
        self._lock = anyio.Lock()

    async def find(self, matching: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
        """The keys that a token may be signed with, asked for anew where none is known.

        Args:
            matching: Chooses among JWKs.

        Raises:
            IssuerDown: There are no keys that are fresh enough.
        """
        found = matching(self._usable())
        if found and (self._age() < _FRESH_SECONDS or self._lock.locked()):
            return found
        async with self._lock:
            if self._may_ask():
                await self._ask()
        if self._age() >= _KEPT_SECONDS:
            raise IssuerDown(f"the keys of {self._settings.issuer} can't be had")
        return matching(self._usable())

    def _usable(self) -> tuple[Any, ...]:
        return self._kept.keys if self._age() < _KEPT_SECONDS else ()

    def _age(self) -> float:
        return self._now() - self._kept.fetched_at

    def _may_ask(self) -> bool:
        pause = _ASK_SECONDS if self._usable() else _ASK_AGAIN_SECONDS
        return self._now() - self._asked_at >= pause

    async def _ask(self) -> None:
        try:
            async with httpx2.AsyncClient(timeout=_TIMEOUT_SECONDS, follow_redirects=False) as client:
                with anyio.fail_after(2 * _TIMEOUT_SECONDS):
                    keys = await self._fetch(client)
        except (_Unusable, TimeoutError) as error:
            if not self._settings.jwks_url:
                self._url = ""  # it may have moved: read the metadata again
            _LOG.warning("the keys of %s can't be had: %s", self._settings.issuer, error or "no answer in time")
            return
        finally:
            # Those who waited for this answer do not ask again: each would wait as long, one after the other.
            self._asked_at = self._now()
        self._kept = _Keys(keys, self._now())

    async def _fetch(self, client: httpx2.AsyncClient) -> tuple[Any, ...]:
        if not self._url:
            self._url = await _discovered(client, self._settings.issuer)
        keys = (await _json(client, self._url)).get("keys")
        if not isinstance(keys, list) or not keys:
            raise _Unusable(f"{self._url} holds no keys")
        return tuple(keys[:_MOST_KEYS])


class _Unusable(Exception):
    """An answer of the issuer that can't be used; the text says which."""


async def _discovered(client: httpx2.AsyncClient, issuer: str) -> str:
    """Where the issuer's metadata says that its keys are (RFC 8414, 3; OpenID Connect Discovery, 4)."""
    problems: list[str] = []
    for url in metadata_urls(issuer):
        try:
            found = await _json(client, url)
        except _Unusable as error:
            problems.append(str(error))
            continue
        if found.get("issuer") != issuer:
            raise _Unusable(
                f"{url} is of {str(found.get('issuer'))[:200]!r}: the issuer must be set letter for letter so"
            )
        keys = found.get("jwks_uri")
        if not isinstance(keys, str) or not is_safe_url(keys):
            raise _Unusable(f"{url} names no https address of keys (jwks_uri)")
        return keys
    raise _Unusable("; ".join(problems))


def metadata_urls(issuer: str) -> list[str]:
    """Where an issuer's metadata may be: RFC 8414 puts its path behind the well-known part, OpenID before it."""
    parts = urlsplit(issuer)
    base, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    found = [f"{base}/.well-known/oauth-authorization-server{path}"]
    found += [f"{base}/.well-known/openid-configuration{path}"] if path else []
    return [*found, f"{base}{path}/.well-known/openid-configuration"]


async def _json(client: httpx2.AsyncClient, url: str) -> dict[str, Any]:
    """A small JSON object, of this very address."""
    if not is_safe_url(url):
        raise _Unusable(f"{url} is not https")
    try:
        async with client.stream("GET", url, headers={"accept": "application/json"}) as answer:
            if answer.status_code != 200:
                raise _Unusable(f"{url} answered {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _LONGEST_BYTES:
                    raise _Unusable(f"{url} answered more than {_LONGEST_BYTES} bytes")
        found = json.loads(body)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _Unusable(f"{url}: {type(error).__name__}") from None
    except (ValueError, RecursionError):
        raise _Unusable(f"{url} answered no JSON") from None
    if not isinstance(found, dict):
        raise _Unusable(f"{url} answered no JSON object")
    return found
