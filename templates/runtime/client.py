"""Owns the one connection to Kustomer: base URL, API key, time-outs, and sending a request once. It never retries."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import anyio
import httpx2
from pydantic import MISSING

from .answer import Answer, answer_of
from .errors import InvalidArguments, KustomerError, from_response, no_answer
from .settings import Settings
from .wire import build_path, build_query, encode, with_cursor

_OK = frozenset({200, 201, 202, 204})
_MAX_BODY = 20_000_000
_LIMIT_HEADERS = ("ratelimit", "retry-after")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


class Kustomer:
    """A client for one organisation; one connection pool, closed at the end of `async with`.

    >>> async with Kustomer() as kustomer:                                        # doctest: +SKIP
    ...     found = await kustomer_customers_using_email(kustomer, email="ada@example.org")

    Args:
        settings: Base URL and key; from the environment where left out.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings.from_environment()
        self._http = httpx2.AsyncClient(
            base_url=self._settings.base_url,
            timeout=httpx2.Timeout(self._settings.timeout, connect=10.0),
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
        names: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and give its answer.

        Args:
            method: The HTTP method.
            path: The path as Kustomer publishes it, with placeholders.
            path_arguments: Placeholder -> value.
            query: Wire name -> value; `MISSING` is not sent.
            body: A JSON value, or fields by wire name; `MISSING` fields are not sent.
            cursor: `next_cursor` of the page before.
            names: Wire name -> argument where they differ, for error texts.

        Raises:
            InvalidArguments: A value can't be sent; nothing was.
            KustomerError: Kustomer refused, failed or did not answer.
        """
        url = build_path(path, path_arguments or {})
        pairs = with_cursor(build_query(query or {}), cursor)
        content = None if body is MISSING else json.dumps(encode(body), allow_nan=False).encode()
        headers = {"Authorization": f"Bearer {self._settings.key()}"}
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            request = self._http.build_request(
                method, url + (f"?{urlencode(pairs)}" if pairs else ""), content=content, headers=headers
            )
        except httpx2.InvalidURL:
            raise InvalidArguments("The arguments make an address that is too long; nothing was sent.") from None
        status, received, raw = await self._send(method, request)
        if status not in _OK:
            raise from_response(method, status, raw, names or {})
        return answer_of(status, _json(method, status, raw), _limits(received))

    async def _send(self, method: str, request: httpx2.Request) -> tuple[int, httpx2.Headers, bytes]:
        try:
            with anyio.fail_after(self._settings.timeout):  # httpx2's own time-outs begin anew with every byte
                response, raw = await self._received(method, request)
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
                    raise no_answer(method, f"Kustomer's answer is larger than {_MAX_BODY // 1_000_000} MB")
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


def _limits(headers: httpx2.Headers) -> dict[str, str]:
    return {name: value for name, value in headers.items() if any(part in name for part in _LIMIT_HEADERS)}
