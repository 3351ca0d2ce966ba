"""Owns what the site does with links that leave docs/ for the rest of the repository: their text stays, without the link.

On the repository's pages those links work. The site is built without knowing where the repository is published. A link to a
file that there is not is left as it is, and fails the strict build.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]\n]+)\]\((?P<target>[^)\s#:]+)\)")


def on_page_markdown(markdown: str, *, page: Any, files: Any, **_: Any) -> str:
    """A page as the site shows it (a hook of mkdocs)."""
    return without_outer_links(markdown, (DOCS / page.file.src_uri).parent, {file.src_uri for file in files})


def without_outer_links(markdown: str, folder: Path, pages: set[str]) -> str:
    """`markdown` of a page in `folder`, where links to what exists and is not among the site's `pages` are only words."""

    def shown(link: re.Match[str]) -> str:
        target = (folder / link["target"]).resolve()
        inside = target.is_relative_to(DOCS) and target.relative_to(DOCS).as_posix() in pages
        return link[0] if inside or not target.exists() else link["text"]

    return _LINK.sub(shown, markdown)
