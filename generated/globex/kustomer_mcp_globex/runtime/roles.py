"""Owns what a key's roles allow: roles are prefixes, and any one of those that a tool asks for suffices. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Status = Literal["ok", "warning", "failed"]
# In a role's name, stands for the Klass: `org.permission.kobject.kobject_*.read`.
_ANY_KLASS = "kobject_*"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a key can use a tool, in words."""

    status: Status
    what: str


def covers(held: str, wanted: str) -> bool:
    """Whether one role includes another.

    >>> covers("org.permission", "org.permission.sla.read"), covers("org.permission.sla.read", "org.permission.sla")
    (True, False)
    >>> covers("org.permission.kobject.kobject_*", "org.permission.kobject.kobject_order.read")
    True
    """
    parts, wanted_parts = held.split("."), wanted.split(".")
    return len(parts) <= len(wanted_parts) and all(
        part == other or ("*" in part and fnmatchcase(other, part))
        for part, other in zip(parts, wanted_parts, strict=False)
    )


def verdict(held: Sequence[str], tool: Mapping[str, Any], klasses: Sequence[str]) -> Verdict:
    """Whether a key with these roles can use a tool.

    Args:
        held: The key's roles.
        tool: `any_of` as doctor.json has it (null: not known), and `cases`, the ways of calling that ask for others.
        klasses: The custom Klasses, for roles that cover one of them.
    """
    any_of = tool["any_of"]
    if any_of is None:
        return Verdict("ok", "usable as far as is known: no role is documented")
    if not any_of:
        return Verdict("ok", "any valid key may")
    if not _held(held, any_of):
        some = [name for name in klasses if _held(held, _of_klass(any_of, name))]
        if not some:
            return Verdict("failed", f"needs one of {', '.join(any_of)}")
        if len(some) < len(klasses):
            return Verdict("warning", f"for klass_name {', '.join(some)} only; for all: one of {', '.join(any_of)}")
    refused = [
        f"not {case}: needs one of {', '.join(roles)}"
        for case, roles in tool.get("cases", {}).items()
        if roles and not _held(held, roles)
    ]
    return Verdict("warning", "; ".join(refused)) if refused else Verdict("ok", "usable")


def _held(held: Iterable[str], any_of: Iterable[str]) -> bool:
    roles = tuple(held)
    return any(covers(role, wanted) for wanted in any_of for role in roles)


def _of_klass(any_of: Iterable[str], klass: str) -> list[str]:
    return [role.replace(_ANY_KLASS, f"kobject_{klass}") for role in any_of]
