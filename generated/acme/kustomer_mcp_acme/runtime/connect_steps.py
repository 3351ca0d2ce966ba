"""Owns the steps by which people add the server in ChatGPT and Claude, which take no file. Text only.

Sources, as of November 2026: developers.openai.com/api/docs/guides/developer-mode, claude.com/docs/connectors/building/authentication,
support.claude.com article 11503834.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hosted:
    """A client that connects from its maker's own servers.

    Attributes:
        title: Its name.
        add: The way through its settings, up to the form.
        by_url: What to choose for a URL that holds the secret.
        oauth: What to choose for OAuth.
        after: What to do once it is added.
        callback: Where its OAuth answers go: to be registered with the issuer.
        limits: What it can't do.
    """

    title: str
    add: tuple[str, ...]
    by_url: str
    oauth: str
    after: str
    callback: str
    limits: tuple[str, ...]


HOSTED: Mapping[str, Hosted] = {
    "chatgpt": Hosted(
        title="ChatGPT",
        add=(
            "On the web: Settings > Apps > Advanced settings, and turn developer mode on. In a workspace an owner may have to allow it.",
            "Settings > Apps > Create app. Give it a name and a description.",
        ),
        by_url="Authentication: No authentication.",
        oauth="Authentication: OAuth. ChatGPT registers itself with the issuer, or takes a client id under its advanced settings.",
        after="Confirm that you trust it. In a chat: + > More > Developer mode, and choose it. ChatGPT asks before every write.",
        callback="the callback URL that ChatGPT shows in the same form",
        limits=(
            "ChatGPT sends no custom headers: neither `Authorization: Bearer` with a grant's secret nor an API token.",
            "ChatGPT starts no local servers and reaches no private addresses.",
        ),
    ),
    "claude": Hosted(
        title="Claude (claude.ai, Claude Desktop, mobile)",
        add=(
            "Customize > Connectors > + > Add custom connector; on Team and Enterprise plans an owner adds it for the organisation.",
            "Give it a name.",
        ),
        by_url="Leave the advanced settings empty.",
        oauth="Claude registers itself with the issuer; where that knows no registration, give a client id under the advanced settings.",
        after="Add it, then Connect. Under Configure, say which tools may run without asking.",
        callback="https://claude.ai/api/mcp/auth_callback",
        limits=(
            "Claude's connectors send no custom headers and no API token.",
            "They connect from Anthropic's servers, for Claude Desktop too: the address must be public. Claude Desktop's file "
            "takes local servers only (`connect config`, or `bundle` for one that is installed by opening it).",
        ),
    ),
}


def steps(client: str, url: str, command: str) -> str:
    """What to do, step by step.

    Args:
        client: A key of HOSTED.
        url: Where the server serves MCP, without any secret.
        command: The package's command.
    """
    row = HOSTED[client]
    lines = [f"{row.title} connects over the internet: {url.removesuffix('/mcp')} must be public, with HTTPS.", ""]
    lines += ["First choose how it proves who it is.", ""]
    lines += [
        f"A. By the URL. Whoever has the URL has the grant: treat it as a password.\n   {command} grants create --name {client}"
    ]
    lines += ["   prints the URL once:", f"     {url}/<token>", f"   {row.by_url}", ""]
    lines += ["B. By OAuth. People sign in with your issuer, and its scopes say which grant they have.", f"     {url}"]
    lines += [
        "   The server needs KUSTOMER_MCP_OAUTH_ISSUER and KUSTOMER_MCP_PUBLIC_URL, and a grant with an OAuth scope."
    ]
    lines += [f"   {row.oauth}", f"   The issuer must allow {row.callback}.", "", "Then:", ""]
    numbered = [*row.add, "Paste the URL of A or B, and choose what it says there.", row.after]
    lines += [f"{number}. {text}" for number, text in enumerate(numbered, 1)]
    lines += ["", "What it can't do:", "", *(f"- {text}" for text in row.limits)]
    lines += ["- So a grant with require_api_token_auth can't be used by A."]
    return "\n".join(lines) + "\n"
