"""Owns reading the shapes of a package's arguments from its models/<toolset>.py, as a syntax tree; nothing is run."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from generator.surface import Field, Shape, described, union

_SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_LENGTHS = {"min_length": ("minLength", "minItems"), "max_length": ("maxLength", "maxItems")}
_BOUNDS = {"ge": "minimum", "le": "maximum", "pattern": "pattern"}


@dataclass(slots=True)
class Models:
    """The classes of one models/<toolset>.py as shapes."""

    source: str
    _classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    _known: dict[str, Shape] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._classes = {node.name: node for node in ast.parse(self.source).body if isinstance(node, ast.ClassDef)}

    def pythons(self, name: str) -> dict[str, str]:
        """The Python name of each field."""
        rows = (node for node in self._classes[name].body if isinstance(node, ast.AnnAssign))
        return {_field_name(node): name_of(node.target) for node in rows}

    def fields(self, name: str) -> dict[str, Field]:
        """The fields of a class."""
        found = {}
        body = self._classes[name].body
        for position, node in enumerate(body):
            if isinstance(node, ast.AnnAssign):
                following = body[position + 1] if position + 1 < len(body) else None
                text = _docstring(following)
                found[_field_name(node)] = Field(self._annotated(node.annotation), node.value is None, described(text))
        return found

    def _shape(self, name: str) -> Shape:
        if name not in self._known:
            opened = any(
                isinstance(node, ast.Assign) and "model_config" in ast.unparse(node.targets[0]) and "allow" in ast.unparse(node.value)
                for node in self._classes[name].body
            )  # fmt: skip
            self._known[name] = {"type": "object", "class": name, "open": opened, "fields": self.fields(name)}
        return dict(self._known[name])

    def _annotated(self, node: ast.expr) -> Shape:
        if isinstance(node, ast.Subscript) and name_of(node.value) == "Annotated":
            inner, call = node.slice.elts  # type: ignore[attr-defined]
            return self._bounded(self._annotated(inner), call)
        if isinstance(node, ast.BinOp):
            return self._union(node)
        return self._single(node)

    def _bounded(self, shape: Shape, call: ast.Call) -> Shape:
        is_list = shape.get("type") == "array"
        for keyword in call.keywords:
            value = ast.literal_eval(keyword.value)
            if keyword.arg in _LENGTHS:
                shape[_LENGTHS[keyword.arg][is_list]] = value
            elif keyword.arg in _BOUNDS:
                shape[_BOUNDS[keyword.arg]] = value
        return shape

    def _union(self, node: ast.expr) -> Shape:
        options = [option for option in _options(node) if name_of(option) not in ("MISSING", "None")]
        nullable = any(name_of(option) == "None" for option in _options(node))
        shape = union([self._annotated(option) for option in options])
        return {**shape, "nullable": True} if nullable else shape

    def _single(self, node: ast.expr) -> Shape:
        if isinstance(node, ast.Subscript):
            outer = name_of(node.value)
            if outer == "list":
                return {"type": "array", "items": self._annotated(node.slice)}
            if outer == "Literal":
                values = ast.literal_eval(node.slice)
                values = list(values) if isinstance(values, tuple) else [values]
                return {"type": _SCALARS[type(values[0]).__name__], "enum": values}
            return {"type": "object"}
        name = name_of(node)
        if name in _SCALARS:
            return {"type": _SCALARS[name]}
        return {} if name == "Any" else self._shape(name)


def _field_name(node: ast.AnnAssign) -> str:
    annotation = node.annotation
    if isinstance(annotation, ast.Subscript) and name_of(annotation.value) == "Annotated":
        call = annotation.slice.elts[1]  # type: ignore[attr-defined]
        for keyword in call.keywords:
            if keyword.arg == "alias":
                return str(ast.literal_eval(keyword.value))
    return name_of(node.target)


def name_of(node: ast.AST) -> str:
    """The name that a node is, as nearly all are; what is none is spelled out."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Constant) and node.value is None:
        return "None"
    return ast.unparse(node)


def _docstring(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return node.value.value
    return ""


def _options(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return [*_options(node.left), *_options(node.right)]
    return [node]
