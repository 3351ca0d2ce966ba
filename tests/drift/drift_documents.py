"""Owns the mutations of documents: what changes at one place, and what callers must be told of it. Seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator

from drift_kit import (
    Case,
    Json,
    World,
    argument,
    body_of,
    expected,
    json,
    operations,
    prompted,
    reached,
    takes,
    text,
    tools_of,
    users_of_body,
)

CORE = "core-resources"
OTHER = "workflows"
_KEPT = {"custom", "company", "rev", "customer", "conversation", "channel"}


# Operation -> how many lines of acme's tenant.toml name nothing but its tools.
_IDLE_WITHOUT = {"PUT /v1/drafts/{id}": 3, "GET /v1/slas/{id}": 1}


def _ops(*, selected: bool) -> list[tuple[str, str, str]]:
    rows = [row for row in operations(CORE) if bool(tools_of(row[2])) == selected]
    return [row for row in rows if "/search" not in row[0]]


def _operation(world: World, path: str, method: str, document: str = CORE) -> Json:
    return world[document]["paths"][path][method]


def removed(dice: random.Random) -> Iterator[Case]:
    rows = [row for row in _ops(selected=True) if not set(tools_of(row[2])) & prompted() and "/klasses" not in row[0] and row[2] != "GET /v1/conversations"]  # fmt: skip
    for path, method, key in dice.sample(rows, min(8, len(rows))):
        idle = [expected("filter-matches-nothing", "warning")] * _IDLE_WITHOUT.get(key, 0)

        def mutate(world: World, path: str = path, method: str = method) -> None:
            del world[CORE]["paths"][path][method]

        yield Case("operation removed", key, mutate, (expected("tool-removed", "breaking", tools_of(key)), *idle))
    rows = list(operations(OTHER))
    for path, method, key in dice.sample(rows, 6):

        def mutate_other(world: World, path: str = path, method: str = method) -> None:
            del world[OTHER]["paths"][path][method]

        yield Case("operation removed, not selected", key, mutate_other, (expected("operation-gone", "info"),))


def added(dice: random.Random) -> Iterator[Case]:
    for number in range(6):
        word = dice.choice(["pinned", "starred", "latest", "urgent", "quiet", "broken"]) + "abcdef"[number]
        operation = {
            "operationId": f"X{number}",
            "tags": ["Notes"],
            "summary": "Some notes",
            "description": "Some notes.",
        }

        def mutate(world: World, word: str = word, operation: Json = operation) -> None:
            world[CORE]["paths"][f"/notes/{word}"] = {"get": operation}

        yield Case("operation added", word, mutate, (expected("tool-added", "info", f"list_all_kustomer_note_{word}"),))

        def mutate_other(world: World, word: str = word) -> None:
            world[OTHER]["paths"][f"/workflows/{word}"] = {"get": {"operationId": word, "tags": ["Workflows"], "summary": "x", "description": "X."}}  # fmt: skip

        yield Case("operation added, not selected", word, mutate_other, (expected("operation-available", "info"),))


def texts(dice: random.Random) -> Iterator[Case]:
    rows = [row for row in _ops(selected=True) if "/klasses/{name}" not in row[2] and "drafts" not in row[2]]
    for path, method, key in dice.sample(rows, 14):

        def mutate(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["description"] += " Ask before you use it."

        yield Case(
            "operation described anew", key, mutate, (expected("tool-description-changed", "info", tools_of(key)),)
        )
    for path, method, key in dice.sample(rows, 8):

        def mutate_title(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["summary"] = "Another title"

        yield Case(
            "operation titled anew", key, mutate_title, (expected("tool-description-changed", "info", tools_of(key)),)
        )


def fields(dice: random.Random) -> Iterator[Case]:
    """Fields of bodies, one aspect each."""
    rows = [row for row in _ops(selected=True) if _body(row) and "drafts" not in row[0]]
    for path, method, key in rows:
        tools = sorted(users_of_body(CORE, path, method))
        for number in range(2):
            name = f"aNewField{number}"

            def add(world: World, path: str = path, method: str = method, name: str = name) -> None:
                body_of(world[CORE], path, method)["properties"][name] = {"type": "string", "description": "A new one"}

            yield Case("field added", f"{key} {name}", add, (expected("argument-added", "info", tools),))

        def require(world: World, path: str = path, method: str = method) -> None:
            body = body_of(world[CORE], path, method)
            body["properties"]["aMust"] = {"type": "string"}
            body["required"] = [*body.get("required", []), "aMust"]

        yield Case("field added, required", key, require, (expected("argument-required-added", "breaking", tools),))
        names = _plain_fields((path, method, key), tools)
        for name in dice.sample(names, min(2, len(names))):
            yield _removed_field(path, method, key, name, tools)
        for name in dice.sample(names, min(2, len(names))):
            yield _aspect("field described anew", path, method, key, name, {"description": "Said in other words"}, "argument-description-changed", "info", tools)  # fmt: skip
        strings = [name for name in names if _schema((path, method, key), name) == "string"]
        for name in dice.sample(strings, min(2, len(strings))):
            yield from _string_aspects(path, method, key, name, tools)


def _body(row: tuple[str, str, str]) -> Json:
    return body_of(json.loads(text(CORE)), row[0], row[1])


def _plain_fields(row: tuple[str, str, str], tools: list[str]) -> list[str]:
    """Optional fields that every tool shows under their own name, and that nothing else depends on."""
    body = _body(row)
    names = [name for name in body["properties"] if name not in _KEPT and name not in body.get("required", [])]
    return sorted(name for name in names if all(takes(tool, argument(name)) for tool in tools))


def _schema(row: tuple[str, str, str], name: str) -> str:
    schema = _body(row)["properties"][name]
    plain = set(schema) <= {"type", "description", "format", "example"}
    return str(schema.get("type")) if plain else ""


def _removed_field(path: str, method: str, key: str, name: str, tools: list[str]) -> Case:
    def mutate(world: World) -> None:
        del body_of(world[CORE], path, method)["properties"][name]

    return Case("field removed", f"{key} {name}", mutate, (expected("argument-removed", "breaking", tools),))


def _aspect(
    kind: str, path: str, method: str, key: str, name: str, values: Json, rule: str, severity: str, tools: list[str]
) -> Case:
    def mutate(world: World) -> None:
        body_of(world[CORE], path, method)["properties"][name].update(values)

    return Case(kind, f"{key} {name}", mutate, (expected(rule, severity, tools),))


def _string_aspects(path: str, method: str, key: str, name: str, tools: list[str]) -> Iterator[Case]:
    rows = [
        ("field of another type", {"type": "boolean"}, "argument-type-changed", "breaking"),
        ("choices closed", {"enum": ["one", "two"]}, "argument-type-narrowed", "breaking"),
        ("bounds tightened", {"maxLength": 7}, "argument-bounds-tightened", "breaking"),
        ("field became any value", {"type": ["string", "number", "boolean"]}, "argument-type-widened", "info"),
    ]
    for kind, values, rule, severity in rows:
        yield _aspect(kind, path, method, key, name, values, rule, severity, tools)

    def require(world: World) -> None:
        body = body_of(world[CORE], path, method)
        body["required"] = [*body.get("required", []), name]

    yield Case(
        "field became required", f"{key} {name}", require, (expected("argument-became-required", "breaking", tools),)
    )


def parameters(dice: random.Random) -> Iterator[Case]:
    rows = [row for row in _ops(selected=True) if row[1] == "get" and tools_of(row[2])]
    for path, method, key in dice.sample(rows, min(8, len(rows))):
        for required, rule, severity in (
            (False, "argument-added", "info"),
            (True, "argument-required-added", "breaking"),
        ):

            def mutate(world: World, path: str = path, method: str = method, required: bool = required) -> None:
                entry = {"in": "query", "name": "aFilter", "required": required, "schema": {"type": "string"}}
                _operation(world, path, method).setdefault("parameters", []).append(entry)

            yield Case("query parameter added" + (", required" if required else ""), key, mutate, (expected(rule, severity, tools_of(key)),))  # fmt: skip


def components(dice: random.Random) -> Iterator[Case]:
    """A component that several tools share: one finding with all of them."""
    whole = json.loads(text(CORE))
    users: dict[str, set[str]] = {}
    for path, method, key in operations(CORE):
        for name in reached(whole, whole["paths"][path][method].get("requestBody", {})):
            users.setdefault(name, set()).update(tools_of(key))
    wanted = [name for name in ("Attachment",) if users.get(name)]
    for name in wanted:
        for number in range(4):

            def mutate(world: World, name: str = name, number: int = number) -> None:
                world[CORE]["components"]["schemas"][name]["properties"][f"aNew{number}"] = {"type": "string"}

            yield Case(
                "component's field added",
                f"{name} {number}",
                mutate,
                (expected("argument-added", "info", users[name]),),
            )


def moved(dice: random.Random) -> Iterator[Case]:
    """The same operation id at another path: the tool goes on, or goes on under another name."""
    for path, to, tool in (("/slas/{id}", "/targets/{id}", "get_single_kustomer_sla_by_id"),):

        def mutate(world: World, path: str = path, to: str = to) -> None:
            world[CORE]["paths"][to] = world[CORE]["paths"].pop(path)

        yield Case(
            "operation moved", path, mutate,
            (
                expected("tool-renamed", "breaking", [tool, "get_single_kustomer_target_by_id"]),
                expected("roles-changed", "warning", "get_single_kustomer_target_by_id"),
            ),
        )  # fmt: skip


def roles(dice: random.Random) -> Iterator[Case]:
    rows = [row for row in _ops(selected=True) if "/klasses" not in row[0] and "drafts" not in row[0]]
    for path, method, key in dice.sample(rows, 8):

        def mutate(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["description"] += "\n\n|Role|\n|---|\n|org.permission.brandnew.read|"

        yield Case("role table changed", key, mutate, (expected("roles-changed", "warning", tools_of(key)),))


def silent(dice: random.Random) -> Iterator[Case]:
    """What callers can't notice."""
    rows = _ops(selected=True)
    for path, method, key in dice.sample(rows, 8):

        def identify(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["operationId"] += "Renamed"

        yield Case("operation id spelled anew", key, identify)

        def respond(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["responses"] = {"200": {"description": "Other"}}

        yield Case("answer described anew", key, respond)

        def extend(world: World, path: str = path, method: str = method) -> None:
            _operation(world, path, method)["x-vendor"] = {"updatedAt": "2026-11-22"}

        yield Case("extension added", key, extend)

        def space(world: World, path: str = path, method: str = method) -> None:
            operation = _operation(world, path, method)
            operation["description"] = "  " + operation["description"].replace(" ", "\n ") + "\n"

        yield Case("white space in a text", key, space)

        def reorder(world: World, path: str = path, method: str = method) -> None:
            item = world[CORE]["paths"]
            world[CORE]["paths"] = dict(sorted(item.items(), reverse=True))
            operation = _operation(world, path, method)
            world[CORE]["paths"][path][method] = dict(sorted(operation.items(), reverse=True))

        yield Case("order of keys", key, reorder)
    for number in range(4):

        def unused(world: World, number: int = number) -> None:
            world[CORE]["components"]["schemas"][f"Unused{number}"] = {"type": "object", "properties": {"x": {}}}
            world[CORE]["info"]["version"] = f"9.{number}"

        yield Case("component that nobody uses", str(number), unused)


def whole(dice: random.Random) -> Iterator[Case]:
    def gone(world: World) -> None:
        world.documents.remove("settings-and-configurations")

    yield Case("document removed", "settings-and-configurations", gone, (expected("document-removed", "warning"),))

    def come(world: World) -> None:
        world.documents.append("access-management")

    yield Case("document added", "access-management", come, (expected("document-added", "info"),))


KINDS = (removed, added, texts, fields, parameters, components, moved, roles, silent, whole)
