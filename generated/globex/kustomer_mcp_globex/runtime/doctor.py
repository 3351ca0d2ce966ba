"""Owns `doctor`: can this key, from here, use these tools, and are the Klasses still what they were? It reads, changes
nothing, and says what to do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import httpx2

from .client import Kustomer
from .doctor_connection import address_checks, ask, key_checks, reply_checks, roles_in
from .doctor_report import Check, unchecked_text
from .errors import KustomerError
from .klass_check import differences
from .klass_resources import KlassResources
from .roles import verdict
from .settings import KEY_FILE_VARIABLE, KEY_VARIABLE, Settings
from .sites import shown_address

Json = Any

_NEW_KEY = (
    "make a key with what is missing (Kustomer fixes a key's roles when it is made), or generate without these tools"
)
_ANEW = "fetch and generate this package anew, review the change, and install it"
# The organisation's list of Klasses ends long before.
_MAX_PAGES = 100
_SHORTEST_SECRET = 8


@dataclass(slots=True)
class Subject:
    """What is examined: a package, and the settings that it would serve with."""

    module: str
    settings: Settings
    now: Callable[[], float] = time.time
    klasses: KlassResources = field(init=False)
    facts: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.klasses = KlassResources(self.module)
        self.facts = json.loads((resources.files(self.module) / "doctor.json").read_text(encoding="utf-8"))

    @property
    def custom(self) -> list[str]:
        """The custom Klasses by name."""
        contents = (self.klasses.content(name) for name in self.klasses.names)
        return [content["name"] for content in contents if not content["standard"]]


async def examine(subject: Subject) -> list[Check]:
    """Make every check; one that fails leaves out those that need it, and says so."""
    try:
        key = subject.settings.key()
    except KustomerError as error:
        todo = f"set {KEY_VARIABLE}, or {KEY_FILE_VARIABLE} to a file that holds the key"
        return [Check("connection", "api-key", "failed", str(error), todo), *_unchecked("there is no API key")]
    return [_clean(check, key) for check in await _examined(subject, key)]


async def _examined(subject: Subject, key: str) -> list[Check]:
    checks = [*key_checks(key, subject.now()), *address_checks(subject.settings.base_url)]
    if any(check.status == "failed" for check in checks):
        return [*checks, *_unchecked("nothing was sent")]
    try:
        reply = await ask(subject.settings, key, subject.now)
    except httpx2.HTTPError as error:
        what = f"{shown_address(subject.settings.base_url)} can't be reached ({type(error).__name__})"
        todo = "check KUSTOMER_BASE_URL, the network, proxies and certificates"
        return [*checks, Check("connection", "base-url", "failed", what, todo), *_unchecked("there was no answer")]
    checks += reply_checks(reply, subject.settings)
    roles = roles_in(reply.content) if reply.status == 200 else None
    if roles is None:
        return [*checks, *_unchecked("Kustomer did not say which roles the key has")]
    return [*checks, *tool_checks(subject.facts["tools"], roles, subject.custom), *await klass_checks(subject)]


def _unchecked(why: str) -> list[Check]:
    text = unchecked_text(why)
    return [Check("tools", "all tools", "warning", text), Check("klasses", "all Klasses", "warning", text)]


def _clean(check: Check, key: str) -> Check:
    """No text has the key, whoever wrote it, nor anything that a terminal would obey."""

    def clean(text: str) -> str:
        hidden = text.replace(key, "********") if len(key) >= _SHORTEST_SECRET else text
        return " ".join("".join(char if char.isprintable() else " " for char in hidden).split())

    return Check(check.group, clean(check.name), check.status, clean(check.what), clean(check.todo))


def tool_checks(tools: Mapping[str, Json], roles: Sequence[str], klasses: Sequence[str]) -> list[Check]:
    """Each tool, judged by the key's roles alone: nothing is sent."""
    judged = ((name, verdict(roles, tool, klasses)) for name, tool in tools.items())
    return [
        Check("tools", name, found.status, found.what, "" if found.status == "ok" else _NEW_KEY)
        for name, found in judged
    ]


async def klass_checks(subject: Subject) -> list[Check]:
    """The live Klasses and their attributes against what the package was generated with."""
    async with Kustomer(subject.settings) as kustomer:
        live: frozenset[str] | None = None
        try:
            live = await _live_klasses(kustomer)
            checks = [_list_check(live, subject)]
        except KustomerError as error:
            checks = [_refused("list of Klasses", error, "org.permission.klass.read")]
        for resource in subject.klasses.names:
            content = subject.klasses.content(resource)
            if live is not None and not content["standard"] and content["name"] not in live:
                what = "gone: Kustomer has no enabled Klass of this name any more"
                checks.append(Check("klasses", resource, "failed", what, _ANEW))
            else:
                checks.append(await _klass_check(kustomer, resource, content))
    return checks


async def _live_klasses(kustomer: Kustomer) -> frozenset[str]:
    """The names of the Klasses that `fetch` would take: enabled, and not of a disabled app."""
    names: set[str] = set()
    answer = await kustomer.call("GET", "/v1/klasses", query={"pageSize": 100, "status": "enabled"})
    for _ in range(_MAX_PAGES):
        rows = answer.data if isinstance(answer.data, list) else []
        found = [row.get("attributes") for row in rows if isinstance(row, dict)]
        names |= {str(a.get("name")) for a in found if isinstance(a, dict) and _is_enabled(a)}
        if not answer.next_cursor:
            break
        answer = await kustomer.call("GET", "/v1/klasses", cursor=answer.next_cursor)
    return frozenset(names)


def _is_enabled(attributes: Mapping[str, Json]) -> bool:
    return attributes.get("status", "enabled") == "enabled" and not attributes.get("appDisabled")


def _list_check(live: frozenset[str], subject: Subject) -> Check:
    new = sorted(live - set(subject.custom) - set(subject.facts["klasses_left_out"]))
    if new:
        return Check("klasses", "list of Klasses", "failed", f"new: {', '.join(new)}", _ANEW)
    return Check(
        "klasses", "list of Klasses", "ok", f"no new ones; {len(subject.custom)} custom Klasses were generated"
    )


async def _klass_check(kustomer: Kustomer, resource: str, content: Mapping[str, Json]) -> Check:
    try:
        answer = await kustomer.call(
            "GET", "/v1/metadata/{resource}", path_arguments={"resource": content["address"]["record_type"]}
        )
        properties = _properties(answer.data)
    except KustomerError as error:
        if error.status != 404:
            return _refused(resource, error, "org.permission.metadata.read")
        properties = {}
    if properties is None:
        return Check("klasses", resource, "warning", unchecked_text("the answer has no properties"))
    said = differences(content["attributes"], properties)
    if said:
        return Check("klasses", resource, "failed", "; ".join(said), _ANEW)
    count = len(content["attributes"])
    return Check("klasses", resource, "ok", f"as generated: {count} attribute{'' if count == 1 else 's'}")


def _properties(data: Json) -> dict[str, Json] | None:
    try:
        properties = data["attributes"]["properties"]
    except (KeyError, TypeError):
        return None
    return properties if isinstance(properties, dict) else None


def _refused(name: str, error: KustomerError, role: str) -> Check:
    """A read that was not answered leaves the question open."""
    if error.status in (401, 403):
        why = f"the key lacks the role {role}"
        return Check("klasses", name, "warning", unchecked_text(why), f"check with a key that has {role}")
    why = f"HTTP {error.status}" if error.status else "no answer"
    return Check("klasses", name, "warning", unchecked_text(why), "try again later")
