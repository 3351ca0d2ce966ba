"""Owns the requests that the emulator must grant, and what stands in for their ids. Must not hold an expectation.

`answers/requests.json` has a row or more for each operation that it models; `<customer>` there is the id of one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from package_documents import SPECS

from generator.sandbox import Budgets, Sandbox, Settings, fresh, running

Json = Any
ANSWERS = Path(__file__).parent / "answers"
WIDE = Settings(budgets=Budgets(org_per_minute=1_000_000, search_per_minute=1_000_000))
NOBODY = "5f1f2e3d4c5b6a7980716253"  # no record has this id
KEY = "sandbox-acme-admin"  # it may do everything, and nothing is masked for it


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that is granted: the operation as its document has it, and what it is given."""

    call: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    after: str = ""  # the call whose row makes what this one is about: `<made>`

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def target(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.path[found[1]], self.call.partition(" ")[2])


@cache
def asked() -> tuple[Asked, ...]:
    return tuple(Asked(**row) for row in json.loads((ANSWERS / "requests.json").read_text(encoding="utf-8")))


def emulator() -> Any:
    """The emulator with the documents, so that it says 501 of what it does not model; a context manager."""
    return running(fresh(settings=WIDE), documents=SPECS / "openapi")


class _Known:
    """What `<...>` in a request stands for in one world."""

    def __init__(self, sandbox: Sandbox, made: str) -> None:
        self._tables = sandbox.world.orgs["acme"].tables
        self._made = made

    def value(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {name: self.value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return re.sub("<(.+?)>", lambda found: self._id(found[1]), value) if isinstance(value, str) else value

    def _id(self, name: str) -> str:
        """`customer` is the id of the first one, `other customer` of the second; `customer/emails` the first's e-mail."""
        if name == "made":
            return self._made
        kind, _, attribute = name.removeprefix("other ").partition("/")
        records = [r for r in self._tables.all(kind) if not attribute or r.attributes.get(attribute)]
        record = records[name.startswith("other ")]
        return str(_first(record.attributes[attribute])) if attribute else record.id


def filled(sandbox: Sandbox, one: Asked) -> Asked:
    """The request with ids that are there; what it comes after is done."""
    made = NOBODY
    if one.after:
        before = next(row for row in asked() if row.call == one.after)
        made = send(sandbox, filled(sandbox, before)).json()["data"]["id"]
    known = _Known(sandbox, made)
    return replace(one, path=known.value(one.path), query=known.value(one.query), body=known.value(one.body))


def _first(value: Json) -> Json:
    """The address of the first e-mail, the number of the first phone, or the value itself."""
    return next(v for k, v in value[0].items() if k in ("email", "phone")) if isinstance(value, list) else value


@cache
def _client() -> httpx.Client:
    return httpx.Client(timeout=20)


def send(sandbox: Sandbox, one: Asked, key: str = KEY, content: bytes | None = None) -> httpx.Response:
    """Sends a request; `content` instead of its body."""
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    raw = content if content is not None else b"" if one.body is None else json.dumps(one.body).encode()
    params = dict(one.query) or None
    return _client().request(one.method, sandbox.url + one.target, params=params, headers=headers, content=raw)


def granted(sandbox: Sandbox) -> Iterator[tuple[Asked, httpx.Response]]:
    """Each request, in a world of its own, and what came back."""
    for row in asked():
        sandbox.start_over(fresh(settings=WIDE))
        yield row, send(sandbox, filled(sandbox, row))
