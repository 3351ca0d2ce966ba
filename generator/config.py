"""Owns what a person writes: specs/tenants/<tenant>/tenant.toml and specs/sources.toml. Unknown keys are errors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from generator.drift_config import NO_DRIFT_CONFIG, DriftConfig, read_drift
from generator.errors import ConfigError
from generator.text import is_device

TENANT_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_BASE_URL = re.compile(r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/*")
ORG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
# Kustomer's channels that have drafts (developer.kustomer.com/api/core-resources/create-draft-for-customer).
DRAFT_CHANNELS = ("email", "sms", "whatsapp", "chat", "facebook", "instagram", "twitter-dm", "twitter-tweet", "note")
_DETAILS = ("full", "lean")
_METHODS = ("read", "write", "custom", "list", "get", "create", "update", "delete")
_REGIONS = {
    "us": "https://api.kustomerapp.com",
    "eu": "https://api.prod2.kustomerapp.com",
    "in": "https://api.prod4.kustomerapp.com",
}
# Section -> key -> what its value must be.
_TENANT_KEYS: dict[str, dict[str, type]] = {
    "": {
        "org": str,
        "region": str,
        "base_url": str,
        "title": str,
        "tools": dict,
        "klasses": dict,
        "drafts": dict,
        "unmasking": dict,
        "drift": dict,
    },
    "tools": {
        "detail": str,
        "methods": list,
        "tags": list,
        "include": list,
        "exclude": list,
        "dry_run": bool,
        "confirm": list,
    },
    "klasses": {"include": list, "exclude": list},
    "drafts": {"channels": list, "accounts": bool},
    "unmasking": {"allow": bool, "close_at_shutdown": bool},
}
_SOURCE_KEYS: dict[str, type] = {"name": str, "url": str, "base_path": str}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant's configuration; `base_url` is scheme and host, without a path."""

    name: str
    path: str
    base_url: str
    title: str = ""
    detail: str = "full"
    methods: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    klasses_include: tuple[str, ...] = ()
    klasses_exclude: tuple[str, ...] = ()
    dry_run: bool = False
    confirm: tuple[str, ...] = ()
    draft_channels: tuple[str, ...] = ()
    draft_accounts: bool = False
    unmasking: bool = True
    close_windows: bool = False
    drift: DriftConfig = NO_DRIFT_CONFIG


@dataclass(frozen=True, slots=True)
class Source:
    """Where one OpenAPI document comes from: http(s), a file, or `bundled:` with this version of the tool."""

    name: str
    url: str
    base_path: str | None = None


def read_tenant(root: Path, name: str) -> Tenant:
    """Read one tenant.toml below `root`.

    Raises:
        ConfigError: It is missing, is no TOML, or says something that has no meaning; all problems at once.
    """
    check_tenant_name(name)
    path = root / "specs" / "tenants" / name / "tenant.toml"
    shown = f"specs/tenants/{name}/tenant.toml"
    raw = _read_toml(path, shown, f"run `kustomer-mcp init {name}` to write it")
    problems: list[str] = []
    for section, keys in _TENANT_KEYS.items():
        table = raw if not section else raw.get(section, {})
        if isinstance(table, dict):
            problems += _key_problems(table, keys, section)
    made = _tenant(name, shown, raw, problems)
    if problems:
        raise ConfigError(f"{shown} has errors", problems)
    return made


def _tenant(name: str, shown: str, raw: Mapping[str, Any], problems: list[str]) -> Tenant:
    """The configuration that a table holds; where `problems` says that something is wrong, it means nothing."""
    tools, klasses, drafts, unmasking = (_table(raw, name) for name in ("tools", "klasses", "drafts", "unmasking"))
    lists = ("methods", "tags", "include", "exclude", "confirm")
    methods, tags, include, exclude, confirm = (_strings(tools, key, "tools", problems) for key in lists)
    channels = _strings(drafts, "channels", "drafts", problems)
    detail = tools.get("detail", "full")
    problems += _none_of("[drafts] channels", channels, DRAFT_CHANNELS)
    problems += _none_of("[tools] methods", methods, _METHODS)
    problems += _none_of("[tools] detail", [detail], _DETAILS)
    return Tenant(
        name=name,
        path=shown,
        base_url=_base_url(raw, problems),
        title=str(raw.get("title", "")),
        detail=str(detail),
        methods=methods,
        tags=tags,
        include=include,
        exclude=exclude,
        klasses_include=_strings(klasses, "include", "klasses", problems),
        klasses_exclude=_strings(klasses, "exclude", "klasses", problems),
        dry_run=bool(tools.get("dry_run", False)),
        confirm=confirm,
        draft_channels=channels,
        draft_accounts=bool(drafts.get("accounts", False)),
        unmasking=bool(unmasking.get("allow", True)),
        close_windows=bool(unmasking.get("close_at_shutdown", False)),
        drift=read_drift(_table(raw, "drift"), problems),
    )


def tenants(root: Path) -> tuple[str, ...]:
    """The names of the tenants below `root`, sorted."""
    return tuple(sorted(path.parent.name for path in (root / "specs" / "tenants").glob("*/tenant.toml")))


