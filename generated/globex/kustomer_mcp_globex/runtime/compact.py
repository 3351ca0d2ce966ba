"""Owns making an answer small without losing an id or a relationship: only the attributes asked for, no links that say
nothing, nothing that is null or empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import accumulate
from typing import Any

from .answer import NEXT_CURSOR
from .masking import NESTED, is_masked, leaves, named
from .presentation import Json

_RECORD = ("type", "id", "attributes", "relationships")
_LINKS = ("links", "link", "data")
_KOBJECTS = {"kobject": True}  # what `meta` says of a relationship whose link says so too
# What the notice about unknown fields begins with.
UNKNOWN = "No record here has "
_SHOWN_NAMES = 8

Tree = dict[str, Any]


def _path(name: str) -> list[str]:
    """The parts of a field's name, which may be spelled as a notice spells it: `attributes.phones[].phone`."""
    return name.strip().removeprefix("attributes.").replace("[]", "").split(".")


def field_tree(fields: tuple[str, ...]) -> Tree:
    """Fields as nested names; a name without further ones is wanted whole."""
    tree: Tree = {}
    for path in sorted((_path(name) for name in fields), key=len, reverse=True):
        branch = tree
        for part in path[:-1]:
            branch = branch.setdefault(part, {})
        branch[path[-1]] = {}
    return tree


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and "type" in value and ("attributes" in value or "relationships" in value)


def _each_record(value: Any, change: Callable[[Json], Json]) -> Any:
    """Change one record, a list of them, or records by name; what is none stays."""
    if isinstance(value, list):
        return [_each_record(one, change) for one in value]
    if _is_record(value):
        return change(value)
    return {name: _each_record(one, change) for name, one in value.items()} if isinstance(value, dict) else value


def projected(content: Mapping[str, Any], tree: Tree) -> Json:
    def change(record: Json) -> Json:
        kept: Json = {name: record[name] for name in _RECORD if name in record}
        return {**kept, "attributes": _picked(record["attributes"], tree)} if "attributes" in kept else kept

    return {**content, "data": _each_record(content["data"], change)} if tree and "data" in content else dict(content)


def _picked(value: Any, tree: Tree) -> Any:
    if isinstance(value, list):
        return [_picked(inner, tree) for inner in value]
    if not isinstance(value, dict) or is_masked(value):
        return value
    return {name: _picked(inner, tree[name]) if tree[name] else inner for name, inner in value.items() if name in tree}


def unknown_fields(content: Mapping[str, Any], fields: tuple[str, ...]) -> str:
    """Name the fields that no record of this answer has, each with the nearest that one has."""
    known: dict[str, None] = {}

    def learn(record: Json) -> Json:
        for path, _ in leaves(record.get("attributes") or {}):
            known.update(dict.fromkeys(accumulate(path.replace("[]", "").split("."), "{}.{}".format)))
        return record

    if fields:
        _each_record(content.get("data"), learn)
    known.pop("", None)
    paths = {name: ".".join(_path(name)) for name in fields}
    whole = tuple(f"{path}." for path in paths.values())  # what is within one of these is shown with it
    unknown = [name for name, path in paths.items() if path not in known and not path.startswith(whole)]
    if not known or not unknown:
        return ""
    near = {name: near for name in unknown[:_SHOWN_NAMES] if (near := _nearest(name, list(known)))}
    meant = f"; nearest: {named(near.values(), _SHOWN_NAMES)}" if near else ""
    return f"{UNKNOWN}{named(unknown, _SHOWN_NAMES)}{meant}."


def _nearest(name: str, known: list[str]) -> str:
    """The known field of the same last name, such as `custom.sizeStr` for `sizeStr`; else the one spelled most alike."""
    last = _path(name)[-1]
    same = [one for one in known if one.rpartition(".")[2] == last]
    return next(iter(same or get_close_matches(name, known, n=1)), "")


def compacted(content: Json, tree: Tree) -> Json:
    answer = {name: value for name, value in content.items() if name != "links"}
    links = content.get("links")
    if isinstance(links, dict) and links.get("next") and NEXT_CURSOR not in content:
        answer["links"] = links  # else there would be no word of a next page
    if "included" in answer:
        answer["included"] = _each_record(answer["included"], lambda record: _plain(record, {}))
    if "data" in answer:
        answer["data"] = _each_record(answer["data"], lambda record: _plain(record, tree))
    return _one_org(_without_empty(answer, "included"))


def _plain(record: Json, tree: Tree) -> Json:
    """A record without its link, and its relationships in short; links below its own are relative (`./messages`)."""
    kept = {name: value for name, value in record.items() if name != "links"}
    attributes, relationships = record.get("attributes"), record.get("relationships")
    if isinstance(attributes, dict):
        modified = attributes.get("modifiedAt")
        twice = isinstance(modified, str) and modified == attributes.get("updatedAt") and "modifiedAt" not in tree
        once = {name: value for name, value in attributes.items() if not (twice and name == "modifiedAt")}
        kept["attributes"] = _pruned(once, tree)
    if isinstance(relationships, dict):
        own = _link(record.get("links"))
        found = {name: _relationship(value, own) for name, value in relationships.items()}
        kept["relationships"] = {name: value for name, value in found.items() if not _is_empty(value)}
    return _without_empty(kept, "attributes", "relationships")


def _one_org(answer: Json) -> Json:
    """Say once for a list, as `org`, that all its records are of one organisation."""
    rows = answer.get("data")
    if not isinstance(rows, list) or not rows or not all(_is_record(row) for row in rows) or "org" in answer:
        return answer
    related = [row["relationships"] if isinstance(row.get("relationships"), dict) else {} for row in rows]
    org = related[0].get("org")
    if not org or any(one.get("org") != org for one in related):
        return answer
    others = [{name: value for name, value in one.items() if name != "org"} for one in related]
    data = [{**row, "relationships": other} for row, other in zip(rows, others, strict=True)]
    return {**answer, "data": [_without_empty(row, "relationships") for row in data], "org": org}


def _without_empty(record: Json, *names: str) -> Json:
    return {name: value for name, value in record.items() if name not in names or not _is_empty(value)}


def _pruned(value: Any, tree: Tree) -> Any:
    """Without what is null or empty, except what was asked for by name: that it is empty is then an answer."""
    if isinstance(value, list):
        return [_pruned(inner, tree) for inner in value]
    if not isinstance(value, dict) or is_masked(value):
        return value
    pruned = {
        name: _pruned(inner, tree.get(name, {})) if isinstance(inner, NESTED) else inner
        for name, inner in value.items()
    }
    return {name: inner for name, inner in pruned.items() if not _is_empty(inner) or tree.get(name) == {}}


def _is_empty(value: Any) -> bool:
    return not value and (value is None or isinstance(value, NESTED))


def _relationship(value: Any, own: str) -> Any:
    """Type and id, a list of them, or the link as a string; with what else Kustomer says, where it does."""
    if not isinstance(value, dict) or "id" in value or not any(name in value for name in _LINKS):
        return value
    more = {k: v for k, v in value.items() if k not in _LINKS and (k, v) != ("meta", _KOBJECTS)}
    if "data" in value:
        return {"data": value["data"], **more} if more else value["data"]
    link = _link(value.get("links", value.get("link")))
    link = f".{link.removeprefix(own)}" if own and link.startswith(f"{own}/") else link
    return value if not link else {"link": link, **more} if more else link


def _link(links: Any) -> str:
    if isinstance(links, dict):
        links = next((links[name] for name in ("self", "related") if isinstance(links.get(name), str)), "")
    return links if isinstance(links, str) else ""
