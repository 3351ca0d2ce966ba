"""Owns reading deployment files, and running a Dockerfile's steps in a folder. Must not hold an expectation."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
TENANTS = ("acme", "globex")
BIN = Path(sys.executable).parent
IN_CI = bool(os.environ.get("CI"))


def package(tenant: str) -> Path:
    """The folder of a generated package."""
    return ROOT / "generated" / tenant


def objects(tenant: str) -> dict[str, dict[str, Any]]:
    """The Kubernetes objects by their kind."""
    files = sorted((package(tenant) / "deploy" / "kubernetes").glob("*.yaml"))
    found = [document for file in files for document in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    assert len({one["kind"] for one in found}) == len(found) == len(files)
    return {one["kind"]: one for one in found}


def instructions(text: str, folder: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions in order, without comments; continued lines are joined."""
    (folder / "Dockerfile").write_text(text, encoding="utf-8")
    parser = DockerfileParser(str(folder), env_replace=False)
    return [(row["instruction"], row["value"]) for row in parser.structure if row["instruction"] != "COMMENT"]


@dataclass
class Image:
    """What a Dockerfile makes, below a folder instead of in an engine: absolute paths of the image are paths below `place`.

    The stages share one tree, since none of them removes or replaces a file of another.
    """

    place: Path
    environment: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def below(self, words: str) -> str:
        """Words with the image's own paths as paths below the folder."""
        return re.sub(r"(?<![\w./])/(opt|data|build)\b", lambda found: f"{self.place}/{found[1]}", words)

    def run(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """A process with the image's environment, and nothing of this one's but what finds the network."""
        return subprocess.run(
            words, env=self.seen(), capture_output=True, text=True, timeout=300, check=False, **options
        )

    def seen(self) -> dict[str, str]:
        """The environment of a process in the image."""
        kept = ("SSL_", "PIP_", "REQUESTS_", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG")
        outside = {name: value for name, value in os.environ.items() if name.startswith(kept)}
        return outside | {"PATH": f"{BIN}:/usr/bin:/bin"} | self.environment


def build(context: Path, place: Path) -> Image:
    """Run the steps of a package's Dockerfile, on those files of its folder that .dockerignore lets through."""
    image = Image(place)
    seen = place / "context"
    _copy_context(context, seen)
    parsed = place / "parsed"
    parsed.mkdir()
    where = place
    for name, value in instructions((context / "Dockerfile").read_text(encoding="utf-8"), parsed):
        if name == "WORKDIR":
            where = Path(image.below(value))
            where.mkdir(parents=True, exist_ok=True)
        elif name == "RUN":
            words = (
                [image.below(word) for word in json.loads(value)]
                if value.startswith("[")
                else ["sh", "-c", image.below(value)]
            )
            done = image.run(words, cwd=where)
            assert done.returncode == 0, f"RUN {value}\n{done.stdout}{done.stderr}"
        elif name == "COPY" and "--from" not in value:
            source, target = value.split()
            _copy(seen / source, Path(image.below(target)) if target != "./" else where / Path(source).name)
        elif name == "ENV":
            pairs = dict(word.split("=", 1) for word in shlex.split(value))
            image.environment |= {
                key: image.below(text).replace("$PATH", image.seen()["PATH"]).replace("=/data", f"={place}/data")
                for key, text in pairs.items()
            }
        elif name in ("ENTRYPOINT", "CMD"):
            image.command += json.loads(value)
        elif name == "HEALTHCHECK":
            image.health = json.loads(value.partition("CMD ")[2])
    return image


def _copy_context(context: Path, seen: Path) -> None:
    rules = (context / ".dockerignore").read_text(encoding="utf-8").split("\n")
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    for rule in kept:
        _copy(context / rule, seen / rule)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)
