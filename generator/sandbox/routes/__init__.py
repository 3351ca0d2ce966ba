"""Owns the list of all operations; each module holds one family's rows. Must not hold a handler."""

from __future__ import annotations

from generator.sandbox.call import Operation
from generator.sandbox.routes import (
    accounts,
    bulk,
    choices,
    companies,
    conversations,
    customers,
    drafts,
    klasses,
    kobjects,
    messages,
    metadata,
    notes,
    search,
    slas,
)

FAMILIES = (
    customers,
    conversations,
    messages,
    notes,
    companies,
    kobjects,
    klasses,
    metadata,
    drafts,
    slas,
    accounts,
    choices,
    search,
)

SINGLES: tuple[Operation, ...] = tuple(row for family in FAMILIES for row in family.OPERATIONS)
OPERATIONS: tuple[Operation, ...] = (*SINGLES, *bulk.operations(SINGLES))
