"""Owns two states of a repository side by side, for `diff`: a git revision or a folder against what is here.

Where both have generated/, what is compared is what callers have: the files themselves, so also what another version of
the generator made of the same inputs. Where one has only specs/, both are built from specs/ by this version.
"""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from generator.config import check_tenant_name, tenants
from generator.drift import tenant_report
from generator.drift_config import NO_DRIFT_CONFIG
from generator.drift_run import attempt, report
from generator.errors import ConfigError
from generator.findings import Report, TenantReport
from generator.release import committed_version
from generator.states import State, surface_now
from generator.surface import Surface
from generator.surface_files import read_package, surface_from


def diff(root: Path, other: str, names: Sequence[str]) -> Report:
    """What callers notice between `other` and what is here now.

    Args:
        root: The folder that holds specs/ and generated/.
        other: A folder that holds generated/ or specs/, a package's own folder, or a git revision.
        names: Tenants; none means all that either side has.

    Raises:
        ConfigError: It is neither a folder nor a revision, or has no tenant, or neither side has one of those named.
    """
    with _opened(root, other) as old:
        every = tuple(names) or tuple(sorted({*_tenants(old), *_tenants(root)}))
        if not every:
            raise ConfigError(f"there is no tenant here or in {other}", ["it needs generated/ or specs/tenants/"])
        for name in every:
            check_tenant_name(name)
        known = {*_tenants(old), *_tenants(root)}
        if unknown := sorted(set(names) - known):
            said = f"the tenants are {', '.join(sorted(known)) or 'none'}"
            raise ConfigError(f"there is no {', '.join(unknown)} here or in {other}", [said])
        return report(f"Changes since {other}", [attempt(name, lambda name=name: _tenant(old, root, name)) for name in every])  # type: ignore[misc]


def _tenant(old: Path, new: Path, name: str) -> TenantReport:
    config = State(new).tenant(name) if _has_config(new, name) else None
    from_files = all(_package(side, name) is not None or not _has_specs(side, name) for side in (old, new))
    before, after = (_surface(side, name, from_files=from_files) for side in (old, new))
    drift = config.drift if config else NO_DRIFT_CONFIG
    made = tenant_report(name, before, after, drift, config.path if config else "")
    versions = [committed_version(folder) if (folder := _package(side, name)) else "" for side in (old, new)]
    return TenantReport(
        name, made.state, made.findings, made.suppressed, made.changes, versions[0], versions[1] or versions[0]
    )


def _surface(root: Path, name: str, *, from_files: bool) -> Surface:
    """The surface on one side; an empty one where it does not have the tenant."""
    folder = _package(root, name)
    if from_files and folder is not None:
        return surface_from(read_package(folder))
    if not from_files and _has_specs(root, name):
        state = State(root)
        return surface_now(state.documents, state.klasses(name), state.tenant(name))
    return Surface()


def _package(root: Path, name: str) -> Path | None:
    """The package's folder, also where `root` is that folder itself."""
    for folder in (root / "generated" / name, root / name, root):
        if (folder / "manifest.json").is_file() and _tenant_of(folder) == name:
            return folder
    return None


def _tenant_of(folder: Path) -> str:
    try:
        return str(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["tenant"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _has_config(root: Path, name: str) -> bool:
    return (root / "specs" / "tenants" / name / "tenant.toml").is_file()


def _has_specs(root: Path, name: str) -> bool:
    return _has_config(root, name) and (root / "specs" / "lock.json").is_file()


def _tenants(root: Path) -> set[str]:
    found = {_tenant_of(path.parent) for pattern in ("manifest.json", "*/manifest.json", "generated/*/manifest.json") for path in root.glob(pattern)}  # fmt: skip
    return {*tenants(root), *found} - {""}


@contextmanager
def _opened(root: Path, other: str) -> Iterator[Path]:
    if Path(other).is_dir():
        yield Path(other)
        return
    with tempfile.TemporaryDirectory(prefix="kustomer-mcp-") as folder:
        _extract(root, other, Path(folder))
        yield Path(folder)


def _extract(root: Path, revision: str, folder: Path) -> None:
    """specs/ and generated/ of a git revision."""
    if revision.startswith("-"):
        raise ConfigError(f"{revision!r} is neither a folder nor a git revision")
    found = [
        path for path in ("specs", "generated") if _git(root, "cat-file", "-e", f"{revision}:./{path}") is not None
    ]
    archive = _git(root, "archive", "--format=tar", revision, "--", *found) if found else None
    if archive is None:
        what = f"{revision!r} is neither a folder nor a git revision that has specs/ or generated/"
        raise ConfigError(what, ["name a commit, a branch, a tag or a folder; `kustomer-mcp diff HEAD~1`"])
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")


def _git(root: Path, *words: str) -> bytes | None:
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(  # noqa: S603  no shell; a revision that could be an option is refused
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise ConfigError("git can't be run", [str(error)]) from None
    return done.stdout if done.returncode == 0 else None
