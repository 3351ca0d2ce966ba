"""Owns what the search tests share: generating, calling what was generated, expected texts. Must not hold an expectation.

`UPDATE_EXPECTED=1 python -m pytest tests/search` writes the expected files anew; such tests are then skipped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from expected_kit import expecting

from generator import ir
from generator.config import Tenant
from generator.package import build
from generator.sandbox import Sandbox
from generator.snapshot import Snapshot, load

Json = Any
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEY = "sandbox-acme"
# Names that are no identifiers of any style; the second attribute holds an underscore.
PASCAL: Json = {
    "name": "RentalCar",
    "displayName": "Rental Car",
    "standard": False,
    "attributes": {"PlateStr": {"type": "string"}, "seat_countNum": {"type": "number"}},
}
_REAL = load(ROOT, ["acme", "globex"])


def klass_files(org: str = "acme") -> dict[str, Json]:
    return {**_REAL.klasses[org], "klasses/RentalCar.json": PASCAL}


def built(files: Mapping[str, Json], **filters: Json) -> ir.Package:
    """The package of all searches; its tenant has a name of its own, so that its module meets no other."""
    tenant = Tenant("searching", "tenant.toml", "https://acme.api.kustomerapp.com", **({"tags": ("search",)} | filters))
    return build(Snapshot(_REAL.documents, {"searching": files}, _REAL.base_paths), tenant)


def files_of(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8", newline="\n")


@dataclass(frozen=True, slots=True)
class Package:
    """A generated package that can be imported."""

    name: str
    folder: Path

    def module(self, dotted: str) -> ModuleType:
        return import_module(f"{self.name}.{dotted}")

    def search(self, toolset: str, name: str) -> Json:
        return getattr(self.module(f"tools.{toolset}"), name)

    def contract(self, toolset: str) -> dict[str, Json]:
        text = (self.folder / self.name / "contract" / f"{toolset}.json").read_text(encoding="utf-8")
        return {tool["name"]: tool for tool in json.loads(text)}


# Shorthand -> toolset and tool.
SEARCHES: dict[str, tuple[str, str]] = {
    "customer": ("customers", "kustomer_customers_search"),
    "conversation": ("conversations", "kustomer_conversations_search"),
    "message": ("messages", "kustomer_messages_search"),
    "company": ("companies", "kustomer_companies_search"),
    "order": ("custom_objects", "kustomer_order_custom_objects_search"),
    "shipment": ("custom_objects", "kustomer_shipment_custom_objects_search"),
    "subscription": ("custom_objects", "kustomer_subscription_custom_objects_search"),
    "warranty-claim": ("custom_objects", "kustomer_warranty_claim_custom_objects_search"),
    "RentalCar": ("custom_objects", "kustomer_rental_car_custom_objects_search"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """Calls searches of a package against the emulator, over HTTP, arguments validated as the server does."""

    package: Package
    sandbox: Sandbox

    async def __call__(self, what: str, **arguments: Json) -> Json:
        """The answer's content."""
        toolset, tool = SEARCHES[what]
        function, model = self.package.module(f"tools.{toolset}").TOOLS[tool]
        valid = self.package.module("runtime.validation").keyword_arguments(model, arguments)
        settings = self.package.module("runtime.settings").Settings(base_url=self.sandbox.url, api_key=KEY)
        async with self.package.module("runtime.client").Kustomer(settings) as kustomer:
            return (await function(kustomer, **valid)).content

    async def titles(self, what: str, **arguments: Json) -> list[str]:
        """What the records that were found are called, in their order."""
        rows = [row["attributes"] for row in (await self(what, **arguments))["data"]]
        return [row.get("name") or row.get("title") or row.get("preview") for row in rows]

    async def refusal(self, what: str, **arguments: Json) -> str:
        """The text of the error; nothing may have been sent."""
        self.sandbox.journal.clear()
        with pytest.raises(self.package.module("runtime.errors").InvalidArguments) as caught:
            await self(what, **arguments)
        assert len(self.sandbox.journal) == 0
        return str(caught.value)


def where(field: str, op: str, *value: Json) -> list[Json]:
    """A list of one condition; `set` and `not_set` need no value."""
    return [{"field": field, **({op: value[0]} if value else {"set": op == "set"})}]


def either(*conditions: Json) -> list[Json]:
    """Conditions of which one must hold."""
    return [{**condition, "any": True} for condition in conditions]


def expect(name: str, value: Json) -> None:
    """Compare with an expected file, or write it anew."""
    expecting(HERE / "expected")(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")
