"""Owns what makes secrets: the three acts that REST and the page share, each with a secret that is given or its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..grants.model import shown, shown_token
from ..grants.service import Grants
from .problems import not_found
from .repeats import Make


def issued_server(grants: Grants, words: Mapping[str, Any], actor: str) -> Make:
    """Makes a server."""

    async def make(secret: str | None, is_resumed: bool) -> tuple[dict[str, Any], str]:
        if secret and is_resumed and (found := await grants.holder(secret)):
            return shown(found), secret
        issued = await grants.create(words, actor, secret)
        return shown(issued.made), issued.secret

    return make


def rotated_server(grants: Grants, id: str, actor: str) -> Make:
    """Gives a server a new secret; doing it again with the same one changes nothing."""

    async def make(secret: str | None, _: bool) -> tuple[dict[str, Any], str]:
        issued = await grants.rotate(id, actor, secret)
        if issued is None:
            raise not_found("server", id)
        return shown(issued.made), issued.secret

    return make


def issued_token(grants: Grants, words: Mapping[str, Any], actor: str) -> Make:
    """Makes an API token."""

    async def make(secret: str | None, is_resumed: bool) -> tuple[dict[str, Any], str]:
        if secret and is_resumed and (found := await grants.is_token(secret)):
            return shown_token(found), secret
        issued = await grants.create_token(words, actor, secret)
        return shown_token(issued.made), issued.secret

    return make
