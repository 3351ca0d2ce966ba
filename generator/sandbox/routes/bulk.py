"""Owns bulk jobs, which run the single operations item by item. Must not know what an item is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from generator.sandbox import envelope, errors
from generator.sandbox.call import Call, Handler, Operation, Reply
from generator.sandbox.errors import ApiError, bad
from generator.sandbox.routes import kobjects
from generator.sandbox.store import Json, Record, Ref

MAX_ITEMS = 100
ACTIONS = {"POST": "create", "PUT": "update", "DELETE": "delete"}

# Which verbs each family has in bulk.
FAMILIES = {
    "/v1/customers": ("POST", "PUT", "DELETE"),
    "/v1/companies": ("POST", "PUT"),
    "/v1/conversations": ("POST", "PUT", "DELETE"),
    "/v1/messages": ("POST", "PUT"),
    "/v1/notes": ("POST", "PUT"),
    "/v1/klasses/{name}": ("POST", "PUT", "DELETE"),
}


# Families of which the roles depend on the path, and what asks for them.
PERMITS = {"/v1/klasses/{name}": kobjects.permit_all}


def _items(call: Call) -> list[dict[str, Json]]:
    """The rows of the body, or one row per id of the query; with both, the first row goes to every id."""
    ids = [id for id in call.query.get("ids", "").split(",") if id]
    if call.method == "DELETE" and not ids:
        raise bad("ids", "Missing required property: ids", "/required/0")
    rows = call.body if call.method != "DELETE" else [{}]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise bad("body", "Invalid type: expected array", "/type")
    if ids and rows:
        rows = [{**rows[0], "id": id} for id in ids]
    if not 0 < len(rows) <= MAX_ITEMS:
        raise bad("body", f"Array must have 1 to {MAX_ITEMS} items ({len(rows)})", "/maxItems")
    return rows


def _outcome(call: Call, single: Handler, row: dict[str, Json]) -> dict[str, Json]:
    """What became of one item: its id, or its problems, with the reference the client gave it."""
    said = {name: value for name, value in row.items() if name != "_clientRef"}
    named = {"_clientRef": row["_clientRef"]} if "_clientRef" in row else {}
    params = dict(call.params)
    if call.method != "POST":
        if not isinstance(said.get("id"), str):
            return {**named, **errors.document([errors.Problem(400, "id", "Missing required property: id")])}
        params["id"] = said.pop("id")
    try:
        reply = single(replace(call, params=params, body=said))
    except ApiError as error:
        return {**named, "id": params.get("id"), **errors.document(error.problems)}
    return {**named, "id": reply.document["data"]["id"] if reply.document else params["id"]}


def _asked(call: Call) -> dict[str, Json]:
    """What a job remembers of the request that began it."""
    user = {
        "id": call.key.user,
        "userType": "machine",
        "roles": list(call.key.roles),
        "orgName": call.org.name,
        "subject": call.key.user,
        "org": call.org.id,
    }
    return {
        "action": ACTIONS[call.method],
        "method": call.method,
        "path": call.path,
        "service": "sandbox",
        "requestId": call.org.tables.new_id("request"),
        "user": user,
        "data": call.body if call.method != "DELETE" else {},
    }


def _run(call: Call, single: Handler) -> Reply:
    """Does the work at once and lets the job look as if it waited; see `_job`."""
    outcomes = [_outcome(call, single, row) for row in _items(call)]
    failed = [o for o in outcomes if "errors" in o]
    ids = [o["id"] for o in outcomes if "errors" not in o]
    now, tables = call.world.clock.stamp(), call.org.tables
    stamps = {"createdAt": now, "updatedAt": now}
    job = Record(
        "bulk",
        tables.new_id("bulk"),
        {
            "ids": ids,
            "context": call.path.removesuffix("/bulk").rpartition("/")[2],
            "status": "queued",
            "completed": False,
            "batchErrors": bool(failed),
            "batches": {"complete": 0, "total": 1, "idsTotal": len(outcomes)},
            "v2": True,
            "payload": {"api": _asked(call)},
            **stamps,
        },
        {"createdBy": Ref("user", call.key.user)},
    )
    results = {
        "successCount": len(ids),
        "failureCount": len(failed),
        "objectIds": ids,
        "errors": failed,
        "results": outcomes,
    }
    hidden = {"status": "queued", "completed": False, "v2": True, **results, **stamps}
    tables.put(job)
    tables.put(Record("bulk_batch", tables.new_id("bulk_batch"), hidden, {"bulk": Ref("bulk", job.id)}))
    return envelope.one(call, job, 201)


def _finish(call: Call, job: Record) -> Record:
    now, tables = call.world.clock.stamp(), call.org.tables
    done = {"status": "complete", "completed": True, "completedAt": now, "updatedAt": now}
    for batch in tables.where("bulk_batch", bulk=job.id):
        tables.put(replace(batch, attributes={**batch.attributes, **done}))
    batches = {**job.attributes["batches"], "complete": 1}
    return tables.put(replace(job, attributes={**job.attributes, **done, "batches": batches}))


def _job(call: Call) -> Reply:
    """Each look moves a job on: it runs for as many looks as the settings say, then it is complete."""
    job = call.record("bulk")
    looks = call.org.looks.get(job.id, 0) + 1
    call.org.looks[job.id] = looks
    if job.attributes["status"] != "complete" and looks > call.world.settings.bulk_polls:
        job = _finish(call, job)
    elif job.attributes["status"] == "queued":
        job = call.org.tables.put(replace(job, attributes={**job.attributes, "status": "running"}))
    return envelope.one(call, job)


def _batches(call: Call) -> Reply:
    """The results, once the job is complete; the page's meta has its own words here."""
    job = call.record("bulk")
    found = call.org.tables.where("bulk_batch", bulk=job.id)
    status, completed = call.query.get("status"), call.query.get("completed")
    kept = [
        b
        for b in found
        if status in (None, b.attributes["status"]) and completed in (None, str(b.attributes["completed"]).lower())
    ]
    shown = [b if b.attributes["completed"] else replace(b, attributes=_pending(b)) for b in kept]
    page = envelope.page_of(call, "bulk_batch")
    data = [envelope.dressed(call, b) for b in page.cut(shown)]
    meta = {"page": page.number, "pages": page.pages(len(kept)), "count": len(kept), "limit": page.size}
    return Reply(200, {"data": data, "meta": meta})


def _pending(batch: Record) -> dict[str, Json]:
    """A batch that has not run yet tells no results."""
    return {
        **batch.attributes,
        "successCount": 0,
        "failureCount": 0,
        "objectIds": [],
        "errors": [],
        "results": [],
    }


def _bulk(single: Handler, permit: Callable[[Call], None] | None) -> Callable[[Call], Reply]:
    def handler(call: Call) -> Reply:
        if permit:
            permit(call)
        return _run(call, single)

    return handler


def operations(singles: Iterable[Operation]) -> Iterator[Operation]:
    """The bulk twin of each single operation that has one, with its roles."""
    known = {(o.method, o.path): o for o in singles}
    for base, methods in FAMILIES.items():
        for method in methods:
            single = known[method, base if method == "POST" else base + "/{id}"]
            yield Operation(method, f"{base}/bulk", _bulk(single.handler, PERMITS.get(base)), single.roles)
    yield Operation("GET", "/v1/bulk/{id}", _job)
    yield Operation("GET", "/v1/bulk/{id}/batches", _batches)
