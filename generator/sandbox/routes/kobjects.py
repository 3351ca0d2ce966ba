"""Owns the records of custom Klasses. Must not own the Klasses, whose ids share the names' URL shape."""

from __future__ import annotations

from generator.sandbox import auth, envelope, writes
from generator.sandbox.call import Call, Operation, Reply, may
from generator.sandbox.clock import parse
from generator.sandbox.errors import bad, not_found
from generator.sandbox.resources import plural
from generator.sandbox.store import Json, Record


def klass_name(call: Call) -> str:
    """The Klass the path speaks of, by name or plural alias. A disabled one shows no records."""
    said = call.params["name"]
    for klass in call.org.tables.all("klass"):
        name: str = klass.attributes["name"]
        alias = plural(name) if call.world.settings.plural_alias else name
        if said in (name, alias) and klass.attributes["status"] != "disabled":
            return name
    raise not_found("name")


def permit(call: Call, name: str, verb: str) -> None:
    """A role for all KObjects or one for those of this Klass."""
    own = f"org.permission.kobject.kobject_{name}.{verb}"
    auth.demand(call.key, may("kobject", verb, own), call.world.settings.missing_role_status)


def permit_all(call: Call) -> None:
    """What a bulk request asks for before any of its items: without the role there is no job."""
    verb = {"POST": "create", "PUT": "update", "DELETE": "delete"}[call.method]
    permit(call, klass_name(call), verb)


def _record(call: Call, name: str) -> Record:
    found = call.org.tables.get(f"kobject.{name}", call.params["id"])
    if found is None:
        raise not_found("id")
    return found


def _since(call: Call, records: list[Record]) -> list[Record]:
    text = call.query.get("fromDate")
    if text is None:
        return records
    bound = parse(text)
    if bound is None:
        raise bad("fromDate", "Format validation failed (date-time)", "/properties/fromDate/format")
    return [r for r in records if (at := parse(r.attributes["updatedAt"])) and at >= bound]


def _page(call: Call, name: str, records: list[Record]) -> Reply:
    reply = envelope.many(call, f"kobject.{name}", _since(call, records))
    return Reply(reply.status, envelope.only_fields(reply.document, call.query))


def _list(call: Call) -> Reply:
    name = klass_name(call)
    return _page(call, name, list(call.org.tables.all(f"kobject.{name}")))


def _of_customer(call: Call) -> Reply:
    owner, name = call.record("customer"), klass_name(call)
    return _page(call, name, call.org.tables.where(f"kobject.{name}", customer=owner.id))


def _of_company(call: Call) -> Reply:
    owner, name = call.record("company"), klass_name(call)
    return _page(call, name, call.org.tables.where(f"kobject.{name}", company=owner.id))


def _get(call: Call) -> Reply:
    name = klass_name(call)
    permit(call, name, "read")
    return envelope.one(call, _record(call, name))


def _by_external_id(call: Call) -> Reply:
    name = klass_name(call)
    permit(call, name, "read")
    found = call.org.external(f"kobject.{name}", call.params["externalId"])
    if found is None:
        raise not_found("externalId")
    return envelope.one(call, found)


def add(call: Call, name: str, body: dict[str, Json]) -> Record:
    """Checks and stores one KObject; an external id names one record of its Klass."""
    kind = f"kobject.{name}"
    said = writes.checked(call, "kobject.create", kind, body)
    if said.get("externalId") and call.org.external(kind, said["externalId"]) is not None:
        raise bad("externalId", "Already in use", f"externalId {said['externalId']} names another {name}")
    return writes.create(call, kind, said, said.get("customer"))


def change(call: Call, record: Record, body: dict[str, Json], *, replaces: bool = False) -> Record:
    said = writes.checked(call, "kobject.update", record.kind, body)
    return writes.update(call, record, said, replaces=replaces)


def _create(call: Call) -> Reply:
    name = klass_name(call)
    permit(call, name, "create")
    return envelope.one(call, add(call, name, call.body), 201)


def _create_for_customer(call: Call) -> Reply:
    owner, name = call.record("customer"), klass_name(call)
    permit(call, name, "create")
    said = {**call.body, "customer": owner.id} if isinstance(call.body, dict) else call.body
    return envelope.one(call, add(call, name, said), 201)


def _update(call: Call) -> Reply:
    name = klass_name(call)
    permit(call, name, "update")
    return envelope.one(call, change(call, _record(call, name), call.body, replaces=writes.replaces(call)))


def _delete(call: Call) -> Reply:
    name = klass_name(call)
    permit(call, name, "delete")
    call.org.tables.drop(_record(call, name))
    return Reply(204)


OPERATIONS = (
    # Listing asks for the role of the Klass, not of its records: so the documents say.
    Operation("GET", "/v1/klasses/{name}", _list, may("klass", "read", "org.admin.klass.read")),
    Operation("POST", "/v1/klasses/{name}", _create),
    Operation("GET", "/v1/klasses/{name}/externalId={externalId}", _by_external_id),
    Operation("GET", "/v1/klasses/{name}/{id}", _get),
    Operation("PUT", "/v1/klasses/{name}/{id}", _update),
    Operation("DELETE", "/v1/klasses/{name}/{id}", _delete, form="plain"),
    Operation("GET", "/v1/customers/{id}/klasses/{name}", _of_customer, may("customer", "read")),
    Operation("POST", "/v1/customers/{id}/klasses/{name}", _create_for_customer),
    Operation("GET", "/v1/companies/{id}/klasses/{name}", _of_company, may("company", "read")),
)
