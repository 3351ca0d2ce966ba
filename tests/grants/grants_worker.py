"""Owns a process of the concurrency tests: opens the grants as a server does, and changes them as told by its arguments."""

from __future__ import annotations

import sys

import anyio
from grants_kit import ACTOR, MODULE, words
from kustomer_mcp_acme.runtime.grants.opening import GrantSettings, open_grants


async def main(path: str, id: str, name: str, times: int) -> None:
    grants = open_grants(MODULE, GrantSettings(path))
    await grants.ready()
    grant = await grants.get(id) if id else None
    for number in range(times):
        made = await grants.create(words(name=f"{name} {number}"), ACTOR)
        assert await grants.holder(made.secret) is not None
        if grant is not None:
            found = await grants.get(id)
            assert found is not None
            for _ in range(5):
                await grants.count(grant, 600)
    if grant is not None:
        await grants.update(id, {name: {"calls_per_minute": 77, "exposure": "discovery", "name": "New"}[name]}, ACTOR)
    await grants.aclose()


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
