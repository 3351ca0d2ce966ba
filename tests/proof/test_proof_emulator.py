"""Schemathesis on the emulator with the real documents: whatever it is sent, it answers as Kustomer would, never with a 5xx.

Only the operations that the emulator models are asked; the others say 501 of themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import proof_kit as kit
import pytest
import schemathesis
from emulator_kit import roomy
from package_documents import SPECS
from schemathesis.generation import GenerationMode

from generator.sandbox import Sandbox

Json = Any
# What Kustomer's guides say of every operation, whether its document lists it or not.
ERRORS = {400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429}
UNMODELLED = 501
# What documents forbid is sent as well where there is time: reading their schemas takes most of it.
MODES = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if kit.EXAMPLES > 2 else [])]
# Documents list a 200 where Kustomer's guides say that creating, bulk and unmasking answer 201.
CREATED = {201}
# A newline in a path is no path of Kustomer's; the server's own 404 answers it before the emulator does.
NEWLINE = re.compile("%0[AD]", re.IGNORECASE)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Sandbox]:
    with roomy() as one:
        yield one


def _document(name: str) -> Json:
    return json.loads((SPECS / "openapi" / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(file.stem for file in (SPECS / "openapi").glob("*.json")))
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
def test_the_emulator_answers_whatever_the_documents_allow(name: str, mode: Any, emulator: Sandbox) -> None:
    document = _document(name)
    schema = schemathesis.openapi.from_dict(document)
    base = emulator.url + document["servers"][0]["url"].partition("kustomerapp.com")[2]
    problems: list[str] = []
    modelled = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        label = f"{operation.method.upper()} {operation.path}"
        if not _is_modelled(label, base):
            continue
        modelled += 1
        for case in kit.drawn(operation.as_strategy(generation_mode=mode), max(1, kit.EXAMPLES // 2)):
            answer = case.call(base_url=base, headers={"Authorization": "Bearer sandbox-acme"}, timeout=20)
            problems += [f"{label}: {problem}" for problem in _problems(answer, operation)]
    assert modelled or name != "core-resources"
    assert problems == []


def _is_modelled(label: str, base: str) -> bool:
    """Asked with ids that there are not; what the emulator does not model, it says so of."""
    method, path = re.sub(r"\{[^}]*\}|:\w+", "5f1f2e3d4c5b6a7980716253", label).split(" ")
    answer = httpx.request(method, base + path, headers={"Authorization": "Bearer sandbox-acme"}, json={}, timeout=20)
    return answer.status_code != UNMODELLED


def _problems(answer: Any, operation: Any) -> Iterator[str]:
    """What is not as an API of JSON answers."""
    documented = {int(code) for code in operation.responses.status_codes if str(code).isdigit()}
    if any(200 <= code < 300 for code in documented):
        documented |= CREATED
    if answer.status_code not in documented | ERRORS:
        yield f"HTTP {answer.status_code} is not documented"
    if answer.status_code == 204 or not answer.content:
        return
    if answer.status_code == 404 and NEWLINE.search(answer.request.url or ""):
        return
    if not answer.headers.get("content-type", [""])[0].startswith(("application/json", "application/vnd.api+json")):
        yield f"HTTP {answer.status_code} is no JSON: {answer.request.method} {answer.request.url}"
        return
    body = json.loads(answer.content)
    if answer.status_code >= 400 and not (isinstance(body, dict) and body.get("errors")):
        yield f"HTTP {answer.status_code} has no `errors`"
    if answer.status_code < 300 and isinstance(body, dict) and "errors" in body and "data" not in body:
        yield "a success has only errors"
