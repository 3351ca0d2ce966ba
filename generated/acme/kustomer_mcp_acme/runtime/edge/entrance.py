"""Owns the way in for those who hold grants: secrets, API tokens and OAuth, as the settings say."""

from __future__ import annotations

from ..authentication import Authenticator
from ..grants.service import Grants
from ..oauth.model import MCP_PATH, METADATA_PATH, OAuthSettings
from .asgi import AsgiApp
from .door import Door, GrantDoor
from .settings import Serving


def entrance(grants: Grants, serving: Serving) -> tuple[Door, dict[str, AsgiApp]]:
    """The door of /mcp, and what anybody may read to learn how to come in: path -> application."""
    oauth = None
    documents: dict[str, AsgiApp] = {}
    if serving.oauth_issuer:
        from ..oauth.resource import OAuth  # with it come libraries of cryptography, which only OAuth needs

        audience = serving.oauth_audience or serving.public_url + MCP_PATH
        oauth = OAuth(OAuthSettings(serving.oauth_issuer, audience, serving.oauth_jwks_url), grants, serving.public_url)
        documents = dict.fromkeys((METADATA_PATH, METADATA_PATH + MCP_PATH), oauth.serve_metadata)
    return GrantDoor(Authenticator(grants, oauth), grants, serving.calls_per_minute), documents
