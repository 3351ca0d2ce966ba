"""Owns the documents' word on an answer, as schemathesis reads it, and the table of what can't be held to. No expectations.

The table is `answers/contradictions.toml`; design says why there is one: published answers are examples of somebody's organisation.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

import schemathesis
from package_documents import SPECS, operations
from proof_answers import ANSWERS

Json = Any
Difference = tuple[str, str, str, str]
# The guides: creating, bulk and unmasking answer 201, deleting answers 204; the documents list a 200 for all.
CREATED, GONE = 201, 204


@cache
def schemas() -> dict[str, Any]:
    """Document -> schemathesis's reading of it. What is created looks as the documents say of a 200."""
    found = {}
    for file in sorted((SPECS / "openapi").glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        for item in document["paths"].values():
            for operation in item.values():
                if isinstance(operation, dict) and "200" in operation.get("responses", {}):
                    operation["responses"].setdefault(str(CREATED), operation["responses"]["200"])
        found[file.stem] = schemathesis.openapi.from_dict(document)
    return found


def base_of(operation: Any) -> str:
    """What stands before each path of the operation's document: `/v1`."""
    url: str = operation.schema.raw_schema["servers"][0]["url"]
    return url.partition("kustomerapp.com")[2]


def operations_of(call: str, document: str = "") -> Iterator[Any]:
    """The operation in each document that has it, or in one, as schemathesis reads it."""
    for one in operations()[call]:
        if document in ("", one.document):
            schema = schemas()[one.document]
            base = schema.raw_schema["servers"][0]["url"].partition("kustomerapp.com")[2]
            path = next(
                p for p in schema.raw_schema["paths"] if re.sub(r"([/=]):(\w+)", r"\1{\2}", base + p) == one.path
            )
            yield schema[path][one.method]


def _leaves(error: Any) -> Iterator[Any]:
    """The errors below a union: those of the branch that is most nearly meant."""
    branches = getattr(error.kind, "context", None)
    if not branches:
        yield error
        return
    for inner in min(branches, key=lambda all_of: (sum(one.kind.name == "type" for one in all_of), len(all_of))):
        yield from _leaves(inner)


def differences(call: str, status: int, body: Json) -> Iterator[Difference]:
    """Each place where an answer is not as published: the resource's type, the place, the keyword and its value."""
    for operation in operations_of(call):
        definition = operation.responses.find_by_status_code(status)
        schema = definition.get_schema("application/json")
        if schema.schema is None:
            continue
        validator = definition.get_validator(schema.media_type, schema.schema, validate_formats=True)
        for error in (leaf for one in validator.iter_errors(body) for leaf in _leaves(one)):
            where = list(error.instance_path)
            said = error.kind.property if error.kind.name == "required" else json.dumps(error.kind.value)
            place = re.sub(r"^data/\*", "data", "/".join("*" if isinstance(part, int) else part for part in where))
            yield _type(body, where), place, error.kind.name, said


def _type(body: Json, where: list[Any]) -> str:
    data = body.get("data") if isinstance(body, dict) else None
    if isinstance(data, list):
        data = data[where[1]] if where[:1] == ["data"] and len(where) > 1 else next(iter(data), None)
    return data.get("type", "") if isinstance(data, dict) else ""


@cache
def rows() -> dict[Difference, str]:
    """What of an answer is known not to be as published, one entry a name -> why."""
    rows = tomllib.loads((ANSWERS / "contradictions.toml").read_text(encoding="utf-8"))["row"]
    found = {}
    for row in rows:
        for name in row.get("lacks", ()):
            found[row["of"], row["at"], "required", name] = row["why"]
        if "is_not" in row:
            found[row["of"], row["at"], "is not", row["is_not"]] = row["why"]
    return found


def row_of(error: Difference) -> Difference | None:
    """The row that explains an error."""
    of, at, keyword, said = error
    if keyword == "required":
        return next((row for row in ((of, at, keyword, said), (of, at, keyword, "*")) if row in rows()), None)
    return next((r for r in rows() if r[:3] == (of, at, "is not") and json.dumps(r[3]) in said), None)
