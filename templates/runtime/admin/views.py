"""Owns the page's templates: what they are given is prepared here, so that they only loop and print. It is the only importer
of jinja2; every value is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2

from ..grants.model import METHODS, ApiToken, Grant, Narrowing, timestamp
from .catalog import Catalog
from .forms import FIELDS, ServerForm
from .live import Classes

_PAGES = Path(__file__).parent / "pages"
# What the eight methods mean, for those who don't know them; the first three are groups of the others.
_MEANINGS: Mapping[str, str] = {
    "read": "look up and search",
    "write": "create and change one record",
    "custom": "searches, bulk, merges, redactions",
    "list": "lists",
    "get": "one record",
    "create": "new records",
    "update": "changes",
    "delete": "deletions",
}
_GROUPS = 3


class Views:
    """Renders the page's templates.

    Args:
        catalog: The package's tools.
        classes: Their CSS classes.
    """

    def __init__(self, catalog: Catalog, classes: Classes) -> None:
        self._catalog = catalog
        self._classes = classes
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_PAGES),
            undefined=jinja2.StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["thousands"] = lambda number: f"{number:,}"

    def render(self, name: str, **values: Any) -> str:
        """A page as HTML."""
        return self._environment.get_template(f"{name}.html").render(package=self._catalog, **values)

    def server_row(self, grant: Grant) -> dict[str, Any]:
        """A server as lists and confirmations show it."""
        left = grant.narrowing.of(self._catalog.rows)
        words = (grant.narrowing.methods, grant.narrowing.tags)
        return {
            "id": grant.id,
            "name": grant.name,
            "count": len(left),
            "tokens": self._catalog.tokens(left),
            "discovery": grant.exposure == "discovery",
            "methods": ", ".join(words[0]) or "every method",
            "tags": ", ".join(words[1]) or "every tag",
            "exact": len(grant.narrowing.tools),
            "needs_token": grant.require_api_token_auth,
            "scope": grant.oauth_scope,
            "calls": grant.calls_per_minute,
            **_times(grant),
        }

    def token_row(self, token: ApiToken) -> dict[str, Any]:
        """An API token as lists and confirmations show it."""
        return {"id": token.id, "name": token.name, **_times(token)}

    def server_form(self, form: ServerForm) -> dict[str, Any]:
        """What the form for a server shows: every choice, whether it is ticked, and what is left."""
        left = Narrowing(form.methods, form.tags, form.tools).of(self._catalog.rows)
        return {
            "form": form,
            "problems": problems(form.errors),
            "groups": self._methods(form)[:_GROUPS],
            "kinds": self._methods(form)[_GROUPS:],
            "tags": self._tags(form),
            "tools": [
                {
                    "number": number,
                    "tool": tool,
                    "classes": self._classes.by_tool[tool.name],
                    "ticked": tool.name in form.tools,
                    "words": ", ".join((*tool.methods, *tool.tags)),
                }
                for number, tool in enumerate(self._catalog.tools)
            ],
            "count": len(left),
            "tokens": self._catalog.tokens(left),
        }

    def _methods(self, form: ServerForm) -> list[dict[str, Any]]:
        return [
            {"id": f"m{number}", "value": method, "ticked": method in form.methods, "meaning": _MEANINGS[method]}
            for number, method in enumerate(METHODS)
        ]

    def _tags(self, form: ServerForm) -> list[dict[str, Any]]:
        counts = {tag: sum(tag in tool.tags for tool in self._catalog.tools) for tag in self._catalog.tags}
        return [
            {"id": f"t{number}", "value": tag, "ticked": tag in form.tags, "count": counts[tag]}
            for number, tag in enumerate(self._catalog.tags)
        ]


def problems(errors: Mapping[str, str]) -> list[dict[str, str]]:
    """What is wrong with a form, in the order of its fields, for the summary and beside each field."""
    known = [field for field in FIELDS if field in errors]
    rest = [field for field in errors if field not in FIELDS]
    return [{"field": field, "label": FIELDS.get(field, field), "text": errors[field]} for field in (*known, *rest)]


def _times(made: Grant | ApiToken) -> dict[str, dict[str, str] | None]:
    return {name: _time(getattr(made, name)) for name in ("created_at", "expires_at", "last_used_at")}


def _time(seconds: float | None) -> dict[str, str] | None:
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return {"machine": timestamp(seconds) or "", "human": f"{moment.day} {moment:%b %Y, %H:%M} UTC"}
