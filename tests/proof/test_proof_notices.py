"""The proof notices: with each fault planted in the runtime, what arrives is no longer what the document asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from package_documents import operations
from package_recorder import Recorder
from test_package_wire import _holds, function_and_model, given_for, runtime, tools_of

Json = Any
# Operations with a path, a query of several kinds, and a body.
ASKED = (
    "GET /v1/conversations/{id}/messages",
    "GET /v1/customers",
    "GET /v1/kviews",
    "POST /v1/customers",
    "PUT /v1/teams/{id}",
)


def _pairs(change: Callable[[str, str], list[tuple[str, str]]]) -> Callable[[Any], Any]:
    return lambda build: lambda query: [made for pair in build(query) for made in change(*pair)]


def _body(change: Callable[[Json], Json]) -> Callable[[Any], Any]:
    return lambda encode: lambda value: change(encode(value))


# A fault -> the function of runtime/client.py that has it, and what is made of it.
FAULTS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a query is renamed": ("build_query", _pairs(lambda name, value: [(name.replace("pageSize", "page_size"), value)])),
    "a query is dropped": ("build_query", lambda build: lambda query: build(query)[1:]),
    "a query is said twice": ("build_query", _pairs(lambda name, value: [(name, value)] * 2)),
    "yes and no are spelled as in Python": (
        "build_query", _pairs(lambda name, value: [(name, {"true": "True", "false": "False"}.get(value, value))]),
    ),
    "a query is encoded twice": ("build_query", _pairs(lambda name, value: [(name, quote(value))])),
    "a plus is left as it is": ("urlencode", lambda encode: lambda pairs: encode(pairs, safe="+")),
    "a per cent sign is left as it is": ("urlencode", lambda encode: lambda pairs: encode(pairs).replace("%25+", "%+")),
    "a path is encoded twice": ("build_path", lambda build: lambda *of: build(*of).replace("%", "%25")),
    "a path is not encoded": ("build_path", lambda build: lambda *of: build(*of).replace("%2B", "+")),
    "a field is dropped": ("encode", _body(lambda body: dict(list(body.items())[1:]))),
    "a field is null": ("encode", _body(lambda body: dict.fromkeys(body))),
    "a field is added": ("encode", _body(lambda body: {**body, "nickname": "x"})),
    "a number is a text": (
        "encode", _body(lambda body: {n: str(v) if type(v) in (int, float, bool) else v for n, v in body.items()}),
    ),
}  # fmt: skip


async def noticed(everything: Path, recorder: Recorder, kustomer: Any) -> int:
    """How many of the requests are not as the document asks for them."""
    wrong = 0
    for key in ASKED:
        published = operations()[key][0]
        for tool in tools_of(everything, key):
            function, model = function_and_model(tool)
            given, scope = given_for(tool, published, "full")
            recorder.clear()
            await function(kustomer, **runtime("validation").keyword_arguments(model, given))
            try:
                _holds(published, tool, recorder, given, scope)
            except AssertionError:
                wrong += 1
    return wrong


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_the_runtime_is_noticed(
    fault: str, everything: Path, recorder: Recorder, kustomer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = runtime("client")
    where, plant = FAULTS[fault]
    assert await noticed(everything, recorder, kustomer) == 0
    monkeypatch.setattr(client, where, plant(getattr(client, where)))
    assert await noticed(everything, recorder, kustomer) > 0
