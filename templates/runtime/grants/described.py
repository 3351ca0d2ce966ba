"""Owns how grants and API tokens read, as text and JSON, and what a grant leaves of the package. It never sees a secret."""

from __future__ import annotations

from ..admin.catalog import catalog_of
from .model import ApiToken, Grant, timestamp


def estimate(module: str, grant: Grant) -> dict[str, int]:
    """How many tools a grant leaves, and some how many tokens their list is; as the page counts them."""
    catalog = catalog_of(module, "", "")
    left = grant.narrowing.of(catalog.rows)
    return {"tools": len(left), "estimated_tokens": catalog.tokens(left)}


def describe(grant: Grant, leaves: dict[str, int]) -> str:
    """A grant in some lines."""
    narrowing = grant.narrowing
    count = f"{leaves['tools']} tools, some {leaves['estimated_tokens']:,} tokens to list"
    if grant.exposure == "discovery":
        count = f"{leaves['tools']} tools, found by searching"
    facts = [
        ("id", grant.id),
        ("name", grant.name),
        ("leaves", count),
        ("methods", ", ".join(narrowing.methods) or "every method"),
        ("tags", ", ".join(narrowing.tags) or "every tag"),
        ("tools", ", ".join(narrowing.tools)),
        ("API token", "needed too" if grant.require_api_token_auth else "not needed"),
        ("OAuth scope", grant.oauth_scope),
        ("limit", f"{grant.calls_per_minute} requests a minute" if grant.calls_per_minute else ""),
        ("made", timestamp(grant.created_at)),
        ("ends", timestamp(grant.expires_at) or "never"),
        ("last used", timestamp(grant.last_used_at) or "never"),
    ]
    return "\n".join(f"{name:<12} {value}" for name, value in facts if value)


def row(grant: Grant) -> str:
    """A grant in one line."""
    ends, used = timestamp(grant.expires_at) or "never", timestamp(grant.last_used_at) or "never"
    words = [*grant.narrowing.methods, *grant.narrowing.tags, *grant.narrowing.tools]
    return f"{grant.id}  ends {ends:<20}  used {used:<20}  {grant.name} ({', '.join(words) or 'everything'})"


def described_token(token: ApiToken) -> str:
    """An API token in one line."""
    ends, used = timestamp(token.expires_at) or "never", timestamp(token.last_used_at) or "never"
    return f"{token.id}  ends {ends:<20}  used {used:<20}  {token.name}"
