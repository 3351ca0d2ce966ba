"""Owns every error that the tool raises on purpose; whatever else escapes is a bug and keeps its traceback.

KustomerMcpError        could not do it (exit code 1)
├── ConfigError         tenant.toml, sources.toml or the command's words
├── FetchError          the network, or what came back over it
├── SpecError           a document, a Klass or a pin that can't be used
├── RenderError         a template, a model or a file that could not be written
└── ProposeError        git or the forge refused, or a branch holds somebody's work
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# A document can be large and hostile: what is said of it is short, begins no line of its own (a CI runner takes one that
# begins with `::`, or holds `##[`, for a command), and commands no terminal.
_LONGEST = 1000
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


class KustomerMcpError(Exception):
    """One error with every problem found, so that a person mends them in one go.

    Args:
        what: One line that says what could not be done.
        problems: What is wrong, where, and what to do; one line each.
    """

    def __init__(self, what: str, problems: Iterable[str] = ()) -> None:
        self.what = _shown(what)
        self.problems = tuple(_shown(problem) for problem in problems)
        super().__init__("\n".join([self.what, *(f"  - {problem}" for problem in self.problems)]))


def _shown(text: str) -> str:
    """A text as a person can read it: cut, and what can't be seen spelled out."""
    short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], short).replace("##[", "## [")


class ConfigError(KustomerMcpError):
    """A file that a person writes is wrong."""


class FetchError(KustomerMcpError):
    """What the network gave can't be used; the pins stay as they were."""


class SpecError(KustomerMcpError):
    """A document, a Klass or a pin can't become tools."""


class RenderError(KustomerMcpError):
    """The package could not be rendered or written; the old tree is whole."""


class ProposeError(KustomerMcpError):
    """A change could not be proposed; branches and pull requests stay as they were."""
