"""Owns what is masked or unmasked in an answer, and saying so to a model. It changes no answer and opens no window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

CLOSE_WINDOW = "delete_a_kustomer_customer_unmasking_window"
_SHOWN_FIELDS = 8
_SHOWN_CUSTOMERS = 5
_NAME_LIMIT = 120
NESTED = (dict, list)


def is_masked(value: Any) -> bool:
    """Whether this stands in place of a value that the API key may not read."""
    return isinstance(value, dict) and value.get("isMasked") is True


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar, mask, empty list and empty object below a value, with a path such as `attributes.phones[].phone`."""
    if isinstance(value, dict) and value and not is_masked(value):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def has_mask(value: Any) -> bool:
    """Whether there is a mask anywhere in a value. A list is asked anew for every length that it is tried in: no paths, no
    generators."""
    if not isinstance(value, NESTED):
        return False
    if is_masked(value):
        return True
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, NESTED) and has_mask(inner):
            return True
    return False


def places(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The leaves of an answer; a path in `data` begins within the record, and so is the same for all records of a list."""
    for row in _rows(content.get("data")):
        yield from leaves(row)
    for name, value in content.items():
        if name != "data":
            yield from leaves(value, name)


def masked_fields(content: Mapping[str, Any]) -> list[str]:
    """The paths of all masked values, as `places` gives them; sorted, each once."""
    found: set[str] = set()
    for row in _rows(content.get("data")):
        _find_masks(row, "", found)
    for name, value in content.items():
        if name != "data":
            _find_masks(value, name, found)
    return sorted(found)


def _find_masks(value: Any, path: str, found: set[str]) -> None:
    """A list is searched anew for every length that it is tried in: no generators, and no paths of what holds nothing."""
    if is_masked(value):
        found.add(path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, NESTED):
                _find_masks(inner, f"{path}.{name}" if path else str(name), found)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, NESTED):
                _find_masks(inner, f"{path}[]", found)


def masked_customers(content: Mapping[str, Any]) -> list[str]:
    """The ids of the customers whose unmasking window would show what is masked here; each once, in order."""
    records = [*_rows(content.get("data")), *_rows(content.get("included"))]
    return list(dict.fromkeys(filter(None, map(_customer_of, filter(has_mask, records)))))


def notice(fields: list[str], customers: list[str], unmask_tool: str | None) -> str:
    """Say what is masked and what would show it; empty where nothing is masked.

    Args:
        fields: What `masked_fields` gave.
        customers: What `masked_customers` gave.
        unmask_tool: The tool that opens a window, or None where this server has none.
    """
    if not fields:
        return ""
    masked = f"Masked: {named(fields, _SHOWN_FIELDS)}; asterisks are not data."
    if unmask_tool is None:
        return f"{masked} This server may not unmask them."
    whose = named(customers, _SHOWN_CUSTOMERS) if customers else "of the customer they belong to"
    return f"{masked} Only if the task needs them, `{unmask_tool}` with customer_id {whose} opens them."


def window_notice(content: Mapping[str, Any]) -> str | None:
    """Say which customers of an answer are unmasked, until when, and who can close that; None where none is."""
    open_until = [(record, end) for record in _rows(content.get("data")) if (end := _window_end(record))]
    if not open_until:
        return None
    shown = [f"until {_line(end)} (customer {named([record.get('id')], 1)})" for record, end in open_until]
    more = f" and {len(shown) - _SHOWN_CUSTOMERS} more" if len(shown) > _SHOWN_CUSTOMERS else ""
    return (
        f"Unmasked {', '.join(shown[:_SHOWN_CUSTOMERS])}{more}. Sensitive values of the customer, its conversations, "
        f"messages and custom objects show until then; whoever may delete unmasking windows can close it sooner "
        f"(`{CLOSE_WINDOW}`, where this server has it): do so when the task is done."
    )


def named(names: Iterable[Any], most: int) -> str:
    """Names in backticks, the first few, then how many more there are; no name can pose as a sentence of ours."""
    spelled = [f"`{_line(name)}`" for name in names]
    more = f" and {len(spelled) - most} more" if len(spelled) > most else ""
    return ", ".join(spelled[:most]) + more


def _line(text: Any) -> str:
    line = " ".join(str(text).replace("`", "'").split())
    return line if len(line) <= _NAME_LIMIT else f"{line[:_NAME_LIMIT]}…"


def _rows(value: Any) -> list[Any]:
    """The records of `data` or `included`: a list, one record, or records by name as in the answer for one SLA."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and "id" not in value and "attributes" not in value:
        inner = [row for part in value.values() for row in (part if isinstance(part, list) else [part])]
        if inner and all(isinstance(row, dict) and "id" in row for row in inner):
            return inner
    return [value] if isinstance(value, dict) else []


def _customer_of(record: Any) -> str | None:
    """A customer's own id, else that of the customer a record belongs to, in Kustomer's or the compact form."""
    if not isinstance(record, dict):
        return None
    if record.get("type") != "customer":
        relationships = record.get("relationships")
        link = relationships.get("customer") if isinstance(relationships, dict) else None
        record = link.get("data", link) if isinstance(link, dict) else None
    found = record.get("id") if isinstance(record, dict) else None
    return found if isinstance(found, str) else None


def _window_end(record: Any) -> str:
    attributes = record.get("attributes") if isinstance(record, dict) and record.get("type") == "customer" else None
    window = attributes.get("unmaskingWindow") if isinstance(attributes, dict) else None
    end = window.get("endDate") if isinstance(window, dict) else None
    return end if isinstance(end, str) else ""
