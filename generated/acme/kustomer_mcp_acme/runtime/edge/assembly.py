"""Owns putting a server together from its settings: MCP, grants, audit, telemetry, administration; or saying why it can't be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import KustomerError
from ..grants.credentials import KeyProblem
from ..grants.model import StoreDown
from ..grants.opening import GrantSettings, default_store, open_grants
from ..grants.service import Grants
from ..server import PackageInfo, build_server
from ..settings import Settings
from .app import HttpApp, Parts
from .asgi import AsgiApp
from .audit import Audit, AuditUnwritable, FileAudit, LogAudit, NoAudit, recorder
from .door import Door, OpenDoor
from .mcp import sdk_app
from .settings import Serving
from .telemetry import TelemetryError
from .telemetry import from_environment as telemetry_from_environment


class StartError(Exception):
    """The server can't be started; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class _Guarded:
    """What stands before MCP where callers need grants."""

    door: Door
    grants: Grants
    documents: dict[str, AsgiApp]
    admin: AsgiApp | None


def assemble(info: PackageInfo, serving: Serving) -> HttpApp:
    """The application of a package, ready to be served.

    Raises:
        StartError: Something that it needs can't be had.
    """
    try:
        settings = Settings.from_environment(info.base_url, info.user_agent)
        telemetry = telemetry_from_environment(info.name, info.version, urlsplit(settings.base_url).hostname or "")
        grant_settings = settings_of_grants(info, serving)
        audit = open_audit(serving, grant_settings)
        guarded = None if serving.open else _guarded(info, serving, grant_settings, audit)
        mcp = sdk_app(build_server(info, settings), serving.body_bytes)
    except (
        KustomerError, TelemetryError, AuditUnwritable, KeyProblem, StoreDown, ValueError
    ) as error:  # fmt: skip
        raise StartError(str(error)) from None
    if guarded is None:
        return HttpApp(Parts(info.name, mcp, OpenDoor(serving.exposure), audit, telemetry=telemetry), serving)
    parts = Parts(info.name, mcp, guarded.door, audit, guarded.grants, guarded.documents, guarded.admin, telemetry)
    return HttpApp(parts, serving)


def settings_of_grants(info: PackageInfo, serving: Serving) -> GrantSettings:
    """Where the grants are that a server with these settings has."""
    return GrantSettings(serving.store or str(default_store(info.module)), serving.hash_key)


def open_audit(serving: Serving, grants: GrantSettings) -> Audit:
    """The audit log: where it is said; else beside the SQLite store, with Redis in the log, and none where everybody comes in.

    Raises:
        AuditUnwritable: It can't be written.
    """
    if serving.audit_log not in ("", "-"):
        return FileAudit(Path(serving.audit_log).expanduser())
    if serving.open and not serving.audit_log:
        return NoAudit()
    if serving.audit_log == "-" or grants.path is None:
        return LogAudit()
    return FileAudit(grants.path.with_name("audit.jsonl"))


def _guarded(info: PackageInfo, serving: Serving, settings: GrantSettings, audit: Audit) -> _Guarded:
    from .entrance import entrance

    grants = open_grants(info.module, settings, recorder(audit))
    door, documents = entrance(grants, serving)
    return _Guarded(door, grants, documents, _admin(info, serving, grants) if serving.admin_token else None)


def _admin(info: PackageInfo, serving: Serving, grants: Grants) -> AsgiApp:
    """The administration; what it is made of is imported where there is one."""
    from ..admin.app import admin_app
    from ..admin.catalog import catalog_of
    from ..admin.settings import AdminSettings

    catalog = catalog_of(info.module, info.title, info.version)
    return admin_app(grants, catalog, AdminSettings(serving.admin_token, serving.public_url))
