"""Owns rate budgets: what is spent, when it comes back, and how the headers say so. Must not know routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from generator.sandbox.auth import Key
from generator.sandbox.errors import ApiError, Problem
from generator.sandbox.world import Org, World


@dataclass(frozen=True, slots=True)
class Budget:
    """Where a caller stands in one window."""

    limit: int
    used: int
    ends: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass(frozen=True, slots=True)
class _Reset:
    """The moment the window ends, as a client's clock sees it, and how far away that is."""

    at: float
    after: float
    budget: Budget


DIALECTS: Mapping[str, Callable[[_Reset], dict[str, str]]] = {
    "epoch": lambda r: {"x-ratelimit-reset": str(ceil(r.at))},
    "milliseconds": lambda r: {"x-ratelimit-reset": str(ceil(r.at * 1000))},
    "delta": lambda r: {"x-ratelimit-reset": str(ceil(r.after))},
    "retry-after": lambda r: {"Retry-After": str(ceil(r.after))},
    "ietf": lambda r: {
        "RateLimit": f"limit={r.budget.limit}, remaining={r.budget.remaining}, reset={ceil(r.after)}",
        "RateLimit-Policy": f"{r.budget.limit};w=60",
    },
    "none": lambda _r: {},
}


def _spend(world: World, name: tuple[str, ...], limit: int) -> Budget:
    """Counts one against a fixed window that begins with the first request in it."""
    now, length = world.clock.now(), timedelta(seconds=world.settings.budgets.window_seconds)
    began, used = world.spent.get(name, (now, 0))
    if now >= began + length:
        began, used = now, 0
    world.spent[name] = (began, used + 1)
    return Budget(limit, used + 1, began + length)


def headers(budget: Budget) -> dict[str, str]:
    return {"x-ratelimit-limit": str(budget.limit), "x-ratelimit-remaining": str(budget.remaining)}


def untouched(world: World) -> dict[str, str]:
    """What the headers say when no org could be charged: a request without a valid key."""
    limit = str(world.settings.budgets.org_per_minute)
    return {"x-ratelimit-limit": limit, "x-ratelimit-remaining": limit}


def _refusal(world: World, budget: Budget, what: str) -> ApiError:
    after = (budget.ends - world.clock.now()).total_seconds()
    reset = _Reset(world.clock.header_time(budget.ends).timestamp(), after, budget)
    said = headers(budget) | DIALECTS[world.settings.reset_dialect](reset)
    return ApiError(Problem(429, detail=f"Rate limit of {budget.limit} {what} exceeded"), headers=said)


def spend_request(world: World, org: Org) -> tuple[Budget, ApiError | None]:
    """One request of the org's shared budget: where it now stands, and the refusal if it is used up."""
    budget = _spend(world, ("org", org.name), world.settings.budgets.org_per_minute)
    over = budget.used > budget.limit
    return budget, _refusal(world, budget, "requests per minute") if over else None


def give_back(world: World, org: Org) -> None:
    began, used = world.spent[("org", org.name)]
    world.spent[("org", org.name)] = (began, used - 1)


def spend_search(world: World, key: Key) -> None:
    budget = _spend(world, ("search", key.token), world.settings.budgets.search_per_minute)
    if budget.used > budget.limit:
        raise _refusal(world, budget, "searches per minute")


def spend_creation(world: World, org: Org, key: Key, customer: str, family: str) -> None:
    """One object made for a customer: each client, customer and kind has its own budget."""
    name = ("create", org.name, key.token, customer, family)
    budget = _spend(world, name, world.settings.budgets.created_per_customer)
    if budget.used > budget.limit:
        raise _refusal(world, budget, f"{family} creations per customer and minute")
