"""Owns the audit log: who called which tool with which outcome, and every change to grants; append-only, one JSON line each.

A call is written down before it is made and again when it ended, so that none is made that is not written down. Where a line
can't be written no further call is made, until one can be written again.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from . import logs

INFO = 20


class AuditUnwritable(Exception):
    """The audit log can't be opened or written; the text says why and what to do."""


class Audit(Protocol):
    """Where the lines go."""

    @property
    def broken(self) -> bool:
        """Whether the last line could not be written."""

    def write(self, event: str, fields: Mapping[str, Any]) -> bool:
        """Write one line; False where it could not be."""

    def mend(self) -> bool:
        """Try again where it is broken; whether lines can be written."""


class FileAudit:
    """An audit log in a file, to which several workers may write: each line is one write at the file's end.

    Args:
        path: The file; it is made with mode 0600 where there is none, and never read, cut or replaced. Where it was moved away
            (logrotate) or deleted, the next line begins another: what goes to a file without a name is lost.

    Raises:
        AuditUnwritable: It can't be opened, or not be written.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        self.broken = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = _opened(path)
        except OSError as error:
            raise AuditUnwritable(
                f"the audit log {path} can't be opened ({error.strerror}): name another with KUSTOMER_MCP_AUDIT_LOG, "
                "or `-` for the log"
            ) from None
        if not self.write("audit.opened", {"process": os.getpid()}):
            raise AuditUnwritable(f"the audit log {path} can't be written: is the disk full?")

    def write(self, event: str, fields: Mapping[str, Any]) -> bool:
        """Write one line; False where it could not be, and the log says so once."""
        line = _line(event, fields)
        with self._lock:
            try:
                # A line that was cut is ended before the next one.
                whole = b"\n" + line if self.broken else line
                self._follow()
                done = os.write(self._file, whole) == len(whole)
                reason = "it was cut"
            except OSError as error:
                done, reason = False, str(error.strerror)
            if self.broken is done:
                self.broken = not done
                logs.line(40 if not done else INFO, "audit", {"writable": done, **({} if done else {"reason": reason})})
            return done

    def mend(self) -> bool:
        """Try again where it is broken; whether lines can be written."""
        return not self.broken or self.write("audit.resumed", {"process": os.getpid()})

    def _follow(self) -> None:
        """Go on with the file that stands at the path now."""
        if _is_at(self._path, self._file):
            return
        before, self._file = self._file, _opened(self._path)
        os.close(before)


class LogAudit:
    """An audit log within the server's own: for places where whoever runs the server collects its log."""

    broken = False

    def write(self, event: str, fields: Mapping[str, Any]) -> bool:
        """Write one line, whatever the log's level; False where it could not be."""
        self.broken = not logs.surely(event, {"audit": True, **fields})
        return not self.broken

    def mend(self) -> bool:
        """Try again where it is broken; whether lines can be written."""
        return not self.broken or self.write("audit.resumed", {"process": os.getpid()})


class NoAudit:
    """No audit log: for servers that are open to their machine, where nobody is anybody. The log has each call as well."""

    broken = False

    def write(self, event: str, fields: Mapping[str, Any]) -> bool:  # noqa: ARG002 - the signature of audit logs
        """Write nothing."""
        return True

    def mend(self) -> bool:
        """There is nothing to mend."""
        return True


def recorder(audit: Audit) -> Any:
    """Writes changes to grants down (Recorder of grants/service.py): in the log where the audit log can't take them, for a grant
    must be revoked even then, and what was done is not forgotten."""

    def record(event: str, subject: str, actor: str, facts: Mapping[str, Any]) -> None:
        fields = {"subject": subject, "actor": actor, **facts}
        if not audit.write(event, fields):
            logs.surely(event, {"audit": True, **fields})

    return record


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _is_at(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False


def _line(event: str, fields: Mapping[str, Any]) -> bytes:
    when = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": when, "event": event, **fields}, separators=(",", ":"), default=str).encode() + b"\n"
