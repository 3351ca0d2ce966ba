"""Owns snoozes and sub-statuses, the small lists agents choose from. Must not apply them to conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.sandbox import envelope, writes
from generator.sandbox.call import Call, Operation, Reply
from generator.sandbox.fields import Field
from generator.sandbox.rules import BOOL, ID, TEXT, choice, closed

DAY = closed(("time",), time=TEXT, day=closed(("value",), value=Field("number"), type=TEXT))


@dataclass(frozen=True, slots=True)
class Choice:
    """One list: where it stands, what its bodies allow, which queries narrow it by which attribute, and the form of the
    errors of deleting."""

    kind: str
    path: str
    create: Field
    update: Field
    filters: tuple[tuple[str, str], ...]
    role: str
    delete_form: str = "jsonapi"


CHOICES = (
    Choice(
        "snooze",
        "/v1/snoozes",
        closed(
            ("name", "value", "type"),
            name=TEXT,
            value=Field(either=(Field("number", low=0), DAY)),
            type=choice("relative", "absolute", "dynamic"),
            enabled=BOOL,
            klassId=ID,
            resource=choice("conversation", "kobject"),
        ),
        closed(name=TEXT, value=Field(either=(Field("number", low=0), DAY)), enabled=BOOL),
        (("resource", "resource"), ("klassId", "klassId")),
        "setting",
        "plain",
    ),
    Choice(
        "sub_status",
        "/v1/sub-statuses",
        closed(
            ("label", "parentStatus", "resourceType"),
            label=TEXT,
            description=TEXT,
            parentStatus=choice("open", "snoozed", "done"),
            resourceType=choice("conversation", "kobject"),
            default=BOOL,
        ),
        closed(label=TEXT, description=TEXT, default=BOOL),
        (("resource", "resourceType"), ("parentName", "parentStatus")),
        "setting",
    ),
)


def _list(row: Choice) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        asked = [(attribute, call.query[query]) for query, attribute in row.filters if query in call.query]
        found = call.org.tables.all(row.kind)
        return envelope.many(call, row.kind, [r for r in found if all(r.attributes.get(a) == v for a, v in asked)])

    return handler


def _of_klass(call: Call) -> Reply:
    klass = call.record("klass")
    found = [s for s in call.org.tables.all("snooze") if s.attributes.get("klassId") == klass.id]
    return envelope.many(call, "snooze", found)


def _get(row: Choice) -> Callable[[Call], Reply]:
    return lambda call: envelope.one(call, call.record(row.kind))


def _create(row: Choice) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        writes.check(call, row.create, row.kind, call.body)
        asked = {"resource": call.query["resource"]} if "resource" in call.query else {}
        return envelope.one(call, writes.create(call, row.kind, {"enabled": True, **asked, **call.body}), 201)

    return handler


def _update(row: Choice) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        record = call.record(row.kind)
        writes.check(call, row.update, row.kind, call.body)
        return envelope.one(call, writes.update(call, record, call.body))

    return handler


def _delete(row: Choice) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        call.org.tables.drop(call.record(row.kind))
        return Reply(204)

    return handler


def _rows(row: Choice) -> tuple[Operation, ...]:
    read = (f"org.permission.{row.role}.read", "org.user.conversation.read")
    write = (f"org.permission.{row.role}.update", "org.admin")
    one = row.path + "/{id}"
    return (
        Operation("GET", row.path, _list(row), read),
        Operation("POST", row.path, _create(row), write),
        Operation("GET", one, _get(row), read),
        Operation("PUT", one, _update(row), write),
        Operation("DELETE", one, _delete(row), write, row.delete_form),
    )


OPERATIONS = (
    *(operation for row in CHOICES for operation in _rows(row)),
    Operation(
        "GET",
        "/v1/snoozes/klass/{id}",
        _of_klass,
        ("org.permission.setting.read", "org.user.conversation.read"),
    ),
)
