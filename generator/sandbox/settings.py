"""Owns the switches of the sandbox, as data. Must not act on them: other rooms read them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Budgets:
    """Requests or objects per window. The defaults are those of the Enterprise plan."""

    org_per_minute: int = 1000
    search_per_minute: int = 100
    created_per_customer: int = 120
    window_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Settings:
    """Each switch stands for something the public sources leave open or that only some tests want."""

    budgets: Budgets = field(default_factory=Budgets)
    reset_dialect: str = "epoch"  # one of limits.DIALECTS
    not_modified_is_free: bool = False  # whether a 304 costs rate budget is not known
    missing_role_status: int = 403  # older pages say 401
    permissive: bool = False  # documented operations without a model answer an empty resource, not 501
    plural_alias: bool = True  # /klasses/orders for the Klass `order`
    page_size: str = "reject"  # a pageSize over the maximum: "reject" (400) or "clamp"
    txt_max: int | None = None  # one page says 1024 for Txt, another gives no limit
    tree_values: tuple[str, ...] = (
        "id",
        "path",
    )  # what a Tree attribute takes: node ids, dotted paths of them
    metadata_resources: tuple[str, ...] = ("company", "conversation", "customer", "message")
    window_hours: int = 24  # how long an unmasking window stays open
    chat_body_max: int = 1024  # the prose elsewhere says 10240
    bulk_polls: int = 1  # how many times a bulk job is seen unfinished before it is complete
    search_lag_seconds: float = 0.0  # how long a change stays invisible to search
    body_bytes: int = 100_000
