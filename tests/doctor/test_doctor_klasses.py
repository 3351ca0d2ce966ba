"""The live Klasses against what was generated."""

from __future__ import annotations

import copy
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from doctor_kit import by_name, of_group, package, write

from generator.sandbox import Key, Sandbox

Examine = Callable[..., Awaitable[list[Any]]]


@pytest.fixture
def order(sandbox: Sandbox) -> dict[str, Any]:
    """The attributes of the Klass order as the emulator has them, to be changed."""
    org = sandbox.world.org("acme")
    org.metadata = copy.deepcopy(org.metadata)
    properties: dict[str, Any] = org.metadata["kobject.order"]["properties"]
    return properties


def change(sandbox: Sandbox, name: str, **attributes: Any) -> None:
    """Change a Klass itself."""
    org = sandbox.world.org("acme")
    klass = org.klass(name)
    assert klass is not None
    org.tables.put(replace(klass, attributes={**klass.attributes, **attributes}))


def test_volatile_fields_order_labels_and_deleted_attributes_do_not_matter(folder: Path) -> None:
    differences = import_module("kustomer_mcp_checked.runtime.klass_check").differences
    before = [{"name": "aStr", "type": "string", "enumeration": ["x", "y"]}]
    live = {
        "bStr": {"type": "string", "deletedAt": "2026-01-01T00:00:00Z"},
        "cStr": {"type": "string", "enabled": False},
        "dStr": None,
        "aStr": {
            "type": "string",
            "enumeration": ["y", "x"],
            "displayName": "New",
            "modifiedAt": "now",
            "modifiedBy": "z",
        },
    }
    assert differences(before, live) == []


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "new": ({"giftWrapBool": {"type": "boolean"}}, "new: giftWrapBool"),
    "gone": ({"giftBool": None}, "gone: giftBool"),
    "deleted softly": ({"giftBool": {"type": "boolean", "deletedAt": "2026-01-01"}}, "gone: giftBool"),
    "undeleted": ({"couponStr": {"type": "string"}}, "new: couponStr"),
    "kind": ({"itemCountNum": {"type": "string"}}, "changed: itemCountNum (number -> string)"),
    "list": ({"skusStr": {"type": "string"}}, "changed: skusStr (a list -> one value)"),
    "choices": (
        {"orderStatusStr": {"type": "string", "enumeration": ["cancelled", "delivered", "packed", "paid", "placed", "shipped", "lost"]}},
        "changed: orderStatusStr (choices +lost -returned)",
    ),
    "target": (
        {"shipmentsId": {"type": "string", "multi": True, "target": "customer"}},
        "changed: shipmentsId (target kobject.shipment -> customer)",
    ),
    "tree": (
        {"giftBool": {"type": "boolean", "tree": {"children": [{"id": "a", "children": [{"id": "b"}]}]}}},
        "changed: giftBool (tree +a +a/b)",
    ),
    "sensitive": (
        {"giftBool": {"type": "boolean", "sensitive": {"enabled": True}}},
        "changed: giftBool (sensitive now)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
async def test_a_changed_attribute_is_named(case: str, examine: Examine, order: dict[str, Any]) -> None:
    changed, said = CHANGES[case]
    for name, value in changed.items():
        order[name] = value
        if value is None:
            del order[name]
    checks = await examine()
    assert by_name(checks)["order"] == ("failed", said)
    others = of_group(checks, "klasses")
    assert {name for name, status in others.items() if status != "ok"} == {"order"}
    assert "generate" in next(check.todo for check in checks if check.name == "order")


async def test_everything_at_once_is_one_line(examine: Examine, order: dict[str, Any]) -> None:
    order["aNum"] = order["bNum"] = {"type": "number"}
    del order["giftBool"], order["placedAt"]
    order["skusStr"] = {"type": "number", "array": True, "enumeration": ["a"]}
    assert by_name(await examine())["order"][1] == (
        "new: aNum, bNum; gone: giftBool, placedAt; changed: skusStr (string -> number; choices +a)"
    )


@pytest.mark.parametrize("attributes", [{"status": "disabled"}, {"status": "existing_only"}, {"appDisabled": True}])
async def test_a_klass_that_is_no_longer_enabled_is_gone(
    attributes: dict[str, Any], examine: Examine, sandbox: Sandbox
) -> None:
    change(sandbox, "shipment", **attributes)
    found = by_name(await examine())
    assert found["shipment"] == ("failed", "gone: Kustomer has no enabled Klass of this name any more")
    assert found["order"][0] == "ok"


async def test_a_klass_that_was_not_generated_is_new(examine: Examine, sandbox: Sandbox) -> None:
    change(sandbox, "legacy-ticket", status="enabled", appDisabled=False)
    assert by_name(await examine())["list of Klasses"] == ("failed", "new: legacy-ticket")


async def test_many_klasses_are_read_page_by_page(examine: Examine, sandbox: Sandbox) -> None:
    org = sandbox.world.org("acme")
    order = org.klass("order")
    assert order is not None
    for number in range(230):
        org.tables.put(
            replace(order, id=f"{number:024x}", attributes={**order.attributes, "name": f"extra-{number:03}"})
        )
    status, what = by_name(await examine())["list of Klasses"]
    assert status == "failed" and what.count("extra-") == 230


@pytest.fixture
def partial(tmp_path: Path) -> Iterator[str]:
    """A package of a tenant that leaves two Klasses out."""
    made = write(
        package("partial", include=("list_all_kustomer_custom_objects",), klasses_exclude=("s*",)), tmp_path / "partial"
    )
    sys.path.insert(0, str(made))
    yield "kustomer_mcp_partial"
    sys.path.remove(str(made))


async def test_a_klass_that_the_tenant_leaves_out_is_not_new(partial: str, sandbox: Sandbox) -> None:
    doctor, settings = (import_module(f"{partial}.runtime.{name}") for name in ("doctor", "settings"))
    subject = doctor.Subject(partial, settings.Settings(base_url=sandbox.url, api_key="sandbox-acme"))
    found = of_group(await doctor.examine(subject), "klasses")
    assert set(found) == {
        "list of Klasses",
        "company",
        "conversation",
        "customer",
        "message",
        "order",
        "warranty-claim",
    }
    assert set(found.values()) == {"ok"}


@pytest.mark.parametrize(
    ("held", "open_names"),
    [
        (("org.permission.klass.read",), {"company", "conversation", "customer", "message", "order", "shipment"}),
        (("org.permission.metadata.read",), {"list of Klasses"}),
    ],
)
async def test_what_the_key_may_not_read_is_said_to_be_open(
    held: tuple[str, ...], open_names: set[str], examine: Examine, sandbox: Sandbox
) -> None:
    sandbox.world.keys["made-up-key"] = Key("made-up-key", "Made up", "acme", held, "robot")
    checks = [check for check in await examine("made-up-key") if check.group == "klasses"]
    found = {check.name for check in checks if check.status == "warning"}
    assert found >= open_names
    assert all("could not be checked: the key lacks the role" in c.what for c in checks if c.status == "warning")
    assert all(check.status == "ok" for check in checks if check.name not in found)


async def test_an_answer_that_fails_leaves_the_klass_open(examine: Examine, sandbox: Sandbox) -> None:
    from generator.sandbox import Fault

    sandbox.faults.order(Fault(503, b"", path="/v1/metadata/kobject.order"))
    sandbox.faults.order(Fault(200, b'{"data": 3}', path="/v1/metadata/customer"))
    found = by_name(await examine())
    assert found["order"] == ("warning", "could not be checked: HTTP 503")
    assert found["customer"] == ("warning", "could not be checked: the answer has no properties")
    assert found["shipment"][0] == "ok"
