"""Owns the packages and the emulator of these tests. Must not hold an expectation."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prompts_kit import package, write

READS = (
    "kustomer_customers_using_email",
    "kustomer_customers_using_external_id",
    "list_all_kustomer_conversations",
    "list_all_kustomer_conversation_messages",
    "kustomer_custom_objects_using_external_id",
)
WINDOWS = ("create_a_kustomer_customer_unmasking_window", "delete_a_kustomer_customer_unmasking_window")
WRITES = (
    "create_a_kustomer_conversation_note",
    "create_a_kustomer_customer",
    "update_a_kustomer_customer_by_id",
    "create_a_kustomer_order_custom_object",
    "update_a_kustomer_order_custom_object_by_id",
)
VARIANTS: dict[str, dict[str, Any]] = {
    "whole": {"include": (*READS, *WINDOWS, *WRITES)},
    "reader": {"include": READS},
    "nowindow": {"include": (*READS, *WINDOWS, *WRITES), "exclude": (WINDOWS[1],)},
    "noorders": {"include": (*READS, *WINDOWS, *WRITES), "exclude": (READS[3], READS[4])},
    "bare": {"include": READS, "klasses": False},
}


@pytest.fixture(scope="session")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Makes the package of a variant once, importable, and gives its module's name."""
    made: dict[str, Path] = {}

    def make(variant: str) -> str:
        if variant not in made:
            made[variant] = write(package(f"p-{variant}", **VARIANTS[variant]), tmp_path_factory.mktemp(variant))
            sys.path.insert(0, str(made[variant]))
        return f"kustomer_mcp_p_{variant}"

    yield make
    for folder in made.values():
        sys.path.remove(str(folder))
