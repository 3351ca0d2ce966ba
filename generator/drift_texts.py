"""Owns what new texts of a surface a person must read before a model does: those that the lint for prompt injection names."""

from __future__ import annotations

from collections.abc import Iterator

from generator.drift_changes import Change
from generator.injection import said, suspicious
from generator.surface import Surface

# Subject, text, tools, file: one text that a model would read.
_Text = tuple[str, str, tuple[str, ...], str]


def text_changes(old: Surface, new: Surface) -> Iterator[Change]:
    """Every text that is new and that speaks to a model, hides something, or asks for what no description needs."""
    known = {text for _, text, _, _ in _texts(old)}
    for subject, text, tools, path in _texts(new):
        if text not in known and (found := suspicious(text)):
            reasons = "; ".join(said(rule) for rule in found)
            yield Change("text-suspicious", subject, None, reasons, tools, path=path)


def _texts(surface: Surface) -> Iterator[_Text]:
    for name, tool in surface.tools.items():
        path = f"contract/{tool.toolset}.json"
        yield f"tool {name}", f"{tool.title}. {tool.description}", (name,), path
        for argument, field in tool.arguments.items():
            yield f"argument {name}.{argument}", field.description, (name,), path
    for name, klass in surface.klasses.items():
        path = f"klasses/{name}.json"
        yield f"klass {name}", str(klass.get("label", "")), (), path
        for row in klass.get("attributes", ()):
            yield f"attribute {name}.{row['name']}", str(row.get("label", "")), (), path
    for key in ("title", "instructions"):
        yield f"package {key}", surface.facts.get(key, ""), (), "server.py"
