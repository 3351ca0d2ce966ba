"""The seeds obey the rules they are served under."""

from __future__ import annotations

import pytest

from generator.sandbox import Settings, World, custom, fields, fresh
from generator.sandbox.masking import metadata_name
from generator.sandbox.store import Record

ORGS = ("acme", "globex")


@pytest.fixture(scope="module")
def world() -> World:
    return fresh()


def _records(world: World, org: str) -> list[Record]:
    tables = world.org(org).tables
    found = [record for kind in tables.kinds() for record in tables.all(kind)]
    assert found
    return found


@pytest.mark.parametrize("name", ORGS)
def test_every_relationship_points_at_a_record(name: str, world: World) -> None:
    tables = world.org(name).tables
    broken = [
        (record.kind, record.id, ref)
        for record in _records(world, name)
        for ref in record.refs.values()
        if tables.get(ref.type, ref.id) is None
    ]
    assert broken == []


@pytest.mark.parametrize("name", ORGS)
def test_every_custom_value_meets_its_definition(name: str, world: World) -> None:
    org = world.org(name)
    for record in _records(world, name):
        rule = custom.closed(org.metadata.get(metadata_name(record.kind), {}), Settings())
        problems = fields.check(
            rule,
            record.attributes.get("custom", {}),
            lambda kind, id: org.tables.get(kind, id) is not None,
        )
        assert list(problems) == [], (record.kind, record.attributes)


@pytest.mark.parametrize("name", ORGS)
def test_every_klass_has_metadata_and_no_metadata_lacks_its_klass(name: str, world: World) -> None:
    org = world.org(name)
    klasses = {f"kobject.{k.attributes['name']}" for k in org.tables.all("klass")}
    assert {m for m in org.metadata if m.startswith("kobject.")} == klasses
    assert set(org.metadata) - klasses == {"company", "conversation", "customer", "message"}


def test_the_people_seeded_are_nobody(world: World) -> None:
    """Only names for examples, and the two addresses which the tasks speak of."""
    for name in ORGS:
        customers = list(world.org(name).tables.all("customer"))
        assert customers
        for customer in customers:
            for entry in customer.attributes["emails"]:
                assert entry["email"].endswith((".example", "@acmecorp.com"))
