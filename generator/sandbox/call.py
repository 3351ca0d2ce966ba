"""Owns what passes between the pipeline and the routes: a call, its reply, and the row that joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from generator.sandbox.auth import Key
from generator.sandbox.errors import not_found
from generator.sandbox.store import Json, Record
from generator.sandbox.world import Org, World


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    document: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """One authorised request. `params` come from the path, decoded; `path` is as it was sent."""

    world: World
    org: Org
    key: Key
    method: str
    path: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: Json = None

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() == "true"

    def record(self, kind: str, param: str = "id") -> Record:
        """The record the path names, or the recorded 404."""
        found = self.org.tables.get(kind, self.params[param])
        if found is None:
            raise not_found(param)
        return found


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the routing table. `roles` is any-of; none means that any valid key will do."""

    method: str
    path: str
    handler: Handler
    roles: tuple[str, ...] = ()
    form: str = "jsonapi"
    search: bool = False


LEGACY_VERBS = {"create": "write", "update": "write", "delete": "delete", "read": "read"}


def may(resource: str, verb: str, *others: str) -> tuple[str, ...]:
    """The roles for a verb on a resource: today's permission and the legacy role."""
    return (f"org.permission.{resource}.{verb}", f"org.user.{resource}.{LEGACY_VERBS[verb]}", *others)
