"""Owns fetching one organisation's Klasses, their metadata and its outbound accounts: patiently, whole or not at all."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

from generator import quirks
from generator.config import Tenant
from generator.errors import FetchError
from generator.fetch import HEADERS, Answer, Progress, asked, said
from generator.klasses import KLASS_NAME, hidden_note
from generator.ratelimit import seconds_until_reset
from generator.snapshot import ACCOUNTS, HIDDEN, Json, klass_files, normalise_klass

KEY_VARIABLE = "KUSTOMER_API_KEY"
_CONCURRENT = 4
_ROLES = {"metadata": "org.permission.metadata.read", "outboundAccounts": "org.permission.apps.read"}
_MAX_PAGES = 200
_LONGEST_NAME = 250  # with `.json`, what file systems take
# Seconds to wait where the reset is said to be now or, for want of the same time on both sides, past: refused is refused.
_AGAIN = 1.0
# The budget is the whole organisation's: what is left below this belongs to the others who use it.
_LEAVE = 5


def api_key(tenant: str, key_file: str | None = None) -> str:
    """The API key of a tenant: of the file of the option, else KUSTOMER_API_KEY_<TENANT>, else KUSTOMER_API_KEY. Of either
    variable, the file that ..._FILE names comes first.

    Raises:
        FetchError: There is none.
    """
    own = f"{KEY_VARIABLE}_{tenant.upper().replace('-', '_')}"
    try:
        key = (_text_of(key_file) if key_file else _said(own, KEY_VARIABLE)).strip()
    except OSError as error:
        raise FetchError(f"{tenant}: the key file can't be read", [str(error)]) from None
    except UnicodeDecodeError:
        raise FetchError(f"{tenant}: the key file can't be read", ["it holds bytes that no key has"]) from None
    if not key or not key.isascii() or not key.isprintable():
        raise FetchError(
            f"{tenant}: there is no API key" if not key else f"{tenant}: the API key holds characters that no key has",
            [f"set {own} or {KEY_VARIABLE}, or name a file with --key-file; it needs the roles "
             "org.permission.klass.read and org.permission.metadata.read"],
        )  # fmt: skip
    return key


def _said(*variables: str) -> str:
    """What the first of the variables says that is set, or its file; a file that is empty is not passed over."""
    for variable in variables:
        if path := os.environ.get(f"{variable}_FILE"):
            return _text_of(path)
        if said := os.environ.get(variable):
            return said
    return ""


def _text_of(path: str) -> str:
    return Path(path).read_text(encoding="utf-8")


@dataclass(slots=True)
class _Patience:
    """How long a fetch may wait for rate limits in all, and how long it has."""

    limit: float
    waited: float = 0.0


class KlassFetcher:
    """Reads one organisation's Klasses and their metadata, patiently and without taking the whole rate limit.

    Args:
        tenant: Whose; `base_url` may be another than the one in tenant.toml.
        key: The API key.
        progress: Told what is done; also while it waits.
        max_wait: Seconds that it may wait for rate limits in all.
    """

    def __init__(self, tenant: Tenant, base_url: str, key: str, progress: Progress, max_wait: float = 300.0) -> None:
        self._tenant = tenant
        self._progress = progress
        self._patience = _Patience(max_wait)
        self._gate = asyncio.Lock()
        headers = {**HEADERS, "Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(base_url=base_url, timeout=60, headers=headers, follow_redirects=False)

    async def fetch(self, pinned: Mapping[str, Json]) -> tuple[dict[str, Json], list[str]]:
        """Fetch everything.

        Args:
            pinned: The file names that are pinned now, so that "nothing" is not taken for an answer.

        Returns:
            The tenant's Klass files by name, and what was left out in a line each.

        Raises:
            FetchError: Anything failed; a part is never taken for the whole.
        """
        async with self._client:
            enabled = await self._klasses("enabled")
            hidden = {status: await self._klasses(status) for status in ("disabled", "existing_only")}
            if not enabled and any(name.startswith("klasses/") for name in pinned):
                raise self._error(
                    "the organisation lists no Klass where some are pinned",
                    "check the key's roles and the organisation",
                )
            said = {name: status for status, klasses in hidden.items() for name in klasses} | _not_offered(enabled)
            wanted = {name: klass for name, klass in enabled.items() if name not in said}
            files = await self._metadata(wanted, pinned)
            if said:
                files[HIDDEN] = {"klasses": dict(sorted(said.items()))}
            if self._tenant.draft_accounts:
                files[ACCOUNTS] = await self._accounts()
        return files, [hidden_note(name, why) for name, why in said.items()]

    async def _klasses(self, status: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        query: dict[str, str] = {"page": "1", "pageSize": "100", "status": status}
        for _ in range(_MAX_PAGES):
            page = await self._get("/v1/klasses", query)
            rows = page.get("data")
            if not isinstance(rows, list):
                raise self._error("GET /v1/klasses gave no list", "is the base URL Kustomer's API?")
            for row in rows:
                given = row.get("attributes") if isinstance(row, dict) else None
                attributes: dict[str, Json] = given if isinstance(given, dict) else {}
                name = attributes.get("name")
                if not isinstance(name, str) or not KLASS_NAME.fullmatch(name):
                    raise self._error(
                        f"a Klass is called {name!r}, which Kustomer does not allow", "nothing is read from it"
                    )
                if len(name) > _LONGEST_NAME:
                    what = (
                        f"the name of the Klass {name[:40]}… is too long: {_LONGEST_NAME} characters fit into a file's"
                    )
                    raise self._error(what, "give it a shorter one in Kustomer")
                if attributes.get("status", "enabled") == status:
                    found[name] = attributes
            links = page.get("links")
            following = links.get("next") if isinstance(links, dict) else None
            if not following:
                return found
            query = dict(parse_qsl(following.partition("?")[2])) if isinstance(following, str) else {}
            if not query:
                raise self._error("GET /v1/klasses names a next page that is no address", "try again")
        raise self._error(f"GET /v1/klasses does not end after {_MAX_PAGES} pages", "try again")

    async def _metadata(self, klasses: Mapping[str, Json], pinned: Mapping[str, Json]) -> dict[str, Json]:
        rows = [
            (f"standard/{name}.json", name, {"name": name, "displayName": name.capitalize()})
            for name in quirks.STANDARD_KLASSES
        ]
        rows += [(file, f"kobject.{name}", klasses[name]) for name, file in sorted(klass_files(klasses).items())]
        done = 0
        running = asyncio.Semaphore(_CONCURRENT)

        async def one(file: str, resource: str, klass: Json) -> tuple[str, Json]:
            nonlocal done
            async with running:
                properties = await self._properties(
                    resource, empty_if_missing=file.startswith("standard/") and file not in pinned
                )
            done += 1
            self._progress("Klasses", done, len(rows))
            return file, normalise_klass(klass, properties, standard=file.startswith("standard/"))

        self._progress("Klasses", 0, len(rows))
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(*row)) for row in rows]
        except* FetchError as errors:
            raise errors.exceptions[0] from None
        return dict(task.result() for task in tasks)

    async def _accounts(self) -> Json:
        """The outbound accounts: channel, app and sender of each, sorted."""
        rows = (await self._get("/v1/outboundAccounts", {})).get("data")
        if not isinstance(rows, list):
            raise self._error("GET /v1/outboundAccounts gave no list", "try again; nothing was written")
        found = [row.get("attributes") for row in rows if isinstance(row, dict)]
        kept = [
            {key: str(a[key]) for key in ("account", "channel", "name") if key in a}
            for a in found
            if isinstance(a, dict)
        ]
        whole = [row for row in kept if len(row) == len(("account", "channel", "name"))]
        return {"accounts": sorted(whole, key=lambda row: (row["channel"], row["name"], row["account"]))}

    async def _properties(self, resource: str, *, empty_if_missing: bool) -> Json:
        page = await self._get(
            f"/v1/metadata/{quote(resource, safe='.')}", {}, missing={} if empty_if_missing else None
        )
        if empty_if_missing and not page:
            return {}
        try:
            properties = page["data"]["attributes"]["properties"]
        except (KeyError, TypeError):
            properties = None
        if not isinstance(properties, dict):
            raise self._error(f"GET /v1/metadata/{resource} gave no properties", "try again; nothing was written")
        return properties

    async def _get(self, path: str, query: Mapping[str, str], missing: Json = None) -> Json:
        while True:
            async with self._gate:  # opened again when the rate limit has room
                pass
            try:
                answer = await asked(self._client, path, query)
            except (httpx.HTTPError, UnicodeError) as error:
                raise self._error(f"GET {path} failed", said(error)) from None
            if answer.status == 429:
                await self._wait(answer.headers, path)
                continue
            if _left(answer.headers) < _LEAVE and answer.status == 200:
                await self._wait(answer.headers, path, unless_known=True)
            if answer.status == 404 and missing is not None:
                return missing
            return self._value(answer, path)

    async def _wait(self, headers: httpx.Headers, path: str, *, unless_known: bool = False) -> None:
        """Wait as told; where nothing is told, a minute is what Kustomer's budgets run over."""
        seconds = seconds_until_reset(dict(headers), time.time())
        if seconds is None and unless_known:
            return
        seconds = min(seconds if seconds is not None else 60.0, 3600.0)
        if seconds == 0 and not unless_known:
            seconds = _AGAIN
        until = time.monotonic() + seconds
        async with self._gate:
            seconds = until - time.monotonic()  # another request may have waited for the same reset meanwhile
            if seconds <= 0:
                return
            self._patience.waited += seconds
            if self._patience.waited > self._patience.limit:
                raise self._error(
                    f"GET {path}: the rate limit is used up, and its reset in {seconds:.0f} s is past the limit of "
                    f"{self._patience.limit:.0f} s for waiting",
                    "try again later, or allow more with --max-wait",
                )
            self._progress(f"waiting {seconds:.0f} s for the rate limit", 0, 0)
            await asyncio.sleep(seconds)

    def _value(self, answer: Answer, path: str) -> Json:
        status = answer.status
        if status in (401, 403):
            needs = next((role for part, role in _ROLES.items() if part in path), "org.permission.klass.read")
            raise self._error(
                f"GET {path} answered HTTP {status}: {_kustomer_said(answer.content)}",
                f"check the API key, its organisation and region, and that it has the role {needs}",
            )
        if status != 200:
            raise self._error(
                f"GET {path} answered HTTP {status}: {_kustomer_said(answer.content)}", "the pins stay as they were"
            )
        try:
            value = json.loads(answer.content)
        except (ValueError, RecursionError):
            raise self._error(
                f"GET {path} answered with something that is no JSON", "is the base URL Kustomer's API?"
            ) from None
        if not isinstance(value, dict):
            raise self._error(f"GET {path} answered with no JSON object", "is the base URL Kustomer's API?")
        return value

    def _error(self, what: str, do: str) -> FetchError:
        return FetchError(f"{self._tenant.name}: {what}", [do])


def _not_offered(klasses: Mapping[str, Json]) -> dict[str, str]:
    """The enabled Klasses that nobody can use all the same, and why."""
    rows = {name: "its app is disabled" for name, klass in klasses.items() if klass.get("appDisabled")}
    return rows | {name: "deleted" for name, klass in klasses.items() if klass.get("deletedAt")}


def _left(headers: httpx.Headers) -> float:
    try:
        return float(headers.get("x-ratelimit-remaining", "inf"))
    except ValueError:
        return float("inf")


def _kustomer_said(content: bytes) -> str:
    try:
        entry: Any = json.loads(content)["errors"][0]
        said = str(entry.get("title") or entry.get("message") or "") + (
            f" ({entry['detail']})" if entry.get("detail") else ""
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        said = ""
    return " ".join(said.split())[:200] or "no reason given"
