"""Owns the files of a new tenant: written once, then a person's own."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from generator.config import ORG, check_tenant_name, read_sources, read_tenant
from generator.errors import ConfigError
from generator.files import write_all


def initialise(root: Path, name: str, org: str, documents: Iterable[str]) -> list[str]:
    """Write a tenant's configuration, and the list of documents where there is none.

    Returns:
        The paths written.

    Raises:
        ConfigError: The tenant is there already, or its name or organisation can't be one.
    """
    check_tenant_name(name)
    tenant = f"specs/tenants/{name}/tenant.toml"
    if (root / tenant).exists():
        raise ConfigError(f"{tenant} is there already", ["edit it, or choose another name"])
    if not ORG.fullmatch(org):
        raise ConfigError(
            f"{org!r} is no organisation's name", ["it is the first word of https://NAME.kustomerapp.com"]
        )
    texts = {tenant: _scaffold("tenant.toml").replace("{tenant}", name).replace("{org}", org)}
    if not (root / "specs" / "sources.toml").exists():
        rows = "\n".join(f'[[document]]\nname = "{each}"\nurl = "bundled:{each}"\n' for each in documents)
        texts["specs/sources.toml"] = _scaffold("sources.toml").replace("{documents}\n", rows)
    write_all(root, texts)
    read_tenant(root, name)
    read_sources(root)
    return sorted(texts)


def _scaffold(kind: str) -> str:
    """The commented text of a new `tenant.toml` or `sources.toml`."""
    return (resources.files("generator") / "scaffold" / kind).read_text(encoding="utf-8")
