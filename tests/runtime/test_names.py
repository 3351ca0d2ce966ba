"""The runtime names a path's argument in its errors by the rule by which the generator named it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.arguments import path_argument
from generator.openapi import parse
from templates.runtime.names import PLACEHOLDER, argument_name

ROOT = Path(__file__).parents[2]
DOCUMENTS = {path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "specs" / "openapi").glob("*.json")}
PLACES = sorted({(o.path, name) for o in parse(DOCUMENTS).operations for name in PLACEHOLDER.findall(o.path)})


@pytest.mark.parametrize(("path", "placeholder"), PLACES)
def test_an_error_names_a_path_argument_as_the_tool_does(path: str, placeholder: str) -> None:
    assert argument_name(path, placeholder) == path_argument(path, placeholder)
