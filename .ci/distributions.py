"""Owns the check that sdist and wheel hold what they must, nothing else, and the version that is released.

Usage: distributions.py DIST [TAG]. Exit code 1, with every problem, where they don't.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Folder of the checkout -> where the wheel has it.
PLACES = {"generator": "generator", "templates": "generator/templates", "specs/openapi": "generator/bundled"}
# Page -> how it names the version that it tells people to use.
NAMED = {
    "docs/regenerating.md": "/actions/regenerate@v{}\n",
    "docs/kubernetes/Dockerfile": " kustomer-mcp:{} ",
    "docs/kubernetes/regenerate-cronjob.yaml": "image: kustomer-mcp:{}\n",
}
# What else an sdist needs to be built, and what hatchling adds.
SDIST_TOP = {"pyproject.toml", "README.md", "LICENSE", ".gitignore", "PKG-INFO"}


def tracked() -> set[str]:
    """The files of PLACES that git knows, or has not been told to ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *PLACES]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def in_wheel(name: str) -> str:
    """Where the wheel has a file of the checkout."""
    folder = next(folder for folder in PLACES if name.startswith(f"{folder}/"))
    return PLACES[folder] + name.removeprefix(folder)


def differences(what: str, wanted: set[str], found: set[str]) -> list[str]:
    """One line a file that is missing or too many."""
    return [f"{what} lacks {name}" for name in sorted(wanted - found)] + [
        f"{what} has {name}, which is not of the project" for name in sorted(found - wanted)
    ]


def main() -> None:
    """Check, and say it."""
    folder, tag = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    stem, files = f"kustomer_mcp-{version}", tracked()
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl") as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        says = wheel.read("generator/__init__.py").decode()
    with tarfile.open(folder / f"{stem}.tar.gz") as sdist:
        sources = {entry.name.removeprefix(f"{stem}/") for entry in sdist if not entry.isdir()}  # one is a link
    problems = differences("the wheel", {in_wheel(name) for name in files}, packed)
    problems += differences("the sdist", files | SDIST_TOP, sources)
    if f'__version__ = "{version}"' not in says:
        problems.append(f"generator/__init__.py has another version than {version}, which is in pyproject.toml")
    problems += [
        f"{name} names another version than {version}, which is in pyproject.toml"
        for name, words in NAMED.items()
        if words.format(version) not in (ROOT / name).read_text(encoding="utf-8")
    ]
    if tag and tag != f"v{version}":
        problems.append(f"the tag is {tag}, and the version in pyproject.toml {version}: set one to the other")
    if tag and f"\n## {version} - " not in (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8"):
        problems.append(f"docs/changelog.md has no section `## {version} - YYYY-MM-DD`: give it its date")
    if problems:
        sys.exit("\n".join(problems))
    print(f"{stem}: {len(packed)} files in the wheel, {len(sources)} in the sdist")


if __name__ == "__main__":
    main()
