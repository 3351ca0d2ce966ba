"""Owns the one connection to Kustomer: base URL, API key, time-outs, and sending a request once. It never retries."""

from __future__ import annotations

import json
import logging
import math
import re
import time
from collections.abc import Mapping
from copy import copy
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import anyio
import httpx2
from pydantic import MISSING

from .answer import Answer, answer_of, dry_answer
from .errors import InvalidArguments, KustomerError, from_response, no_answer, not_sent
from .ratelimit import read_limit
from .settings import Settings
from .watch import Sent, report_sent
from .wire import build_path, build_query, encode, with_cursor

# At INFO it logs every address, and those of look-ups hold e-mail addresses and phone numbers.
logging.getLogger("httpx2").setLevel(logging.WARNING)
_OK = frozenset({200, 201, 202, 204})
_MAX_BODY = 20_000_000
# How long a call may wait for its turn among those that run.
_TURN_SECONDS = 5.0
# Node and others close a connection that was idle for 5 s: one must not be used in that very moment, and a machine that is
# short of processor time takes a second or two from choosing a connection to writing on it.
_IDLE_SECONDS = 2.0
# Half a character, escaped or, which `json` lets pass, as three bytes.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")


class Kustomer:
    """A client for one organisation; one connection pool, closed at the end of `async with`.

    >>> async with Kustomer() as kustomer:                                        # doctest: +SKIP
    ...     found = await kustomer_customers_using_email(kustomer, email="ada@example.org")

    Args:
        settings: Base URL and key; from the environment where left out.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings.from_environment()
        self.dry = False
        self._turns = anyio.Semaphore(self._settings.calls)
        self._http = httpx2.AsyncClient(
            base_url=self._settings.base_url,
            timeout=httpx2.Timeout(None, connect=10.0),  # of a whole call, _send says how long it may take
            limits=httpx2.Limits(
                max_connections=self._settings.calls,
                max_keepalive_connections=self._settings.calls,
                keepalive_expiry=_IDLE_SECONDS,
            ),
            follow_redirects=False,
            headers={"Accept": "application/json", "User-Agent": self._settings.user_agent},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        *,
        path_arguments: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = MISSING,
        cursor: Any = MISSING,
        reads: bool = False,
    ) -> Answer:
        """Send one request and give its answer.

        Args:
            method: The HTTP method.
            path: The path as Kustomer publishes it, with placeholders.
            path_arguments: Placeholder -> value.
            query: Wire name -> value; `MISSING` is not sent.
            body: A JSON value, or fields by wire name; `MISSING` fields are not sent.
            cursor: `next_cursor` of the page before.
            reads: Whether it changes nothing although its method is POST.

        Raises:
            InvalidArguments: A value can't be sent; nothing was.
            KustomerError: Kustomer refused, failed or did not answer.
        """
        url = self._settings.base_url + build_path(path, path_arguments or {})
        asked = urlencode(with_cursor(build_query(query or {}), cursor))
        payload = None if body is MISSING else encode(body)
        if self.dry:
            return dry_answer(method, url, asked, payload)
        content = None if body is MISSING else json.dumps(payload, allow_nan=False).encode()
        request = self._request(method, f"{url}?{asked}" if asked else url, content)
        effect = "GET" if reads else method
        status, received, raw = await self._in_turn(effect, path, request)
        limit = read_limit(received, time.time())
        if status not in _OK:
            raise from_response(effect, status, raw, limit)
        return answer_of(status, _json(effect, status, raw), limit, asked)

    def _request(self, method: str, address: str, content: bytes | None) -> httpx2.Request:
        headers = {"Authorization": f"Bearer {self._settings.key()}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._http.build_request(method, address, content=content, headers=headers)
        except httpx2.InvalidURL:
            raise InvalidArguments("The arguments make an address that is too long; nothing was sent.") from None

    async def related(self, path: str, path_arguments: Mapping[str, Any], relationship: str) -> Any:
        """The id that a record's relationship holds now, or MISSING where it has none; one GET.

        A generated tool calls it where Kustomer would take a field that is left out for one that is cleared.

        Raises:
            KustomerError: The record can't be read.
        """
        if self.dry:
            return MISSING
        record = (await self.call("GET", path, path_arguments=path_arguments)).data
        try:
            found = record["relationships"][relationship]["data"]["id"]
        except (KeyError, TypeError):
            return MISSING
        return found if isinstance(found, str) else MISSING

    def dry_run(self) -> Kustomer:
        """The same client, which answers with the request that it would send, and sends nothing."""
        client = copy(self)
        client.dry = True
        return client

    async def _in_turn(self, effect: str, path: str, request: httpx2.Request) -> tuple[int, httpx2.Headers, bytes]:
        """Send a request as soon as fewer than the most that may run are running, and report what came of it."""
        await self._wait_for_turn()
        start = time.perf_counter()
        status: int | None = None
        try:
            answered = await self._send(effect, request)
            status = answered[0]
            return answered
        except KustomerError as error:
            status = error.status
            raise
        finally:
            self._turns.release()
            report_sent(Sent(request.method, path, status, time.perf_counter() - start))

    async def _wait_for_turn(self) -> None:
        try:
            self._turns.acquire_nowait()  # a turn that is given back goes to who waits, never past them
            return
        except anyio.WouldBlock:
            pass
        try:
            with anyio.fail_after(_TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise KustomerError(
                f"This server already waits for {self._settings.calls} answers of Kustomer, as many as it may. "
                "Nothing was sent. Try again in a few seconds."
            ) from None

    async def _send(self, method: str, request: httpx2.Request) -> tuple[int, httpx2.Headers, bytes]:
        try:
            with anyio.fail_after(self._settings.timeout):  # httpx2's own time-outs begin anew with every byte
                response, raw = await self._received(method, request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol) as error:
            raise not_sent(f"There is no connection to Kustomer ({type(error).__name__})") from None
        except (httpx2.TimeoutException, TimeoutError):
            raise no_answer(method, f"Kustomer did not answer within {self._settings.timeout:g} s") from None
        except httpx2.HTTPError as error:
            raise no_answer(method, f"The connection to Kustomer failed ({type(error).__name__})") from None
        if response.is_redirect:
            raise KustomerError(
                f"Kustomer redirected to another address (HTTP {response.status_code}), which this server does not follow. "
                "Nothing was changed. Check the base URL.",
                status=response.status_code,
            )
        return response.status_code, response.headers, raw

    async def _received(self, method: str, request: httpx2.Request) -> tuple[httpx2.Response, bytes]:
        response = await self._http.send(request, stream=True)
        try:
            raw = bytearray()
            async for chunk in response.aiter_bytes():
                raw += chunk
                if len(raw) > _MAX_BODY:
                    what = f"Kustomer's answer is larger than {_MAX_BODY // 1_000_000} MB"
                    raise no_answer(method, what, "Ask for less in one call.")
        finally:
            await response.aclose()
        return response, bytes(raw)


def _json(method: str, status: int, raw: bytes) -> Any:
    if status == 204 or not raw.strip():
        return None
    try:
        value = json.loads(raw, parse_constant=_number, parse_float=_number)
    except (ValueError, RecursionError):
        raise no_answer(method, f"Kustomer's answer (HTTP {status}) is no JSON") from None
    return _whole_characters(value) if _HALF.search(raw) else value


def _number(text: str) -> float:
    """A number that JSON has; Python would also read NaN, and 1e999 as infinity."""
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _whole_characters(value: Any) -> Any:
    """Put U+FFFD where a text was cut within a character: half of one can't be sent on as UTF-8."""
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
