"""Owns putting an entry into a client's file: what is there stays, nothing is half written, and what can't be read stays untouched."""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class FileError(Exception):
    """A file that can't be merged with; it is as it was. The text says why."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The new text of a file, and what differs, as lines that begin with `+`, `~` or `=`."""

    text: str
    changes: tuple[str, ...]


def read(path: Path) -> str | None:
    """The text of a file; None where there is none.

    Raises:
        FileError: It can't be read, or is no UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise FileError("it is no UTF-8 text") from None
    except OSError as error:
        raise FileError(f"it can't be read ({error.strerror})") from None


def merged_json(text: str | None, wanted: Mapping[str, Any]) -> Merged:
    """Put the entries of `wanted` into a JSON file.

    Objects are merged one level down; lists by the `id` of what they hold.

    Raises:
        FileError: The file is no JSON, has comments, says a key twice, or holds something else where entries go.
    """
    whole = _parsed(text)
    changes: list[str] = []
    for section, entries in wanted.items():
        if isinstance(entries, list):
            whole[section], made = _by_id(section, whole.get(section, []), entries)
        else:
            whole[section], made = _by_name(section, whole.get(section, {}), entries)
        changes += made
    if all(change.startswith("=") for change in changes) and text is not None:
        return Merged(text, tuple(changes))
    made_text = json.dumps(whole, indent=_indent(text or ""), ensure_ascii=_has_surrogates(whole))
    return Merged(made_text + ("" if text and not text.endswith("\n") else "\n"), tuple(changes))


def _parsed(text: str | None) -> dict[str, Any]:
    if text is None or not text.strip():
        return {}
    try:
        whole = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise FileError(
            f"it is no plain JSON (line {error.lineno}: {error.msg}); comments and trailing commas would be lost"
        ) from None
    if not isinstance(whole, dict):
        raise FileError("it holds no JSON object")
    return whole


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FileError("it says a key twice, and one of the two would be lost")
    return found


def _refused(constant: str) -> Any:
    raise FileError(f"it holds {constant}, which is no JSON")


def _by_name(section: str, there: Any, entries: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    if not isinstance(there, dict):
        raise FileError(f"its `{section}` is no object")
    changes = [f"{_sign(there, name, entry)} {section}.{name}" for name, entry in entries.items()]
    return there | dict(entries), changes


def _by_id(section: str, there: Any, entries: list[dict[str, Any]]) -> tuple[list[Any], list[str]]:
    if not isinstance(there, list):
        raise FileError(f"its `{section}` is no list")
    known = {one["id"]: one for one in there if isinstance(one, dict) and isinstance(one.get("id"), str)}
    wanted = {entry["id"]: entry for entry in entries}
    kept = [
        wanted.get(one["id"], one) if isinstance(one, dict) and isinstance(one.get("id"), str) else one for one in there
    ]
    added = [entry for name, entry in wanted.items() if name not in known]
    return kept + added, [f"{_sign(known, name, entry)} {section}.{name}" for name, entry in wanted.items()]


def _sign(there: Mapping[str, Any], name: str, entry: Any) -> str:
    return "+" if name not in there else "=" if there[name] == entry else "~"


def _has_surrogates(whole: Mapping[str, Any]) -> bool:
    """Whether a text is in it that UTF-8 can't say, so that it has to stay escaped as it was."""
    return re.search(r"[\ud800-\udfff]", json.dumps(whole, ensure_ascii=False)) is not None


def _indent(text: str) -> int | str:
    found = re.search(r"^([ \t]+)\S", text, re.MULTILINE)
    return found[1] if found else 2


def merged_toml(text: str | None, wanted: Mapping[str, Any], fragment: str) -> Merged:
    """Append the one table of `wanted`, whose text is `fragment`, to a TOML file; comments and order stay.

    Raises:
        FileError: The file is no TOML, has another table of that name, or can't be appended to.
    """
    ((section, entries),) = wanted.items()
    ((name, entry),) = entries.items()
    before = _toml(text or "")
    servers = before.get(section, {})
    there = servers.get(name) if isinstance(servers, dict) else None
    if there == entry:
        return Merged(text or "", (f"= {section}.{name}",))
    if there is not None:
        raise FileError(f"it has another `[{section}.{name}]`; change that by hand, or remove it first")
    apart = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    made = (text or "") + apart + fragment
    expected = before | {section: (servers if isinstance(servers, dict) else {}) | {name: entry}}
    try:
        fits = _toml(made) == expected
    except FileError:
        fits = False
    if not fits:
        raise FileError(f"its `{section}` can't be appended to")
    return Merged(made, (f"+ {section}.{name}",))


def _toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"it is no TOML ({error})") from None


def write(path: Path, text: str) -> None:
    """Replace a file in one step, through links to it and with its mode; folders are made.

    Raises:
        FileError: It can't be written; it is as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
                file.write(text)
                file.flush()
                os.fsync(descriptor)
            Path(name).chmod(mode)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileError(f"it can't be written ({error.strerror})") from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
