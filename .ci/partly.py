"""Owns the checks inside baselined scenarios: `partly.py RESULTS EXPECTED` fails where they are not as expected.

A baseline names whole scenarios, so a scenario that is on it for four checks would hide twenty others.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def expected_failures(path: Path) -> set[tuple[str, str]]:
    """The rows `scenario check` of the file."""
    rows = path.read_text(encoding="utf-8").splitlines()
    return {(words[0], words[1]) for row in rows if (words := row.split()) and not row.startswith("#")}


def failures(results: Path, scenario: str) -> set[tuple[str, str]]:
    """The failed checks of one scenario; its folder is called server-SCENARIO-TIME."""
    found = sorted(results.glob(f"server-{scenario}-20*/checks.json"))
    if len(found) != 1:
        sys.exit(f"{scenario}: {len(found)} results where 1 is expected")
    checks = json.loads(found[0].read_text(encoding="utf-8"))
    return {(scenario, check["id"]) for check in checks if check["status"] == "FAILURE"}


def main() -> None:
    results, expected = Path(sys.argv[1]), expected_failures(Path(sys.argv[2]))
    failed = {row for scenario in {row[0] for row in expected} for row in failures(results, scenario)}
    for scenario, check in sorted(failed - expected):
        print(f"{scenario}: {check} fails, and may not")
    for scenario, check in sorted(expected - failed):
        print(f"{scenario}: {check} passes now; take it out of {sys.argv[2]}")
    sys.exit(failed != expected)


if __name__ == "__main__":
    main()
