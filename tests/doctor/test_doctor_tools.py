"""Each tool, judged by the key's roles; where the emulator can be asked, the judgement is what it does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from doctor_kit import by_name, of_group

from generator import roles
from generator.openapi import parse
from generator.sandbox import Key, Sandbox
from generator.sandbox.routes import OPERATIONS
from generator.snapshot import load

Examine = Callable[..., Awaitable[list[Any]]]
ROOT = Path(__file__).parents[2]


async def test_a_key_for_orders_may_use_what_orders_need(examine: Examine) -> None:
    found = by_name(await examine("sandbox-acme-orders"))
    assert found["create_a_kustomer_order_custom_object"] == ("ok", "usable")
    assert found["get_single_kustomer_custom_object_by_id"][1].startswith("for klass_name order only; ")
    assert found["list_all_kustomer_custom_objects"] == (
        "warning",
        "not with customer_id: needs one of org.permission.customer.read, org.user.customer.read; "
        "not with company_id: needs one of org.permission.company.read, org.user.company.read",
    )
    assert found["kustomer_customers_using_email"] == (
        "failed",
        "needs one of org.permission.customer.read, org.user.customer.read",
    )


async def test_a_key_without_roles_may_use_what_needs_none(examine: Examine) -> None:
    found = by_name(await examine("sandbox-acme-noroles"))
    assert found["kustomer_auth_tokens_current"] == ("ok", "any valid key may")
    assert found["create_a_kustomer_customer_sms_draft"] == ("ok", "usable as far as is known: no role is documented")
    assert found["update_a_kustomer_customer_by_id"][0] == "failed"


@pytest.mark.parametrize(
    ("held", "usable"),
    [
        (("org.permission",), True),
        (("org.permission.customer",), True),
        (("org.permission.customer.read",), True),
        (("org.user",), True),
        (("org.user.customer.read", "org.tracking"), True),
        (("org.permission.custom",), False),
        (("org.permission.customer.read.all",), False),
        (("org.admin",), False),
        ((), False),
    ],
)
async def test_roles_are_prefixes_and_any_one_suffices(
    held: tuple[str, ...], usable: bool, examine: Examine, sandbox: Sandbox
) -> None:
    sandbox.world.keys["made-up-key"] = Key("made-up-key", "Made up", "acme", held, "robot")
    found = by_name(await examine("made-up-key"))
    assert (found["kustomer_customers_using_email"][0] == "ok") is usable


async def test_a_role_for_every_klass_covers_each(examine: Examine, sandbox: Sandbox) -> None:
    held = ("org.permission.kobject.kobject_*",)
    sandbox.world.keys["made-up-key"] = Key("made-up-key", "Made up", "acme", held, "robot")
    found = of_group(await examine("made-up-key"), "tools")
    assert found["create_a_kustomer_order_custom_object"] == found["get_single_kustomer_custom_object_by_id"] == "ok"


def test_a_field_that_is_read_first_needs_the_role_to_read(folder: Path) -> None:
    verdict = import_module("kustomer_mcp_checked.runtime.roles").verdict
    tool = {"any_of": ["a.write"], "cases": {"without company": ["a.read"]}}
    assert verdict(["a.write"], tool, []).what == "not without company: needs one of a.read"
    assert verdict(["a"], tool, []).status == "ok"


# ---------------------------------------------------------------------------------------------- the tables


def test_every_row_of_the_table_is_of_some_operation() -> None:
    operations = parse(dict(load(ROOT, []).documents)).operations
    idle = [row for row in roles.ROWS if not any(fnmatchcase(o.key, row[0]) for o in operations)]
    assert idle == []


def test_every_kind_of_role_is_asked_for_by_some_row() -> None:
    assert set(roles.ROLES) == {noun for _, noun, _ in roles.ROWS}


def test_the_table_has_every_role_that_the_emulator_takes() -> None:
    """It may have more: roles for whole areas, which the emulator does not know."""
    asked = {f"{o.method} {o.path.replace(':hex', '')}": set(o.roles) for o in OPERATIONS if o.roles}
    known = {key: set(found) for key in asked if (found := roles.known(key)) is not None}
    assert len(known) > 60
    assert {key: asked[key] - found for key, found in known.items() if asked[key] - found} == {}
    further = {role for key, found in known.items() for role in found - asked[key]}
    assert further == {"org.admin.message.write", "org.admin.user"}


TABLE = """Read an SLA. Any one of the following roles is required:

|Legacy Role|Equivalent Permission Set Role|
|---|---|
|`org.user.sla.read`|**org.permission.sla.read**|
|org.permission.kobject.kobject\\_*.read|org.user.kobject.read<br>org.admin|

|Field|Meaning|
|---|---|
|org.permission.other|no role|
"""


def test_a_published_table_of_roles_comes_before_ours() -> None:
    assert roles.published(TABLE) == (
        "org.user.sla.read",
        "org.permission.sla.read",
        "org.permission.kobject.kobject_*.read",
        "org.user.kobject.read",
        "org.admin",
    )
    paths = {"/v1/slas/{id}": {"get": {"operationId": "GetSla", "description": TABLE}}}
    operation = parse({"core": {"openapi": "3.0.3", "paths": paths}}).operations[0]
    assert roles.roles_of(operation) == roles.published(TABLE)
    assert "|" not in operation.description


@pytest.mark.parametrize("text", ["", None, 3, "org.user.sla.read outside of a table", "|Name|\n|---|\n|org.user.x|"])
def test_where_no_table_is_published_ours_counts(text: object) -> None:
    assert roles.published(text) == ()


def test_the_roles_of_a_klass_take_the_place_of_the_star(folder: Path) -> None:
    facts = (folder / "kustomer_mcp_checked" / "doctor.json").read_text(encoding="utf-8")
    assert '"org.permission.kobject.kobject_order.create"' in facts
    assert '"org.permission.kobject.kobject_*.read"' in facts
