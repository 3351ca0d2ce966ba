"""docs/examples/ and what docs/reviewing.md quotes are what the tool says of a real change on the emulator.

`UPDATE_EXPECTED=1 python -m pytest tests/regeneration` writes both anew; the tests are then skipped, not passed.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import regeneration_kit as kit
from regeneration_world import KEYS, World

from generator import reports
from generator.findings import Report
from generator.reports import json as as_json
from generator.reports import places

EXAMPLES = kit.ROOT / "docs" / "examples"
REVIEWING = kit.ROOT / "docs" / "reviewing.md"
NAMES = {**reports.FILES, "github": "annotations.txt"}
TOOLS = "generated/acme/kustomer_mcp_acme/tools/custom_objects.py"
MODELS = "generated/acme/kustomer_mcp_acme/models/custom_objects.py"
QUOTE = re.compile(
    r"(<!-- quote: (?P<name>[\w-]+) -->\n(?P<fence>`{3,})\w+\n)(?P<text>(?:.*\n)*?)(?P<end>(?P=fence)\n)"
)


@pytest.mark.parametrize("world", ["github"], indirect=True)
def test_the_examples_and_the_walk_through_are_of_today(world: World, tmp_path: Path) -> None:
    world.change()
    variables = {**KEYS, "KUSTOMER_BASE_URL": world.sandbox.url}
    told = drift(world, variables)
    locate = places.in_tree(world.made.root)
    made = {NAMES[form]: reports.render(told, form, locate=locate) for form in reports.FORMATS}
    quotes = walk(world, variables)
    text = REVIEWING.read_text(encoding="utf-8")
    assert {found["name"] for found in QUOTE.finditer(text)} == set(quotes)
    quoted = QUOTE.sub(lambda found: f"{found[1]}{quotes[found['name']]}\n{found['end']}", text)
    if kit.UPDATE:
        for name, content in made.items():
            (EXAMPLES / name).write_text(content, encoding="utf-8", newline="\n")
        REVIEWING.write_text(quoted, encoding="utf-8", newline="\n")
        pytest.skip("written anew")
    assert {path.name for path in EXAMPLES.iterdir()} == set(made)
    for name, content in made.items():
        assert (EXAMPLES / name).read_text(encoding="utf-8") == content, name
    assert text == quoted


def drift(world: World, variables: dict[str, str]) -> Report:
    done = world.made.tool("drift", "--all", "--format", "json", **variables)
    assert done.code == 3, done
    return as_json.read(done.out, "drift")


def walk(world: World, variables: dict[str, str]) -> dict[str, str]:
    """The job by hand, and what a reviewer looks at."""
    made = world.made
    regenerated = made.tool("regenerate", "--all", "--report", "report", **variables)
    proposed = made.tool("propose", "--all", "--report", "report", "--forge", "github")
    assert (regenerated.code, proposed.code) == (0, 0), (regenerated, proposed)
    (request,) = world.state.open()
    branch = "origin/kustomer-mcp/all"
    made.git("fetch", "-q", "origin")
    diff = made.git("diff", "-U1", "main", branch, "--", MODELS)
    log = made.git("show", f"{branch}:generated/acme/CHANGELOG.md").split("\n## ")
    return {
        "regenerate": regenerated.out.rstrip(),
        "propose": proposed.out.rstrip(),
        "title": f"{request.title}\nLabel: {', '.join(request.labels)}",
        "body": request.body.partition("\n---\n")[0].rstrip(),
        "stat": numbers(made.git("diff", "--numstat", "main", branch)),
        "models": "\n".join(diff.splitlines()[4:40]),
        "changelog": f"## {log[1]}".rstrip(),
    }


def numbers(rows: str) -> str:
    """`+16 -0  file`, one a line."""
    cells = [row.split("\t") for row in rows.splitlines()]
    return "\n".join(f"{f'+{added}':>4} {f'-{removed}':>4}  {path}" for added, removed, path in cells)
