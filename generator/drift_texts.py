"""Owns what new texts of a surface a person must read before a model does: those that the lint for prompt injection names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.drift_changes import Change
from generator.injection import said, suspicious
from generator.ir import Json
from generator.surface import Field, Surface

# Subject, text, tools, file: one text that a model would read.
_Text = tuple[str, str, tuple[str, ...], str]


def text_changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Every text that is new and that speaks to a model, hides something, or asks for what no description needs."""
    known = {text for _, text, _, _ in _texts(old)}
    for subject, text, tools, path in _texts(new):
        if text not in known and (found := suspicious(text)):
            reasons = ", and ".join(said(rule) for rule in found)
            yield Change("text-suspicious", subject, None, text, tools, path=path, why=reasons)


def _texts(surface: Surface) -> Iterator[_Text]:
    for name, tool in surface.tools.items():
        path = f"contract/{tool.toolset}.json"
        yield f"tool {name}", f"{tool.title}. {tool.description}", (name,), path
        for argument, field in tool.arguments.items():
            for text in (_words(argument), *_said(field)):
                yield f"argument {name}.{argument}", text, (name,), path
    for name, klass in surface.klasses.items():
        path = f"klasses/{name}.json"
        yield f"klass {name}", str(klass.get("label", "")), (), path
        for row in klass.get("attributes", ()):
            labels = (node.get("label", "") for node in _nodes(row.get("tree", ())))
            for text in (_words(row["name"]), row.get("label", ""), *row.get("enumeration", ()), *labels):
                yield f"attribute {name}.{row['name']}", str(text), (), path
    for key in ("title", "instructions"):
        yield f"package {key}", surface.facts.get(key, ""), (), "server.py"


def _said(field: Field) -> Iterator[str]:
    """What is said of an argument, at any depth: descriptions, names of fields, choices."""
    yield field.description
    shapes = [field.shape]
    while shapes:
        shape = shapes.pop()
        yield from (choice for choice in shape.get("enum", ()) if isinstance(choice, str))
        shapes += [*shape.get("anyOf", ()), *([shape["items"]] if "items" in shape else [])]
        for name, inner in shape.get("fields", {}).items():
            yield _words(name)
            yield inner.description
            shapes.append(inner.shape)


def _words(name: str) -> str:
    """A name as it is read."""
    return name.replace("_", " ").replace("-", " ")


def _nodes(tree: Iterable[Json]) -> Iterator[Json]:
    for node in tree:
        yield node
        yield from _nodes(node.get("children", ()))
