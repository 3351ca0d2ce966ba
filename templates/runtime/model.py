"""Owns the base of every request model: closed, and by field name or by wire name."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Request(BaseModel):
    """Part of a request. Unknown fields and other types are refused; what is not set is not sent; None is sent as null."""

    model_config = ConfigDict(
        extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )
