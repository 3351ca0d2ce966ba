"""Schemathesis on the emulator with the real documents: whatever it is sent, it answers as Kustomer would, never with a 5xx.

Only the operations that the emulator models are asked, about records that there are; the others say 501 of themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import proof_answers as known
import proof_kit as kit
import proof_published as published
import pytest
from package_documents import operations
from schemathesis.generation import GenerationMode

from generator.sandbox import Sandbox, fresh

Json = Any
# What Kustomer's guides say of every operation, whether its document lists it or not.
ERRORS = {400, 401, 403, 404, 409, 413, 429}
# What documents forbid is sent as well where there is time: reading their schemas takes most of it.
MODES = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if kit.EXAMPLES > 2 else [])]
ECHO = (
    "data/attributes/payload/api/data"  # the body that a bulk job was given; the request's schema says what that may be
)
# A newline in a path is no path of Kustomer's; the server's own 404 answers it before the emulator does.
NEWLINE = re.compile("%0[AD]", re.IGNORECASE)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Sandbox]:
    with known.emulator() as one:
        yield one


DOCUMENTS = sorted({one.document for row in known.asked() for one in operations()[row.call]})


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_the_emulator_answers_whatever_the_documents_allow(name: str, mode: Any, emulator: Sandbox) -> None:
    problems: list[str] = []
    granted = 0
    for row in known.asked():
        for operation in published.operations_of(row.call, name):
            for case in kit.drawn(operation.as_strategy(generation_mode=mode), max(1, kit.EXAMPLES // 2)):
                emulator.start_over(fresh(settings=known.WIDE))
                answer = _answer(case, row, emulator)
                granted += answer.status_code < 300
                problems += [f"{row.call}: {problem}" for problem in _problems(row, answer)]
    assert problems == []
    assert granted or mode is GenerationMode.NEGATIVE


def _answer(case: Any, row: known.Asked, emulator: Sandbox) -> Any:
    """A drawn request about a record that there is: with an id of nobody hardly any would reach its handler."""
    case.path_parameters.update(known.filled(emulator, row).path)
    base = emulator.url + published.base_of(case.operation)
    return case.call(base_url=base, headers={"Authorization": f"Bearer {known.KEY}"}, timeout=20)


def _problems(row: known.Asked, answer: Any) -> Iterator[str]:
    """What is not as an API of JSON answers, and as the documents have it; what a draw leaves out, its answer lacks."""
    if answer.status_code not in {200, published.CREATED, published.GONE} | ERRORS:
        yield f"HTTP {answer.status_code} is not documented"
    if answer.status_code == published.GONE:
        return
    if answer.status_code == 404 and NEWLINE.search(answer.request.url or ""):
        return
    if not answer.headers.get("content-type", [""])[0].startswith("application/json"):
        yield f"HTTP {answer.status_code} is no JSON: {answer.request.method} {answer.request.url}"
        return
    body = json.loads(answer.content)
    if answer.status_code >= 400:
        if not (isinstance(body, dict) and body.get("errors")):
            yield f"HTTP {answer.status_code} has no `errors`"
        return
    for found in published.differences(row.call, answer.status_code, body):
        optional = found[2] == "required" and found[1].startswith("data/attributes")
        if published.row_of(found) is None and not optional and not found[1].startswith(ECHO):
            yield f"{found} is neither published nor in answers/contradictions.toml"
