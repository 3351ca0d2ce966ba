"""Coverage-guided fuzzing of the document reader: any bytes are a package, or an error of the tool's own. `make fuzz`.

It is no test of pytest's: it runs until it is told to stop (`-max_total_time=60`), and keeps what reached new code in the
folder that it is given. A crash is written beside it, and belongs in tests/hostile once it is mended.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["generator"]):
    from generator.config import Tenant
    from generator.documents import read_document
    from generator.errors import KustomerMcpError
    from generator.injection import suspicious
    from generator.package import build
    from generator.snapshot import Snapshot

TENANT = Tenant("acme", "specs/tenants/acme/tenant.toml", "https://acme.api.kustomerapp.com")


def one_input(raw: bytes) -> None:
    """Read, and build what can be read; whatever is not KustomerMcpError is a finding."""
    try:
        document = read_document("core", raw)
        package = build(Snapshot({"core": document}, {"acme": {}}), TENANT)
    except KustomerMcpError as error:
        str(error).encode("utf-8")
        return
    for tool in package.tools:
        tool.description.encode("utf-8")
        suspicious(tool.description)


def main() -> None:
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
