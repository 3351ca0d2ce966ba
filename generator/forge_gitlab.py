"""Owns GitLab's dialect: merge requests over REST v4 (docs.gitlab.com/api/merge_requests)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from generator.errors import ProposeError
from generator.forge import Proposal, PullRequest, Rest
from generator.git import Login

_NEEDED = ("GITLAB_TOKEN", "CI_API_V4_URL", "CI_PROJECT_ID", "CI_SERVER_URL")


class GitLab:
    """Reads GITLAB_TOKEN, and CI_API_V4_URL, CI_PROJECT_ID and CI_SERVER_URL, which GitLab CI sets.

    Raises:
        ProposeError: One that is needed is missing.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        missing = [name for name in _NEEDED if not environment.get(name)]
        if missing:
            raise ProposeError("GitLab can't be asked", [f"set {name}" for name in missing])
        self._token = environment["GITLAB_TOKEN"].strip()
        self._server = environment["CI_SERVER_URL"]
        self._requests = f"/projects/{quote(environment['CI_PROJECT_ID'], safe='')}/merge_requests"
        self._ask = Rest("GitLab", environment["CI_API_V4_URL"], {"private-token": self._token})

    def login(self) -> Login:
        return Login(self._server, "oauth2", self._token)

    def find(self, branch: str) -> PullRequest | None:
        rows = self._ask("GET", self._requests, source_branch=branch, state="opened", per_page=100)
        # A merge request from a fork may have a branch of the same name.
        own = [
            row
            for row in rows
            if row["source_branch"] == branch and row["source_project_id"] == row["target_project_id"]
        ]
        return _read(own[0]) if own else None

    def open(self, wanted: Proposal) -> PullRequest:
        content = {
            **_content(wanted),
            "source_branch": wanted.branch,
            "labels": wanted.label,
            "remove_source_branch": True,
        }
        return _read(self._ask("POST", self._requests, content))

    def update(self, found: PullRequest, wanted: Proposal) -> None:
        gone = ",".join(label for label in found.own_labels() if label != wanted.label)
        labels = {"add_labels": wanted.label, "remove_labels": gone}
        content = {**_content(wanted), **{key: value for key, value in labels.items() if value}}
        self._ask("PUT", f"{self._requests}/{found.number}", content)

    def close(self, found: PullRequest, comment: str) -> None:
        self._ask("POST", f"{self._requests}/{found.number}/notes", {"body": comment})
        self._ask("PUT", f"{self._requests}/{found.number}", {"state_event": "close"})


def _content(wanted: Proposal) -> dict[str, Any]:
    return {"title": wanted.title, "description": wanted.body, "target_branch": wanted.base}


def _read(row: Mapping[str, Any]) -> PullRequest:
    labels = tuple(row["labels"])
    body = row["description"] or ""
    return PullRequest(row["iid"], row["web_url"], row["target_branch"], row["title"], body, labels)
