"""Owns the tenant of every operation: no selection, acme's Klasses, its specs/ copied to a folder of its own.

`python -m bench.everything FOLDER [lean|full]` writes and generates it there.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from generator.snapshot import load, save_klasses

ROOT = Path(__file__).resolve().parent.parent
TENANT = "everything"
_KLASSES_OF = "acme"


def write_specs(folder: Path, detail: str) -> None:
    """Write specs/ of the tenant below `folder`; nothing is left out, for [tools] selects nothing."""
    klasses = load(ROOT, [_KLASSES_OF]).klasses[_KLASSES_OF]
    tenant = folder / "specs" / "tenants" / TENANT
    tenant.mkdir(parents=True)
    shutil.copytree(ROOT / "specs" / "openapi", folder / "specs" / "openapi")
    for name in ("lock.json", "sources.toml"):
        shutil.copy(ROOT / "specs" / name, folder / "specs" / name)
    text = f'org = "{_KLASSES_OF}"\ntitle = "Everything"\n\n[tools]\ndetail = "{detail}"\n'
    (tenant / "tenant.toml").write_text(text, encoding="utf-8", newline="\n")
    save_klasses(folder, TENANT, klasses)


def command(folder: Path, *words: str) -> list[str]:
    """The generator's command line, on that folder, with this interpreter."""
    code = "import sys; from generator.cli import main; sys.argv[0] = 'kustomer-mcp'; main()"
    return [sys.executable, "-c", code, "-C", str(folder), *words]


def main() -> None:
    folder, detail = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "lean"
    folder.mkdir(parents=True, exist_ok=True)
    write_specs(folder, detail)
    subprocess.run(command(folder, "generate", TENANT), check=True, stdout=subprocess.DEVNULL)
    print(folder / "generated" / TENANT)


if __name__ == "__main__":
    main()