def check_tenant_name(name: str) -> None:
    """Refuse a name that can't be a folder, a Python module and a distribution at once.

    Raises:
        ConfigError: It can't.
    """
    if not TENANT_NAME.fullmatch(name) or len(name) > 40 or is_device(name):
        raise ConfigError(
            f"{name!r} can't be a tenant's name",
            ["use at most 40 lower-case letters, digits and single hyphens, starting with a letter: acme, acme-eu"],
        )


def read_sources(root: Path) -> tuple[Source, ...]:
    """Read specs/sources.toml.

    Raises:
        ConfigError: It is missing or wrong.
    """
    shown = "specs/sources.toml"
    raw = _read_toml(root / "specs" / "sources.toml", shown, "run `kustomer-mcp init TENANT` to write it")
    problems = _key_problems(raw, {"document": list}, "")
    sources = []
    entries = raw.get("document", [])
    if entries == []:
        problems.append("it names no document; write [[document]] with `name` and `url` for each")
    for position, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        if not isinstance(entry, dict):
            problems.append(f"document {position} is no table; write [[document]]")
            continue
        problems += _key_problems(entry, _SOURCE_KEYS, f"document {position}")
        name, url = entry.get("name"), entry.get("url")
        if not isinstance(name, str) or not TENANT_NAME.fullmatch(name):
            problems.append(
                f"document {position}: `name` must be lower-case words with hyphens, such as core-resources"
            )
        elif not isinstance(url, str) or not url:
            problems.append(
                f"document {position} ({name}): `url` is missing; write an address, a file's path or bundled:NAME"
            )
        else:
            sources.append(Source(name, url, entry.get("base_path")))
    names = [source.name for source in sources]
    problems += [f"two documents are called {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    if problems:
        raise ConfigError(f"{shown} has errors", problems)
    return tuple(sources)


def check_base_url(url: str) -> str | None:
    """Say what is wrong with a base URL, or None; plain http is for this machine alone."""
    found = _BASE_URL.fullmatch(url)
    if found is None or not _is_host(url):
        shown = "an address with a user or a password" if "@" in url else repr(url)
        return f"{shown} is no base URL; write scheme and host only, such as https://acme.api.kustomerapp.com"
    if found["scheme"] == "http" and found["host"] not in ("127.0.0.1", "localhost", "[::1]"):
        return f"{url!r} would send the API key unencrypted; use https"
    return None


def _is_host(url: str) -> bool:
    """Whether an address names a host and a port that there can be."""
    try:
        parts = urlsplit(url)
        return parts.port != 0 and (parts.hostname or "").strip(".") != ""
    except ValueError:
        return False


def _base_url(raw: Mapping[str, Any], problems: list[str]) -> str:
    given = [key for key in ("org", "region", "base_url") if isinstance(raw.get(key), str)]
    if len(given) != 1:
        problems.append(
            "give exactly one of `org`, `region` and `base_url`"
            + (f"; here are {' and '.join(given)}" if given else "")
        )
        return ""
    value = raw[given[0]]
    if given == ["region"]:
        if value not in _REGIONS:
            problems.append(f"region {value!r} is none of {', '.join(_REGIONS)}")
        return _REGIONS.get(value, "")
    if given == ["org"]:
        if not ORG.fullmatch(value):
            problems.append(
                f"org {value!r} is no organisation's name; it is the first word of https://NAME.kustomerapp.com"
            )
        return f"https://{value}.api.kustomerapp.com"
    if problem := check_base_url(value):
        problems.append(f"base_url: {problem}")
    return str(value).rstrip("/")


def _read_toml(path: Path, shown: str, mend: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{shown} is missing", [mend]) from None
    except OSError as error:
        raise ConfigError(f"{shown} can't be read", [error.strerror or str(error)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown} is no valid TOML", [str(error)]) from None


def _key_problems(table: Mapping[str, Any], keys: Mapping[str, type], section: str) -> list[str]:
    where = f"[{section}] " if section else ""
    names: dict[type, str] = {str: "a string", list: "a list", dict: "a table", bool: "true or false"}
    problems = [f"{where}{key}: unknown key{_suggestion(key, tuple(keys))}" for key in table if key not in keys]
    problems += [
        f"{where}{key} must be {names[kind]}"
        for key, kind in keys.items()
        if key in table and not isinstance(table[key], kind)
    ]
    return problems


def _none_of(where: str, given: Iterable[object], known: tuple[str, ...]) -> list[str]:
    """What is wrong with the words that are none of those that are known."""
    return [
        f"{where}: {word!r} is none of {', '.join(known)}{_suggestion(str(word), known)}"
        for word in given
        if word not in known
    ]


def _suggestion(word: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; the known ones are {', '.join(known)}"


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name, {})
    return value if isinstance(value, dict) else {}


def _strings(table: Mapping[str, Any], key: str, section: str, problems: list[str]) -> tuple[str, ...]:
    values = table.get(key, [])
    if not isinstance(values, list):
        return ()  # said already, with the other keys of the wrong type
    if not all(isinstance(value, str) for value in values):
        problems.append(f"[{section}] {key} must be a list of strings")
        return ()
    return tuple(values)
