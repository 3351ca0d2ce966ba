"""A kill at any moment of `regenerate`: pins and packages are old or new once the next command has looked, and never mixed."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from fleet_kit import copy_root, run, tree

from generator.sandbox import Sandbox

_KILLS = 10


def _moments(took: float) -> list[float]:
    """Moments of a run that takes so long, most of them towards its end, when it writes."""
    chance = random.Random(7)
    return [took * (1 - chance.random() ** 2 * 0.7) for _ in range(_KILLS)]


def _started(root: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "generator.cli", "-C", str(root), "regenerate", "acme"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)


def test_a_killed_regenerate_leaves_pins_and_package_old_or_new_and_the_next_run_does_the_rest(
    sandbox: Sandbox, root: Path, tmp_path: Path
) -> None:
    sandbox.world.org("acme").metadata["kobject.order"]["properties"]["pointsNum"] = {
        "name": "pointsNum", "type": "number", "displayName": "Points",
    }  # fmt: skip
    old = tree(root)
    whole = copy_root(tmp_path / "whole")
    start = time.monotonic()
    assert _started(whole).wait(timeout=120) == 0
    took, new = time.monotonic() - start, tree(whole)
    assert json.loads(new["generated/acme/manifest.json"])["version"] == "1.1.0"
    seen = set()
    for moment in _moments(took):
        copy = tmp_path / f"killed-{moment}"
        shutil.copytree(root, copy)
        process = _started(copy)
        time.sleep(moment)
        process.kill()
        process.wait()
        assert run(copy, "check", "acme").exit_code == 0
        state = tree(copy)
        seen.add("old" if state == old else "new" if state == new else "mixed")
        assert run(copy, "regenerate", "acme").exit_code == 0
        assert tree(copy) == new
        shutil.rmtree(copy)
    assert "mixed" not in seen
