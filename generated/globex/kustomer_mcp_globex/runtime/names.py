"""Owns what a tool calls the argument behind a wire name, for the texts of errors."""

from __future__ import annotations

import re

PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")


def argument_name(template: str, placeholder: str) -> str:
    """What a tool calls the argument that fills a placeholder: a parent's `{id}` is that parent's id.

    >>> argument_name("/v1/customers/{id}/drafts", "id"), argument_name("/v1/klasses/{name}/{id}", "name")
    ('customer_id', 'klass_name')
    """
    before = template.partition("{" + placeholder + "}")[0]
    parent = PLACEHOLDER.sub("", before).rstrip("/").rpartition("/")[2]
    if parent == "klasses" and placeholder == "name":
        return "klass_name"
    if placeholder == "id" and not template.endswith("{id}"):
        one = re.sub(r"(?<=[a-z])s$", "", re.sub(r"ies$", "y", re.sub(r"(?<=sse|tch|tus)es$|(?<=ss)es$", "", parent)))
        return f"{one.replace('-', '_')}_id"
    return argument_spelling(placeholder)


def argument_spelling(wire: str) -> str:
    """A wire name as an argument: in snake case."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", wire).lower()).strip("_")
