"""Owns bytes: reading a request's body, writing an answer's. Must not know keys, limits or resources."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from email.utils import format_datetime
from math import isinf
from typing import NoReturn

from starlette.requests import Request
from starlette.responses import Response

from generator.sandbox.call import Reply
from generator.sandbox.errors import ApiError, Problem
from generator.sandbox.store import Json
from generator.sandbox.world import World


def encode(document: Json) -> bytes:
    """JSON in UTF-8; a lone surrogate, which UTF-8 cannot hold, makes it all ASCII."""
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(document, separators=(",", ":")).encode()


def etag(body: bytes) -> str:
    """A weak tag in the style of the live service: length and digest."""
    digest = base64.b64encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()[:27]
    return f'W/"{len(body):x}-{digest}"'


async def read(request: Request, most: int) -> bytes:
    """The body, or a 413 as soon as it is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise ApiError(Problem(413, detail=f"Request body larger than {most} bytes"))
    return body


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _number(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError(f"{text} is out of range")
    return value


def parse(request: Request, body: bytes) -> Json:
    """The JSON body; one of another media type is not read at all, as the service's parser does it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body or not (media == "application/json" or media.endswith("+json")):
        return None
    try:
        return json.loads(body, parse_constant=_constant, parse_float=_number)
    except (ValueError, RecursionError):
        raise ApiError(Problem(400, "body", "Malformed JSON")) from None


def shown(body: bytes) -> Json:
    """A body for the journal: parsed if that works, else as text."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def _same(request: Request, tag: str) -> bool:
    """Weak comparison with any of the tags the client has."""
    said = [t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")]
    return request.method in ("GET", "HEAD") and (tag.removeprefix("W/") in said or said == ["*"])


def write(request: Request, world: World, reply: Reply, more: Mapping[str, str]) -> Response:
    date = format_datetime(world.clock.header_time(world.clock.now()), usegmt=True)
    headers = {"date": date, "cache-control": "no-cache,private", **more, **reply.headers}
    if reply.status == 204:
        return Response(status_code=204, headers=headers)
    body = encode(reply.document)
    headers["etag"] = etag(body)
    if reply.status == 200 and _same(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    headers["content-type"] = "application/json; charset=utf-8"
    return Response(body, reply.status, headers)
