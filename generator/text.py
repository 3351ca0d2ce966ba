"""Owns what foreign text goes through before anything else sees it: cleaning, cutting, and spelling as names."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

_CONTROL = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# Unseen without being format characters: joiners and fillers of scripts, variation selectors.
_FILLERS = re.compile("[\u034f\u115f\u1160\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# No piece of these may run on without end: the time to look for one in a long text would grow with its square.
_MARKDOWN_TABLE = re.compile(r"^[^\S\n]{0,80}\|.*$", re.MULTILINE)
_MARKDOWN = re.compile(r"[*_`#]{2,}|^#+\s*|<[^>\n]{1,80}>|\[([^\[\]]{0,500})\]\([^()]{0,500}\)", re.MULTILINE)
_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
_CAMEL = re.compile(r"\b[a-z]+[A-Z]\w*\b")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
DESCRIPTION_LIMIT = 1000


def one_line(value: object, limit: int = DESCRIPTION_LIMIT) -> str:
    """Make one clean line of any value: no control, bidi or unassigned characters, no Markdown tables, white space
    folded, cut at a sentence (or a word) within `limit` characters. What is unseen between letters parts no word."""
    if not isinstance(value, str):
        return ""
    text = value if value.isascii() else "".join(char for char in value if not is_unseen(char))
    text = _MARKDOWN_TABLE.sub(" ", text)
    text = _MARKDOWN.sub(lambda found: found.group(1) or " ", text)
    text = "".join(" " if unicodedata.category(char) in _CONTROL else char for char in text)
    return cut(" ".join(text.split()), limit)


def is_clean(text: str) -> bool:
    """Whether a name holds no control, bidi, unassigned or unseen characters."""
    return not any(unicodedata.category(char) in _CONTROL or is_unseen(char) for char in text)


def is_unseen(char: str) -> bool:
    """Whether nobody sees a character, so that words with and without it look the same."""
    return unicodedata.category(char) == "Cf" or _FILLERS.match(char) is not None


def cut(text: str, limit: int) -> str:
    """Shorten a line to `limit` characters, at the end of a sentence where there is one, else of a word."""
    if len(text) <= limit:
        return text
    head = text[: limit + 1]
    ends = [found.start() for found in _SENTENCE_END.finditer(head)]
    if ends and ends[-1] >= limit // 3:
        return head[: ends[-1]].rstrip()
    return head[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def clause(text: str, limit: int) -> str:
    """Shorten a phrase to `limit` characters by leaving out its later clauses, else its last words.

    >>> clause("Tags; replaces all present ones", 20), clause("Id of the conversation in another system", 20)
    ('Tags', 'Id')
    """
    if len(text) <= limit:
        return text
    first = re.split(r"[;:,(.]", text)[0].strip()
    if 2 < len(first) <= limit:
        return first
    words = text[: limit + 1].rsplit(" ", 1)[0].split()
    while len(words) > 1 and (words[-1].lower() in _LINKING or words[-1].endswith("'s")):
        words.pop()
    return " ".join(words)[:limit]


def shortened(text: str, limit: int) -> str:
    """Shorten a description to `limit` characters: whole sentences where one fits, else clauses, ending in a period."""
    short = cut(text, limit)
    return short if not short.endswith("…") else clause(text, limit - 1) + "."


def markdown(text: str) -> str:
    """A text inside a Markdown table or paragraph, as text and nothing else."""
    return re.sub(r"([\\`*{}\[\]<>|#!&~])", r"\\\1", " ".join(text.split()))


_LINKING = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "that",
        "the",
        "this",
        "to",
        "with",
        "which",
    ]
)


def snake(name: str) -> str:
    """Spell a foreign name in lower snake case, ASCII letters and digits only; may be empty.

    >>> snake("filter[objectType]"), snake("ecomm-order"), snake("AvgSatScoreNum")
    ('filter_object_type', 'ecomm_order', 'avg_sat_score_num')
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", ascii_only)
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def spelled(text: str, names: Mapping[str, str]) -> str:
    """A text of the document in the words of its tool: what is an argument of it is called as callers call it.

    >>> spelled("True with sendAt, see reCAPTCHA", {"sendAt": "send_at"})
    'True with send_at, see reCAPTCHA'
    """
    return _CAMEL.sub(lambda found: names.get(found[0], found[0]), text)


def camel(name: str) -> str:
    """Spell a name as a Python class: `create_a_kustomer_note` becomes `CreateAKustomerNote`."""
    return "".join(part[:1].upper() + part[1:] for part in snake(name).split("_"))


def identifier(name: str, fallback: str = "unnamed") -> str:
    """Spell a name as an argument: snake case, never empty, never starting with a digit."""
    spelled = snake(name) or fallback
    return f"n{spelled}" if spelled[0].isdigit() else spelled


def module_name(name: str) -> str:
    """Spell a foreign name as a Python module and as a file on any system; `other` where nothing is left of it."""
    spelled = identifier(name, "other")
    return f"{spelled}_tools" if keyword.iskeyword(spelled) or is_device(spelled) else spelled


def is_inside(path: str) -> bool:
    """Whether a path, of a manifest or a journal, stays below the folder that it is written for."""
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and bool(pure.parts)


def is_device(name: str) -> bool:
    """Whether Windows has a device of that name, so that no file may have it there."""
    return _DEVICE.fullmatch(name) is not None


def python_name(name: str) -> str:
    """Keep an argument's name clear of Python's keywords, of the names that generated code itself uses, and of pydantic's."""
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name


_TAKEN = frozenset(
    {
        *("kustomer", "comma", "refuse_together", "list", "dict", "str", "int", "float", "bool"),
        # What a pydantic model has already.
        *("construct", "copy", "from_orm", "json", "parse_file", "parse_obj", "parse_raw", "schema", "schema_json"),
        *("update_forward_refs", "validate", "model_computed_fields", "model_config", "model_construct", "model_copy"),
        *("model_dump", "model_dump_json", "model_extra", "model_fields", "model_fields_set", "model_json_schema"),
        *("model_parametrized_name", "model_post_init", "model_rebuild", "model_validate", "model_validate_json"),
        "model_validate_strings",
    }
)
