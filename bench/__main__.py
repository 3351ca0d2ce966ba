"""`python -m bench [--fleet TENANTS] [--fleet-folder F]`: measure everything and print it. Sizes are exact; compare
times only within one run. The fleet comes last, for its first generation takes long; F keeps it for the next time."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import tempfile
import time
from pathlib import Path

from bench import calls, fleet, generation, grants, packages, starts
from bench.everything import ROOT, TENANT, command, write_specs
from bench.processes import run
from bench.table import Section, text


def main() -> None:
    said = _said()
    start = time.perf_counter()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    print(f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}")
    print(f"Load before it began: {load}; with other work on the machine only ratios, processor time and sizes hold.")
    print("Where several were taken: the median, then smallest - largest, then the aim.")
    folder = Path(tempfile.mkdtemp())
    try:
        missed = [row.what for section in _sections(folder, said) for row in section.rows if row.missed]
    finally:
        shutil.rmtree(folder)
    print(f"\n{time.perf_counter() - start:.0f} s in all; aims missed: {', '.join(missed) or 'none'}")


def _said() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--fleet", type=int, default=fleet.TENANTS, help="How many tenants the fleet has")
    parser.add_argument("--fleet-folder", type=Path, help="Keep the fleet here, and use what is there already")
    return parser.parse_args()


def _sections(folder: Path, said: argparse.Namespace) -> list[Section]:
    lean, full = folder / "lean", folder / "full"
    write_specs(lean, "lean")
    write_specs(full, "full")
    made = [_shown(generation.measured(lean))]
    run(command(full, "generate", TENANT), os.environ)
    folders = {
        "everything": lean / "generated" / TENANT,
        "acme": ROOT / "generated" / "acme",
        "globex": ROOT / "generated" / "globex",
    }
    made.append(_shown(packages.sizes(folders)))
    acme = packages.package("acme", folders["acme"], "acme")
    everything = packages.package("everything", folders["everything"], TENANT)
    everything_full = packages.package("everything in full detail", full / "generated" / TENANT, TENANT)
    globex = packages.package("globex", folders["globex"], "globex")
    listed = [(everything, 55_000.0), (everything_full, None), (acme, 12_000.0), (globex, None)]
    made.append(_shown(starts.list_sizes(listed)))
    python = packages.interpreter(folder / "environment", folders["acme"])
    floor, *started = (one.run_by(python) for one in (packages.empty(), acme, everything))
    made.append(_shown(starts.measured(floor, started)))
    made.append(_shown(calls.measured(acme)))
    made.append(_shown(grants.measured(acme, folder / "grants")))
    made.append(_shown(fleet.measured(said.fleet_folder or folder / "fleet", said.fleet, fleet.CHANGED)))
    return made


def _shown(section: Section) -> Section:
    print(f"\n{text(section)}", flush=True)
    return section


if __name__ == "__main__":
    main()
