"""Owns the report: what mutations should have yielded, and what they did, and how large their diffs were. Must not hold an expectation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from drift_kit import Case, Expected
from drift_locality import section

Result = tuple[Case, list[Expected]]
_SILENT = "(silent)"
_HEAD = """# What drift finds: the mutation suite

Made by `UPDATE_EXPECTED=1 python -m pytest tests/drift`; the tests fail when it is not current. Every mutation is made at one
place of the committed documents, Klasses, metadata or selection of acme, chosen by a fixed seed; what it must yield is
written down with it, and is not computed by the code under test. A case is right when rules, severities and the
names of all tools are exactly those, and nothing else is found.
"""


def right(result: Result) -> bool:
    case, found = result
    return sorted(map(_key, case.expected)) == sorted(map(_key, found))


def _key(one: Expected) -> tuple[str, str, list[str]]:
    return one.rule, one.severity, sorted(one.tools)


def table(results: Iterable[Result], sizes: Mapping[str, str]) -> str:
    """The report as Markdown; `sizes` has a row for each kind of single mutation."""
    rows = list(results)
    singles = [row for row in rows if row[0].kind != "pair"]
    said = f"{len(singles)} single mutations of {len({c.kind for c, _ in singles})} kinds and {len(rows) - len(singles)} pairs; {sum(map(right, rows))} of {len(rows)} exactly right."  # fmt: skip
    return "\n".join([_HEAD, said, "", *_confusion(singles), "", *_kinds(rows), "", section(sizes)])


def _confusion(rows: list[Result]) -> list[str]:
    """Expected rule against found rule, over single mutations; what is off the diagonal has a line of its own."""
    pairs: Counter[tuple[str, str]] = Counter()
    for case, found in rows:
        want, got = (Counter(one.rule for one in side) for side in (case.expected, found))
        both = want & got
        pairs.update({(rule, rule): count for rule, count in both.items()})
        missed, more = list((want - got).elements()), list((got - want).elements())
        pairs.update((rule, _SILENT) for rule in missed)
        pairs.update((_SILENT, rule) for rule in more)
        if not want and not got:
            pairs[_SILENT, _SILENT] += 1
    lines = ["## Confusion", "", "| expected | found | times | |", "|---|---|---|---|"]
    return lines + [f"| {a} | {b} | {n} | {'' if a == b else '**wrong**'} |" for (a, b), n in sorted(pairs.items())]


def _kinds(rows: list[Result]) -> list[str]:
    lines = ["## Kinds", "", "| mutation | cases | right | must yield |", "|---|---|---|---|"]
    kinds: dict[str, list[Result]] = {}
    for row in rows:
        kinds.setdefault(row[0].kind, []).append(row)
    for kind, members in sorted(kinds.items()):
        wanted = sorted({one.rule for case, _ in members for one in case.expected})
        shown = "nothing" if not wanted else ", ".join(wanted[:6]) + (", ..." if len(wanted) > 6 else "")
        lines.append(f"| {kind} | {len(members)} | {sum(map(right, members))} | {shown} |")
    return lines
