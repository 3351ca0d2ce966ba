"""Owns the peers' versions, as data, and how each is installed below .tools/peers, in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.everything import ROOT

HOME = ROOT / ".tools" / "peers"
NODE_HOME = ROOT / ".tools" / "npm" / "node"
_PATIENCE = 600


@dataclass(frozen=True, slots=True)
class Pin:
    """One peer: its name in a registry, the version that is measured, which registry that is, and what its output needs."""

    name: str
    version: str
    registry: Literal["pypi", "npm"] = "pypi"
    besides: tuple[str, ...] = ()


PINS: tuple[Pin, ...] = (
    Pin("fastmcp", "4.1.2"),
    Pin("awslabs.openapi-mcp-server", "1.1.6"),
    Pin("mcp-openapi-proxy", "0.4.0"),
    Pin("openapi-mcp-generator", "4.0.1", "npm"),
    Pin("openapi-python-client", "0.29.1"),
    Pin("datamodel-code-generator", "0.89.0", besides=("pydantic[email]",)),
)


def home(pin: Pin) -> Path:
    return HOME / f"{pin.name}-{pin.version}"


def installed(pin: Pin) -> Path:
    """Install a peer where it is not there yet, and give its folder.

    Raises:
        subprocess.SubprocessError: Its registry, or its build, failed.
    """
    folder = home(pin)
    mark = folder / "installed"
    if mark.exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    (_install_python if pin.registry == "pypi" else _install_node)(pin, folder)
    mark.write_text(pin.version, encoding="utf-8")
    return folder


def _install_python(pin: Pin, folder: Path) -> None:
    _run(sys.executable, "-m", "venv", str(folder / "venv"))
    _run(
        str(python(folder)),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        f"{pin.name}=={pin.version}",
        *pin.besides,
    )


def _install_node(pin: Pin, folder: Path) -> None:
    if not node().exists():
        NODE_HOME.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (NODE_HOME / name).write_bytes((ROOT / ".ci" / "npm" / "node" / name).read_bytes())
        _run("npm", "ci", folder=NODE_HOME)
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    _run("npm", "install", "--no-audit", "--no-fund", f"{pin.name}@{pin.version}", folder=folder)


def python(folder: Path) -> Path:
    return folder / "venv" / "bin" / "python"


def node() -> Path:
    return NODE_HOME / "node_modules" / ".bin" / "node"


def with_node() -> dict[str, str]:
    """The environment in which npm and the peers' scripts find the pinned node."""
    return os.environ | {"PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}


def _run(*command: str, folder: Path | None = None) -> None:
    environment = with_node() if node().exists() else dict(os.environ)
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, timeout=_PATIENCE)
