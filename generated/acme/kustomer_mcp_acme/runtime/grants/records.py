"""Owns how a grant and an API token stand in a record of the store, and when a record counts as absent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .model import ApiToken, Grant, Narrowing, StoreDown
from .store import Record
from .words import Wanted


def live(record: Record | None, now: float) -> Record | None:
    """A record, unless it has expired: whatever clock the store goes by, this one counts as well."""
    return None if record is None or (record.expires_at is not None and record.expires_at <= now) else record


def grant_of(id: str, found: Wanted, created_at: float) -> Grant:
    """A grant of checked words."""
    return Grant(
        id,
        found.name,
        found.narrowing,
        created_at,
        found.expires_at,
        found.exposure,
        found.require_api_token_auth,
        found.oauth_scope,
        found.calls_per_minute,
    )


def record_of(grant: Grant, hashed: str, revision: int) -> Record:
    """A grant as the store keeps it."""
    body = {
        "name": grant.name,
        "methods": grant.narrowing.methods,
        "tags": grant.narrowing.tags,
        "tools": grant.narrowing.tools,
        "exposure": grant.exposure,
        "require_api_token_auth": grant.require_api_token_auth,
        "calls_per_minute": grant.calls_per_minute,
    }
    text = json.dumps(body, separators=(",", ":"))
    used = grant.last_used_at
    return Record(grant.id, hashed, text, grant.created_at, grant.expires_at, grant.oauth_scope, used, revision)


def read_grant(record: Record) -> Grant:
    """A grant of its record. Raises StoreDown where somebody else wrote it."""
    with _readable(record) as body:
        return Grant(
            record.id,
            body["name"],
            Narrowing(tuple(body["methods"]), tuple(body["tags"]), tuple(body["tools"])),
            record.created_at,
            record.expires_at,
            body["exposure"],
            body["require_api_token_auth"],
            record.scope,
            body["calls_per_minute"],
            record.last_used_at,
        )


def read_token(record: Record) -> ApiToken:
    """An API token of its record."""
    return ApiToken(record.id, name_of(record), record.created_at, record.expires_at, record.last_used_at)


def name_of(record: Record) -> str:
    """What a person calls it."""
    with _readable(record) as body:
        return str(body["name"])


@contextmanager
def _readable(record: Record) -> Iterator[Any]:
    """A record's body, which another version of this package may have written, or nobody of ours."""
    try:
        yield json.loads(record.body)
    except (ValueError, KeyError, TypeError):
        raise StoreDown(f"The store's record of {record.id} can't be read") from None
