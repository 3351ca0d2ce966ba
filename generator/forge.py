"""Owns what a forge is to this tool, and the door to its REST API. The dialects are forge_github.py and forge_gitlab.py."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx

from generator import __version__
from generator.errors import ProposeError
from generator.git import Login

_TIMEOUT = 60
# A label says how bad the worst finding is; labels that don't begin so are people's, and stay.
LABEL = "drift: "
_LOCAL = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a pull request should be. `label` is an empty string where there are no findings."""

    branch: str
    base: str
    title: str
    body: str
    label: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """An open pull (or merge) request as the forge has it."""

    number: int
    url: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...]

    def is_as(self, wanted: Proposal) -> bool:
        """Whether nothing needs to be written. Forges trim texts, and some turn line feeds into CR LF."""
        same = (self.base, self.title, _plain(self.body)) == (wanted.base, wanted.title, _plain(wanted.body))
        return same and self.own_labels() == ((wanted.label,) if wanted.label else ())

    def own_labels(self) -> tuple[str, ...]:
        """Those of its labels that this tool sets."""
        return tuple(label for label in self.labels if label.startswith(LABEL))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


class Forge(Protocol):
    """Pull requests of one repository; every method raises ProposeError where the forge refuses."""

    def login(self) -> Login:
        """How git signs in to push."""

    def find(self, branch: str) -> PullRequest | None:
        """The open pull request of a branch of this repository."""

    def open(self, wanted: Proposal) -> PullRequest: ...

    def update(self, found: PullRequest, wanted: Proposal) -> None: ...

    def close(self, found: PullRequest, comment: str) -> None: ...


class Rest:
    """One API: a base address, headers with a token, JSON both ways.

    Args:
        name: What the forge is called, for errors.
        base_url: Of the API; https, but for this machine.
        headers: Sent each time.

    Raises:
        ProposeError: It is no address, or one that would send the token unencrypted.
    """

    def __init__(self, name: str, base_url: str, headers: Mapping[str, str]) -> None:
        try:
            address = httpx.URL(base_url)
        except httpx.InvalidURL as error:
            raise ProposeError(f"{base_url} is no address", [str(error)]) from None
        if address.scheme != "https" and not (address.scheme == "http" and address.host in _LOCAL):
            raise ProposeError(f"{base_url} would send the token unencrypted", ["use https"])
        self._name, self._base_url = name, base_url.rstrip("/")
        self._headers = {"user-agent": f"kustomer-mcp/{__version__}", **headers}

    def __call__(self, method: str, path: str, content: Mapping[str, Any] | None = None, **query: str | int) -> Any:
        """Send one request and give its JSON; None for an empty answer. Redirects are not followed: they'd take the token along.

        Raises:
            ProposeError: The network failed, or the answer is no success; with method, path and what the forge said.
        """
        where = f"{method} {path}"
        try:
            response = httpx.request(
                method, self._base_url + path, params=query or None, json=content, headers=self._headers, timeout=_TIMEOUT
            )  # fmt: skip
        except (httpx.HTTPError, UnicodeError) as error:  # the latter of a host that no name server takes
            raise ProposeError(f"{self._name} can't be reached", [f"{where}: {type(error).__name__} {error}".rstrip()]) from None  # fmt: skip
        if not response.is_success:
            said = f"{where}: {response.status_code} {_said(response)}".rstrip()
            raise ProposeError(f"{self._name} refused", [said, *_advice(response)])
        try:
            return response.json() if response.content else None
        except (ValueError, RecursionError):
            raise ProposeError(f"{self._name} answered with something that is no JSON", [where]) from None


def _said(response: httpx.Response) -> str:
    """What the forge says is wrong, shortened."""
    try:
        content = response.json()
    except (ValueError, RecursionError):
        return ""
    said = content.get("message") or content.get("error") or "" if isinstance(content, dict) else ""
    details = content.get("errors") or "" if isinstance(content, dict) else ""
    texts = [text if isinstance(text, str) else json.dumps(text) for text in (said, details) if text]
    return " ".join(" ".join(texts).split())[:300]


def _advice(response: httpx.Response) -> list[str]:
    """What to do. GitHub answers 403 as well as 429 where it limits requests (docs.github.com/rest, rate limits)."""
    limited = "retry-after" in response.headers or response.headers.get("x-ratelimit-remaining") == "0"
    if response.status_code == 429 or (response.status_code == 403 and limited):
        return ["the forge limits requests; run the command again later"]
    if response.status_code in (401, 403, 404):
        return ["the token must be allowed to write contents and pull requests (GitLab: api and write_repository)"]
    return []
