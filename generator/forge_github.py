"""Owns GitHub's dialect: pull requests and labels over REST (docs.github.com/rest/pulls, /rest/issues/labels)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from generator.errors import ProposeError
from generator.forge import Proposal, PullRequest, Rest
from generator.git import Login


class GitHub:
    """Reads GITHUB_TOKEN and GITHUB_REPOSITORY, and GITHUB_API_URL and GITHUB_SERVER_URL where they are set (Actions sets them).

    Raises:
        ProposeError: One that is needed is missing.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        missing = [name for name in ("GITHUB_TOKEN", "GITHUB_REPOSITORY") if not environment.get(name)]
        if missing:
            raise ProposeError("GitHub can't be asked", [f"set {name}" for name in missing])
        self._token = environment["GITHUB_TOKEN"].strip()
        self._server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
        self._owner, _, name = environment["GITHUB_REPOSITORY"].partition("/")
        self._full_name = environment["GITHUB_REPOSITORY"].lower()
        self._repository = f"/repos/{quote(self._owner, safe='')}/{quote(name, safe='')}"
        headers = {
            "authorization": f"Bearer {self._token}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": "2022-11-28",
        }
        self._ask = Rest("GitHub", environment.get("GITHUB_API_URL") or "https://api.github.com", headers)

    def login(self) -> Login:
        return Login(self._server, "x-access-token", self._token)

    def find(self, branch: str) -> PullRequest | None:
        rows = self._ask("GET", f"{self._repository}/pulls", head=f"{self._owner}:{branch}", state="open", per_page=100)
        # An unknown `head` is ignored by some versions: what comes back is looked at again. A pull request from a fork may
        # have a branch of the same name; the repository of one that is gone is null.
        own = [row for row in rows if row["head"]["ref"] == branch and _home(row) == self._full_name]
        return _read(own[0]) if own else None

    def open(self, wanted: Proposal) -> PullRequest:
        content = {"title": wanted.title, "body": wanted.body, "head": wanted.branch, "base": wanted.base}
        opened = _read(self._ask("POST", f"{self._repository}/pulls", content))
        self._label(opened, wanted)
        return opened

    def update(self, found: PullRequest, wanted: Proposal) -> None:
        content = {"title": wanted.title, "body": wanted.body, "base": wanted.base}
        self._ask("PATCH", f"{self._repository}/pulls/{found.number}", content)
        self._label(found, wanted)

    def close(self, found: PullRequest, comment: str) -> None:
        self._ask("POST", f"{self._repository}/issues/{found.number}/comments", {"body": comment})
        self._ask("PATCH", f"{self._repository}/pulls/{found.number}", {"state": "closed"})

    def _label(self, found: PullRequest, wanted: Proposal) -> None:
        """Add the label and take the tool's others away, one by one, so that people's stay."""
        labels = f"{self._repository}/issues/{found.number}/labels"
        for label in found.own_labels():
            if label != wanted.label:
                self._ask("DELETE", f"{labels}/{quote(label, safe='')}")
        if wanted.label and wanted.label not in found.labels:
            self._ask("POST", labels, {"labels": [wanted.label]})


def _home(row: Mapping[str, Any]) -> str:
    """The repository that holds a pull request's branch."""
    return str((row["head"]["repo"] or {}).get("full_name", "")).lower()


def _read(row: Mapping[str, Any]) -> PullRequest:
    labels = tuple(label["name"] for label in row["labels"])
    return PullRequest(row["number"], row["html_url"], row["base"]["ref"], row["title"], row["body"] or "", labels)
