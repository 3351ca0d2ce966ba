"""Owns calling acme's command, and reading what a client would. Must not hold an expectation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

ROOT = Path(__file__).parents[2]

SECRETS = {
    "KUSTOMER_API_KEY": "kustomer-key-of-this-test",
    "KUSTOMER_MCP_TOKEN": "kmg_" + "a" * 43,
    "KUSTOMER_MCP_API_TOKEN": "kma_" + "b" * 43,
}


def acme(*words: str, **environment: str) -> Result:
    """`kustomer-mcp-acme WORDS` in this process, with the secrets set and nothing else of Kustomer."""
    from kustomer_mcp_acme.server import main

    unset = {name: None for name in os.environ if name.startswith("KUSTOMER_") and name not in SECRETS}
    return CliRunner().invoke(main, list(words), env=unset | SECRETS | environment, catch_exceptions=False)


def at(path: Path, said: str | None = None) -> Any:
    """The JSON of a file, or of a text."""
    return json.loads(path.read_text(encoding="utf-8") if said is None else said)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """What a client makes of references such as ${NAME}, ${env:NAME} and ${input:id}."""
    if isinstance(value, dict):
        return {key: filled(one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    if isinstance(value, str):
        for name, secret in values.items():
            for form in (f"${{{name}}}", f"${{env:{name}}}", f"${{input:{name}}}"):
                value = value.replace(form, secret)
    return value
