"""Owns what the callers of a soak ask, in which proportion, and which answers are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx2

_READ, _LIST, _SEARCH = (
    "get_single_kustomer_customer_by_id",
    "list_all_kustomer_conversations",
    "kustomer_customers_search",
)
_CHANGE, _NOTE = "update_a_kustomer_customer_by_id", "create_a_kustomer_conversation_note"
_OPEN, _CLOSE = "create_a_kustomer_customer_unmasking_window", "delete_a_kustomer_customer_unmasking_window"
# Kustomer's own refusals under load: its limits, changes of one record at one time, and a window that another caller closed.
_LIMITED, _CONFLICT, _GONE = b"HTTP 429 from Kustomer", b"HTTP 409 from Kustomer", b"HTTP 404 from Kustomer"
_RESULT = b'"structuredContent"'

Verdict = Literal["good", "refused", "wrong"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of request.

    Attributes:
        name: What it does, for the table.
        weight: How often, beside the others.
        method: The MCP method.
        params: Its parameters.
        good: A text that a right answer holds.
        refusals: Texts of answers in which the emulator refused.
    """

    name: str
    weight: int
    method: str
    params: Mapping[str, Any]
    good: bytes
    refusals: tuple[bytes, ...] = ()

    def verdict(self, answer: bytes) -> Verdict:
        """What an answer is: as it should be, the emulator's refusal, or neither."""
        if self.good in answer:
            return "good"
        return "refused" if any(text in answer for text in self.refusals) else "wrong"


@dataclass(frozen=True, slots=True)
class Records:
    """Ids of the emulator's records: a customer, one whose data is masked, and a conversation."""

    customer: str
    masked: str
    conversation: str


def records(base: str, key: str) -> Records:
    """Look the records up in a running emulator."""
    with httpx2.Client(base_url=base, headers={"Authorization": f"Bearer {key}"}) as client:

        def id_of(path: str) -> str:
            data = client.get(path).raise_for_status().json()["data"]
            return str((data[0] if isinstance(data, list) else data)["id"])

        plain, masked = (id_of(f"/v1/customers/externalId={number}") for number in ("USR-100", "USR-555"))
        return Records(plain, masked, id_of("/v1/conversations"))


def kinds(found: Records) -> Sequence[Kind]:
    """The mix of a support desk: mostly reading, some writing, some of it wrong."""
    customer, masked = {"id": found.customer}, {"customer_id": found.masked}
    search = {"where": [{"field": "name", "contains": "a"}]}
    note = {"conversation_id": found.conversation, "body": "soak"}
    return (
        _call("read a customer", 36, _READ, customer),
        _call("read a masked customer", 8, _READ, {"id": found.masked}),
        _call("list conversations", 8, _LIST, {}),
        _call("look up somebody unknown", 6, "kustomer_customers_using_email", {"email": "ada@example.org"}, _GONE),
        _call("search, over its limit", 6, _SEARCH, search, _RESULT, _LIMITED),
        _call("change a customer", 8, _CHANGE, customer | {"name": "Soak"}, _RESULT, _CONFLICT),
        _call("write a note", 2, _NOTE, note, _RESULT, _LIMITED),
        _call("unmask", 3, _OPEN, masked, _RESULT, _CONFLICT),
        _call("mask again", 3, _CLOSE, masked, _RESULT, _GONE),
        _call("wrong arguments", 8, _READ, {"id": 17}, b"nothing was sent"),
        _call("a tool that there is not", 2, "no_such_tool", {}, b"Unknown tool"),
        Kind("tools/list", 8, "tools/list", {}, b'"tools":'),
        Kind("prompts/list", 2, "prompts/list", {}, b'"prompts":'),
    )


def discovered(found: Records) -> Sequence[Kind]:
    """What a caller asks who finds its tools by searching."""
    read = {"name": _READ, "arguments": {"id": found.customer}}
    return (
        _call("discovery: search tools", 30, "search_tools", {"query": "add a note to a conversation"}),
        _call("discovery: describe tools", 20, "describe_tools", {"names": [_READ, _NOTE]}),
        _call("discovery: call a tool that reads", 40, "call_read_tool", read),
        Kind("discovery: tools/list", 10, "tools/list", {}, b'"search_tools"'),
    )


def _call(
    name: str, weight: int, tool: str, arguments: Mapping[str, Any], good: bytes = _RESULT, *refusals: bytes
) -> Kind:
    return Kind(name, weight, "tools/call", {"name": tool, "arguments": arguments}, good, refusals)
