"""Owns what a line of the log looks like, and that no line has anything of arguments, answers, addresses or secrets.

Lines of this package are made of named fields. What libraries log may quote what they were handling: of theirs there is the
place, the level and the kind of error, and no text.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

log = logging.getLogger("kustomer_mcp")
_FIELDS, _UNWRITTEN = "kustomer_mcp_fields", "kustomer_mcp_unwritten"
# Whose texts are constants, or made of numbers and names of the program's own; of uvicorn's the first line without its values.
_OWN, _PLAIN = "kustomer_mcp", ("uvicorn", "uvicorn.error")


def line(level: int, event: str, fields: Mapping[str, Any]) -> None:
    """Write one line.

    Args:
        level: A level of the logging module.
        event: What happened, in a word or two.
        fields: Names and values that may be known to whoever reads logs.
    """
    if log.isEnabledFor(level):
        _handle(level, event, fields)


def surely(event: str, fields: Mapping[str, Any]) -> bool:
    """Write one line, whatever the level; False where it could not be written."""
    return not hasattr(_handle(logging.INFO, event, fields), _UNWRITTEN)


def _handle(level: int, event: str, fields: Mapping[str, Any]) -> logging.LogRecord:
    """Not by `log.log`, which looks at the whole stack for a place that no line of ours shows."""
    record = log.makeRecord(log.name, level, "", 0, event, (), None, extra={_FIELDS: fields})
    log.handle(record)
    return record


def places(error: BaseException) -> list[str]:
    """Where an exception was raised, the outermost first; its text is left out, for it may quote what was being handled."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return [f"{Path(frame.filename).stem}.{frame.name}:{frame.lineno}" for frame in frames]


def configure(form: Literal["json", "text"], level: str) -> None:
    """Send every logger's lines to standard error, in one format."""
    handler = _Lines(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.captureWarnings(True)
    for name in ("uvicorn", "uvicorn.error", "mcp", "httpx2"):
        logging.getLogger(name).setLevel(max(logging.getLevelName(level), logging.WARNING))


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """A record as named fields, without anything that it may quote."""
    given = getattr(record, _FIELDS, None)
    if given is not None:
        return {"event": str(record.msg), **given}
    fields: dict[str, Any] = {"event": "log", "logger": record.name}
    if record.name.partition(".")[0] == _OWN:
        fields["text"] = record.getMessage()
    else:
        fields["place"] = f"{record.module}.{record.funcName}:{record.lineno}"
        if record.name in _PLAIN and isinstance(record.msg, str):
            fields["text"] = record.msg.partition("\n")[0]
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        fields |= {"error": type(error).__name__, "places": places(error)}
    return fields


class _Lines(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Note that the line is lost: the standard way is to complain to the very stream that failed."""
        setattr(record, _UNWRITTEN, True)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps(
            {"time": when, "level": record.levelname.lower(), **fields_of(record)}, separators=(",", ":"), default=str
        )


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields = fields_of(record)
        event, text = fields.pop("event"), fields.pop("text", None)
        if event == "log":
            event = fields.pop("logger")
        said = f"{event}: {text}" if text is not None else event
        return " ".join([record.levelname, said, *(f"{name}={_word(value)}" for name, value in fields.items())])


def _word(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if text.isprintable() and " " not in text else json.dumps(text)
