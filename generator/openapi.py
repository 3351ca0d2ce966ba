"""Owns the way from an OpenAPI document (3.0 or 3.1, as published or mended) to operations; it reads no files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from generator import quirks, roles
from generator.errors import SpecError
from generator.ir import Catalog, Json, LeftOut, Operation, Parameter, Schema, Style
from generator.schema import Canonical
from generator.text import one_line

METHODS = ("get", "put", "post", "delete", "patch")
_TEMPLATE = re.compile(r"\{([^{}/]+)\}")
_COLON_PARAMETER = re.compile(r"(?<=[=/]):(\w+)", re.ASCII)
_MEND = (
    "mend the document where specs/sources.toml has it from, or take it out there; then run `kustomer-mcp fetch --only "
    "documents`"
)
_SEGMENT = re.compile(r"[A-Za-z0-9._~=-]*(\{[A-Za-z0-9._-]+\})?")


def parse(documents: dict[str, Json], base_paths: dict[str, str] | None = None) -> Catalog:
    """Read every document into one catalog, sorted by path and method; duplicates are left out by name.

    Args:
        documents: Parsed documents by name.
        base_paths: What to put before a document's paths, where its `servers` don't say it.

    Raises:
        SpecError: Every document that can't be read, at once.
    """
    operations: list[Operation] = []
    notes: list[str] = []
    problems: list[str] = []
    for name, document in sorted(documents.items()):
        try:
            found, said = _read(name, document, (base_paths or {}).get(name))
        except SpecError as error:
            problems.extend([error.what, *error.problems])
            continue
        operations.extend(found)
        notes.extend(said)
    if problems:
        raise SpecError("the OpenAPI documents can't be read", [*problems, _MEND])
    return _without_duplicates(operations, notes)


def count_operations(document: Json) -> int:
    """Count the operations of a document; 0 where it is no OpenAPI document."""
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3."):
        return 0
    paths = document.get("paths")
    items = paths.values() if isinstance(paths, dict) else ()
    return sum(method in METHODS for item in items if isinstance(item, dict) for method in item)


def _without_duplicates(operations: list[Operation], notes: list[str]) -> Catalog:
    kept: dict[str, Operation] = {}
    left_out: list[LeftOut] = []
    for operation in sorted(operations, key=lambda o: (o.path, o.method, o.document)):
        first = kept.setdefault(operation.key, operation)
        if first is not operation:
            reason = f"the same method and path stand in {first.document}; that one is the tool"
            left_out.append(LeftOut(operation.key, operation.document, operation.operation_id, reason))
    return Catalog(tuple(kept.values()), left_out=tuple(left_out), notes=tuple(sorted(set(notes))))


def _read(name: str, document: Json, base_path: str | None) -> tuple[list[Operation], list[str]]:
    if not isinstance(document, dict) or not isinstance(document.get("paths"), dict):
        raise SpecError(f"{name}: this is no OpenAPI document: it has no `paths`")
    components = _dict(_dict(document.get("components")).get("schemas"))
    canonical = Canonical(name, components)
    base = _base_path(name, document) if base_path is None else base_path
    operations = []
    for path, item in document["paths"].items():
        if not isinstance(item, dict):
            raise SpecError(f"{name}: {one_line(path, 120)} holds no operations")
        spelled = _path(name, base + _COLON_PARAMETER.sub(r"{\1}", path))
        for method in METHODS:
            if method in item:
                raw = _published(name, item[method], f"{method.upper()} {spelled}")
                operations.append(_operation(name, method.upper(), spelled, raw, item.get("parameters"), canonical))
    return operations, canonical.notes


def _published(name: str, raw: Json, key: str) -> Json:
    if not isinstance(raw, dict):
        raise SpecError(f"{name}: {key} is no operation object")
    return raw


def _base_path(name: str, document: Json) -> str:
    first: Json = next(_objects(document.get("servers")), {})
    url = first.get("url", "")
    try:
        return urlsplit(url if isinstance(url, str) else "").path.rstrip("/")
    except ValueError as error:
        raise SpecError(f"{name}: the first server's url {one_line(url, 120)!r} is no address: {error}") from None


def _path(name: str, path: str) -> str:
    segments = path.split("/")
    bad = [s for s in segments[1:] if not _SEGMENT.fullmatch(s) or s in ("", ".", "..")]
    if segments[0] or bad:
        raise SpecError(f"{name}: the path {one_line(path, 120)!r} has a segment that no URL of Kustomer has")
    return path


def _operation(name: str, method: str, path: str, raw: Json, shared: Json, canonical: Canonical) -> Operation:
    key = f"{method} {path}"
    parameters = _parameters(key, [*_objects(shared), *_objects(raw.get("parameters"))], canonical)
    body, required = _body(key, raw.get("requestBody"), canonical)
    names = {parameter.name for parameter in parameters}
    operation = Operation(
        document=name,
        method=method,
        path=path,
        operation_id=one_line(raw.get("operationId"), 200) or key,
        tags=tuple(dict.fromkeys(one_line(tag, 100) for tag in _list(raw.get("tags")) if isinstance(tag, str))),
        summary=one_line(raw.get("summary"), 200),
        description=one_line(raw.get("description")),
        parameters=tuple(p for p in parameters if p.name not in quirks.PAGE_PARAMETERS),
        body=body,
        body_required=required,
        paged=bool(names & quirks.PAGE_PARAMETERS) or key in quirks.PAGED,
        roles=roles.published(raw.get("description")),  # one_line drops tables
    )
    return _patched(operation)


def _parameters(key: str, raw: list[Json], canonical: Canonical) -> list[Parameter]:
    """Path parameters in the order of the path, then query parameters by name; each once, headers never."""
    found: dict[tuple[str, str], Parameter] = {}
    for entry in raw:
        place, name = entry.get("in"), entry.get("name")
        if place not in ("path", "query") or not isinstance(name, str):
            continue
        media = next((m for m in _dict(entry.get("content")).values() if isinstance(m, dict)), {})
        schema = canonical(entry.get("schema", media.get("schema", {})), f"{key} parameter {one_line(name, 60)}")
        description = one_line(entry.get("description")) or schema.get("description", "")
        required = place == "path" or bool(entry.get("required"))
        parameter = Parameter(name, place, schema, required, description, _style(entry, name, schema))
        if name in quirks.COMMA_SEPARATED and schema.get("type") == "string":
            parameter = replace(parameter, schema={"type": "array", "items": {"type": "string"}})
        found[place, name] = parameter
    in_path = _TEMPLATE.findall(key)
    path = [found.get(("path", name)) or Parameter(name, "path", {"type": "string"}, True) for name in in_path]
    query = [parameter for (place, _), parameter in sorted(found.items()) if place == "query"]
    return [*path, *query]


def _style(entry: Json, name: str, schema: Schema) -> Style:
    if name in quirks.COMMA_SEPARATED:
        return "comma"
    if schema.get("type") == "array":
        return "comma" if entry.get("explode") is False else "repeat"
    return "deep" if schema.get("type") == "object" else "plain"


def _body(key: str, raw: Json, canonical: Canonical) -> tuple[Schema | None, bool]:
    """The schema of the first JSON media type; a text/plain body is an artefact of the documents and is none."""
    raw = _dict(raw)
    for media_type, media in sorted(_dict(raw.get("content")).items()):
        if "json" in media_type and isinstance(media, dict):
            schema = canonical(media.get("schema", {}), f"{key} body")
            return schema, bool(raw.get("required"))
    return None, False


def _patched(operation: Operation) -> Operation:
    for patch in quirks.PATCHES:
        if patch.operation == operation.key:
            operation = _PATCH[patch.part](operation, patch)
    return operation


def _patch_body(operation: Operation, patch: quirks.Patch) -> Operation:
    if operation.body not in (patch.expect, {}, {"type": "object"}):
        return operation  # this revision of the document has a body of its own
    return replace(operation, body=patch.value, body_required=True)


def _patch_parameter(operation: Operation, patch: quirks.Patch) -> Operation:
    if any(parameter.name == patch.name for parameter in operation.parameters):
        return operation
    style: Style = "comma" if patch.name in quirks.COMMA_SEPARATED else "plain"
    schema = {key: value for key, value in patch.value.items() if key != "description"}
    added = Parameter(patch.name, "query", schema, True, patch.value["description"], style)
    return replace(operation, parameters=(*operation.parameters, added))


def _patch_drop_body_field(operation: Operation, patch: quirks.Patch) -> Operation:
    properties = (operation.body or {}).get("properties", {})
    if properties.get(patch.name) != patch.expect:
        return operation
    kept = {name: schema for name, schema in properties.items() if name != patch.name}
    return replace(operation, body={**(operation.body or {}), "properties": kept})


_PATCH = {
    "body": _patch_body,
    "parameter": _patch_parameter,
    "drop_body_field": _patch_drop_body_field,
}


def _objects(value: Json) -> Iterator[Json]:
    return (entry for entry in _list(value) if isinstance(entry, dict))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
