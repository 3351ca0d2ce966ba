"""Owns the mutations of what a tenant selects and says of its server. Seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from drift_kit import Case, World, expected, manifest, prompted


def _with(change: Callable[[World], dict[str, Any]]) -> Callable[[World], None]:
    def mutate(world: World) -> None:
        world.tenant = replace(world.tenant, **change(world))

    return mutate


def tools(dice: random.Random) -> Iterator[Case]:
    free = sorted(set(manifest()["tools"]) - prompted() - {n for n in manifest()["tools"] if "custom_object" in n})
    for tool in dice.sample(free, 10):
        yield Case(
            "tool excluded", tool, _with(lambda w, tool=tool: {"exclude": (*w.tenant.exclude, tool)}),  # type: ignore[misc]
            (expected("tool-removed", "breaking", tool),),
        )  # fmt: skip
    for tool in ("kustomer_companies_search", "create_a_kustomer_company", "list_all_kustomer_companies", "get_single_kustomer_company_by_id"):  # fmt: skip
        yield Case(
            "tool included", tool, _with(lambda w, tool=tool: {"include": (*w.tenant.include, tool)}),  # type: ignore[misc]
            (expected("tool-added", "info", tool),),
        )  # fmt: skip
    writing = sorted(name for name, row in manifest()["tools"].items() if row["effect"] == "write")
    for tool in dice.sample(writing, 8):
        yield Case("confirmation asked", tool, _with(lambda w, tool=tool: {"confirm": (tool,)}), (expected("confirmation-added", "breaking", tool),))  # type: ignore[misc]  # fmt: skip
    yield Case(
        "dry run offered", "all", _with(lambda w: {"dry_run": True}), (expected("argument-added", "info", writing),)
    )


def server(dice: random.Random) -> Iterator[Case]:
    for number in range(3):
        yield Case("server titled anew", str(number), _with(lambda w, n=number: {"title": f"Acme {n}"}), (expected("server-text-changed", "info"),))  # type: ignore[misc]  # fmt: skip
        url = f"https://acme{number}.api.kustomerapp.com"
        yield Case("base URL changed", url, _with(lambda w, url=url: {"base_url": url}), (expected("base-url-changed", "warning", manifest()["tools"]),))  # type: ignore[misc]  # fmt: skip
    for number, path in enumerate(("specs/tenants/acme/tenant.toml", "elsewhere/tenant.toml")):
        yield Case("configuration's own place", str(number), _with(lambda w, path=path: {"path": path}))  # type: ignore[misc]


KINDS = (tools, server)
