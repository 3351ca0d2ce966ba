"""Hostile bodies and queries: whatever comes, the answer is one of the API's own, never a crash."""

from __future__ import annotations

import re

import httpx
import pytest

from generator.sandbox import Sandbox
from generator.sandbox.call import Operation
from generator.sandbox.routes import OPERATIONS

NASTY: tuple[object, ...] = (
    None,
    0,
    True,
    "",
    "text",
    [],
    {},
    [None],
    [[]],
    [{}],
    [{"id": 1}],
    [{"id": []}],
    {"": None},
    {"custom": None},
    {"custom": []},
    {"custom": {"": 1}},
    {"externalId": [], "externalIds": [1], "emails": [None], "tags": [[]], "rev": "x"},
    {"externalIds": [], "emails": {}, "phones": [{"phone": 1}]},
    {"channel": []},
    {"channel": {}},
    {"channel": "email", "to": [], "sendAt": "", "scheduled": True, "conversation": []},
    {"channel": "whatsapp", "meta": []},
    {"channel": "chat", "sendAt": "now+99999999999y", "scheduled": True},
    {"properties": {"aId": 1, "bStr": [], "c": None}},
    {"properties": {"dId": {"target": []}}, "standardProperties": {"name": 1}},
    {"properties": {"eTree": {"tree": {"children": [1]}}}},
    {"conversation": {}, "customer": {}, "body": {}, "title": []},
    {"and": {"customer_name": {"gt": {}}}, "sort": {"customer_name": []}},
    {"and": [1], "or": "x", "not": [[]]},
    {"and": {"and": {"or": [{"customer_name": {"in": {}}}]}}},
    {"sort": [1], "queryContext": {}},
    {"sort": [{"customer_custom_vipBool": "asc"}], "and": {"conversation_priority": {"gte": "x"}}},
    {"number": 1e400, "priority": 10**400, "size": -1},
    {"priority": 1e400},
    {"custom": {"lifetimeValueNum": 1e400, "totalPriceNum": 10**400}},
    {"name": "\ud800"},
    {"name": "\x00", "title": "\u2028", "body": "\ud800"},
    {"and": {"or": 5}, "or": {"not": [5]}, "not": {"and": None}},
    {"and": {"customer_name": {"in": [{}], "contains": None, "set": []}}},
    {"properties": {"fTree": {"tree": {"children": [{"id": "a", "children": [{}]}]}}}},
    {"properties": {"gStr": {"enumeration": [{}, []], "sensitive": {}, "deletedAt": 1}}},
)


def _path(sandbox: Sandbox, operation: Operation) -> str:
    """The operation's path with real values, so that the body is reached."""
    org = sandbox.world.org("acme")
    kinds = {
        "customers": "customer",
        "conversations": "conversation",
        "drafts": "draft",
        "sub-statuses": "sub_status",
    }
    noun = operation.path.split("/")[2]
    kind = kinds.get(noun, noun.rstrip("s"))
    if noun == "companies":
        kind = "company"
    if "{name}/" in operation.path:
        kind = "kobject.order"
    found = next(org.tables.all(kind), None)
    values = {"name": "order", "resource": "customer", "id": found.id if found else "0" * 24}
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda m: values.get(m[1], "x"), operation.path)


WRITES = [o for o in OPERATIONS if o.method in ("POST", "PUT", "PATCH")]


@pytest.mark.parametrize("operation", WRITES, ids=lambda o: f"{o.method} {o.path}")
def test_no_body_crashes(operation: Operation, sandbox: Sandbox, acme: httpx.Client) -> None:
    acme.post(
        f"/v1/customers/{next(sandbox.world.org('acme').tables.all('customer')).id}/drafts",
        json={"channel": "email"},
    )
    for body in NASTY:
        path = _path(sandbox, operation)
        content = _ascii(body)
        answer = acme.request(operation.method, path, content=content, headers={"content-type": "application/json"})
        assert answer.status_code < 500, (path, body)


def _ascii(body: object) -> bytes:
    import json

    return json.dumps(body, ensure_ascii=True).replace("Infinity", "1e400").encode()


QUERIES = (
    "page=99999999999999999999999",
    "pageSize=",
    "page=1&page=2",
    "sort=sideways",
    "fields=,,",
    "fromDate=",
    "include=%00",
    "rev=x",
    "versions=",
    "ids=,",
    "%ff=%fe",
    "status=",
)
READS = [o for o in OPERATIONS if o.method == "GET"]


@pytest.mark.parametrize("operation", READS, ids=lambda o: f"{o.method} {o.path}")
def test_no_query_crashes(operation: Operation, sandbox: Sandbox, acme: httpx.Client) -> None:
    for query in QUERIES:
        path = f"{_path(sandbox, operation)}?{query}"
        assert acme.get(path).status_code < 500, path
