"""Coverage-guided fuzzing of what comes from outside: any bytes, taken for a document, and any JSON, taken for the metadata
of a Klass, are a package, or an error of the tool's own. `make fuzz`.

It is no test of pytest's: it runs until it is told to stop (`-max_total_time=60`), and keeps what reached new code in the
folder that it is given. A crash is written beside it, and belongs in tests/hostile once it is mended.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["generator"]):
    from generator.config import Tenant
    from generator.documents import read_document
    from generator.errors import KustomerMcpError
    from generator.injection import suspicious
    from generator.package import build
    from generator.snapshot import Snapshot

TENANT = Tenant("acme", "specs/tenants/acme/tenant.toml", "https://acme.api.kustomerapp.com")
KLASS = b"klass "
# The document that Klasses are put into.
SMALL = read_document("core", (Path(__file__).parent / "corpus" / "small.json").read_bytes())


def one_input(raw: bytes) -> None:
    """Read, and build what can be read; whatever is not KustomerMcpError is a finding."""
    try:
        package = build(_snapshot(raw), TENANT)
    except KustomerMcpError as error:
        str(error).encode("utf-8")
        return
    for tool in package.tools:
        tool.description.encode("utf-8")
        suspicious(tool.description)


def _snapshot(raw: bytes) -> Snapshot:
    """Bytes that begin with `klass` are the JSON of one, as it is pinned; all others are a document."""
    if not raw.startswith(KLASS):
        return Snapshot({"core": read_document("core", raw)}, {"acme": {}})
    try:
        content = json.loads(raw.removeprefix(KLASS))
    except (ValueError, RecursionError):
        content = {}
    return Snapshot({"core": SMALL}, {"acme": {"klasses/order.json": content}})


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
