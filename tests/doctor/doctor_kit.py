"""Owns what the doctor's tests share: making a package, picking checks out, and expected texts. Must not hold an expectation.

`UPDATE_EXPECTED=1` writes the expected files anew; such tests are then skipped, not passed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from expected_kit import expecting

from generator.config import Tenant
from generator.ir import Package
from generator.package import build
from generator.render import render
from generator.snapshot import load

ROOT = Path(__file__).parents[2]
MODULE = "kustomer_mcp_checked"
TOOLS = (
    "create_a_kustomer_customer_sms_draft",
    "create_a_kustomer_customer_unmasking_window",
    "create_a_kustomer_order_custom_object",
    "get_single_kustomer_custom_object_by_id",
    "kustomer_auth_tokens_current",
    "kustomer_customers_using_email",
    "list_all_kustomer_custom_objects",
    "update_a_kustomer_customer_by_id",
)
expect = expecting(Path(__file__).parent / "expected")


def package(name: str, **given: Any) -> Package:
    """A package of acme's with few tools, under a name of its own."""
    snapshot = load(ROOT, ["acme"])
    tenant = Tenant(name, "tenant.toml", "https://acme.api.kustomerapp.com", title="Acme Support", **given)
    return build(type(snapshot)(snapshot.documents, {name: snapshot.klasses["acme"]}, snapshot.base_paths), tenant)


def write(package: Package, folder: Path) -> Path:
    for path, text in render(package).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")
    return folder


def by_name(checks: Iterable[Any]) -> dict[str, tuple[str, str]]:
    return {check.name: (check.status, check.what) for check in checks}


def of_group(checks: Iterable[Any], group: str) -> dict[str, str]:
    return {check.name: check.status for check in checks if check.group == group}
