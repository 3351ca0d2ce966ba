"""Owns how an answer is shown to a model: only what was asked for, compact, within a size, with notices. It sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .answer import NEXT_CURSOR
from .compact import UNKNOWN, compacted, field_tree, projected, unknown_fields
from .masking import masked_customers, masked_fields, notice, window_notice
from .presentation import Json, Presentation, size_of
from .shorten import cut, grown, shortened

NOTICES = "notices"
_FIRST, _LAST = ("data", "meta", "included"), (NEXT_CURSOR, NOTICES)


def present(content: Mapping[str, Any], options: Presentation) -> Json:
    """Show an answer of Kustomer; `content` stays as it is."""
    if not options.paged:  # then Kustomer's own links say that a list goes on
        content = {name: value for name, value in content.items() if name != NEXT_CURSOR}
    tree = field_tree(options.fields)
    shaped = compacted(projected(content, tree), tree)
    unknown = unknown_fields(content, options.fields)
    finish = partial(_finished, content, unknown, options)
    answer = finish(shaped)
    if options.limit <= 0 or size_of(answer) <= options.limit:
        return answer
    if isinstance(shaped.get("data"), list) and len(shaped["data"]) > 1:
        return cut(shaped, options, finish)
    return shortened(shaped, options=options, finish=finish)


def _finished(content: Mapping[str, Any], unknown: str, options: Presentation, answer: Json, *said: str) -> Json:
    """Put the notices on what is shown, and the keys in order."""
    source = content.get("data")
    rows = source[: len(answer["data"])] if isinstance(source, list) else source
    masked = masked_fields(answer)
    unmask = notice(masked, masked_customers(answer), options.unmask_tool) if masked else ""
    before = answer.get(NOTICES, [])
    before = before if isinstance(before, list) else [before]
    if any(isinstance(one, str) and one.startswith(UNKNOWN) for one in before):
        unknown = ""
    new = [one for one in (unmask, window_notice({"data": rows}), *said, unknown) if one and one not in before]
    result = {name: answer[name] for name in _FIRST if name in answer}
    result |= {name: value for name, value in answer.items() if name not in _FIRST + _LAST}
    if NEXT_CURSOR in answer:
        result[NEXT_CURSOR] = grown(answer[NEXT_CURSOR], options)
    return {**result, NOTICES: [*before, *new]} if before or new else result
