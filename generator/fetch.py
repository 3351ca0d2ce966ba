"""Owns fetching the documents. With fetch_klasses.py and, for pull requests, forge.py it is the network's door: nothing else
in the generator imports httpx.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import httpx

from generator import __version__
from generator.config import Source
from generator.documents import read_document
from generator.errors import FetchError, SpecError
from generator.openapi import count_operations
from generator.snapshot import Json, document_path, read_lock, sha256

Progress = Callable[[str, int, int], None]
HEADERS = {"User-Agent": f"kustomer-mcp/{__version__}", "Accept": "application/json", "Accept-Encoding": "gzip"}
_MAX_BODY = 50_000_000
# How long an answer may take in all: one that comes a byte now and then meets no time-out of the connection.
_ANSWER_SECONDS = 300.0
_ENDLESS = "the answer does not come to an end"


def fetch_documents(
    root: Path, sources: tuple[Source, ...], progress: Progress
) -> dict[str, tuple[Json, dict[str, Json]]]:
    """Fetch every document; what has not changed (304) is taken from specs/.

    Returns:
        Name -> the document and its pin (url, etag, operations, base_path).

    Raises:
        FetchError: Any document can't be had or can't be used; all of them are named, and nothing is written.
    """
    lock = read_lock(root)["documents"]
    made: dict[str, tuple[Json, dict[str, Json]]] = {}
    problems: list[str] = []
    with httpx.Client(timeout=60, follow_redirects=True, headers=HEADERS) as client:
        for number, source in enumerate(sources, 1):
            progress("documents", number - 1, len(sources))
            try:
                made[source.name] = _document(root, client, source, lock.get(source.name))
            except (FetchError, SpecError) as error:
                problems.append("; ".join([error.what, *error.problems]))
    progress("documents", len(sources), len(sources))
    if problems:
        raise FetchError("the documents can't be fetched; the pins stay as they were", problems)
    return made


def _document(root: Path, client: httpx.Client, source: Source, pin: Json) -> tuple[Json, dict[str, Json]]:
    etag = ""
    if source.url.startswith("bundled:"):
        raw = _bundled(source)
    elif source.url.lower().startswith(("http://", "https://")):
        raw, etag = _get(root, client, source, pin)
    else:
        raw = _file(root / "specs" / source.url, source)
    document = read_document(source.name, raw, int((pin or {}).get("operations", 0)))
    facts: dict[str, Json] = {"url": source.url, "operations": count_operations(document)}
    if etag:
        facts["etag"] = etag
    if source.base_path is not None:  # an empty one says that nothing comes before the paths, whatever `servers` says
        facts["base_path"] = source.base_path
    return document, facts


def bundled_documents() -> tuple[str, ...]:
    """The names of the documents that this version of the tool carries."""
    return tuple(sorted(path.stem for path in bundled_folder().glob("*.json")))


def bundled_folder() -> Path:
    """Beside the generator in a checkout, inside it in a wheel."""
    here = Path(str(resources.files("generator")))
    return next(path for path in (here / "bundled", here.parent / "specs" / "openapi") if path.is_dir())


def _bundled(source: Source) -> bytes:
    name = source.url.removeprefix("bundled:")
    if name not in bundled_documents():
        raise FetchError(
            f"{source.name}: no document {name!r} comes with this version",
            [f"there are {', '.join(bundled_documents())}"],
        )
    return (bundled_folder() / f"{name}.json").read_bytes()


def _file(path: Path, source: Source) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:  # a path that no file can have is a ValueError
        raise FetchError(f"{source.name}: {source.url} can't be read", [str(error)]) from None


def _get(root: Path, client: httpx.Client, source: Source, pin: Json) -> tuple[bytes, str]:
    headers = {}
    kept = root / document_path(source.name)
    unchanged = False
    if isinstance(pin, dict) and pin.get("url") == source.url and kept.exists():
        unchanged = sha256(kept.read_text(encoding="utf-8", errors="replace")) == pin["sha256"]
    if unchanged and (etag := str(pin.get("etag", ""))):
        headers["If-None-Match"] = etag
    try:
        with client.stream("GET", source.url, headers=headers) as response:
            content = _content(response)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last of a host that no name server takes
        raise FetchError(f"{source.name}: {source.url} can't be reached", [said(error)]) from None
    first, *others = (*response.history, response)
    if first.url.scheme == "https" and any(each.url.scheme == "http" for each in others):
        raise FetchError(
            f"{source.name}: {source.url} is redirected to plain http",
            ["on that way anybody could change the document; write an address that stays with https"],
        )
    if response.status_code == 304 and unchanged:
        return kept.read_bytes(), str(pin["etag"])
    if response.status_code != 200:
        raise FetchError(f"{source.name}: {source.url} answered HTTP {response.status_code}, {len(content)} bytes")
    if len(content) > _MAX_BODY:
        raise FetchError(f"{source.name}: {source.url} answered with more than {_MAX_BODY:,} bytes")
    return content, response.headers.get("etag", "")


def _content(response: httpx.Response) -> bytes:
    """A body, unpacked; of one that is too large no more than shows it, however small it was packed."""
    until = time.monotonic() + _ANSWER_SECONDS
    content = bytearray()
    _check_packing(response)
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > _MAX_BODY:
            break
        if time.monotonic() > until:
            raise httpx.ReadTimeout(_ENDLESS)
    return bytes(content)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request for Klasses was answered with."""

    status: int
    headers: httpx.Headers
    content: bytes


async def asked(client: httpx.AsyncClient, path: str, query: Mapping[str, str]) -> Answer:
    """One answer, which goes on for ever neither in size nor in time.

    Raises:
        httpx.HTTPError: There is none, or no usable one.
    """
    content = bytearray()
    try:
        async with asyncio.timeout(_ANSWER_SECONDS), client.stream("GET", path, params=query) as response:
            _check_packing(response)
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > _MAX_BODY:
                    raise httpx.ReadError(f"the answer is larger than {_MAX_BODY:,} bytes")
    except TimeoutError:
        raise httpx.ReadTimeout(_ENDLESS) from None
    return Answer(response.status_code, response.headers, bytes(content))


def _check_packing(response: httpx.Response) -> None:
    """Refuse what is packed otherwise than was asked for, or twice: a few bytes of it could unpack to more than memory holds.

    Raises:
        httpx.DecodingError: It is.
    """
    if (packing := response.headers.get("content-encoding", "").lower()) not in ("", "identity", "gzip"):
        raise httpx.DecodingError(f"the answer is packed as {packing[:40]!r}, which was not asked for")


def said(error: Exception) -> str:
    """What went wrong on the network, in words."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
