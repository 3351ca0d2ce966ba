"""Owns two forges that keep state and answer over real HTTP as GitHub and GitLab do. Must not hold an expectation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from loopback_kit import answering

Json = Any
TOKEN = "token-of-a-test"  # a token of nobody


@dataclass
class Request:
    """A pull request of either forge."""

    number: int
    branch: str
    base: str
    title: str
    body: str
    open: bool = True
    fork: bool = False
    labels: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


@dataclass
class State:
    """What a forge knows, and each request that changed it as `METHOD path`."""

    requests: list[Request] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def open(self) -> list[Request]:
        return [request for request in self.requests if request.open]

    def add(self, branch: str, base: str, title: str, body: str) -> Request:
        request = Request(len(self.requests) + 1, branch, base, title, body)
        self.requests.append(request)
        return request

    def get(self, number: str) -> Request:
        return self.requests[int(number) - 1]


def _github(row: Request) -> Json:
    return {
        "number": row.number,
        "html_url": f"https://forge.example/acme/tools/pull/{row.number}",
        "head": {"ref": row.branch, "repo": {"full_name": "stranger/tools" if row.fork else "Acme/tools"}},
        "base": {"ref": row.base},
        "title": row.title,
        "body": row.body,
        "state": "open" if row.open else "closed",
        "labels": [{"name": name} for name in row.labels],
    }


def _gitlab(row: Request) -> Json:
    return {
        "iid": row.number,
        "web_url": f"https://forge.example/acme/tools/-/merge_requests/{row.number}",
        "source_branch": row.branch,
        "target_branch": row.base,
        "source_project_id": 8 if row.fork else 7,
        "target_project_id": 7,
        "title": row.title,
        # GitLab gives texts back with the line feeds of browsers.
        "description": row.body.replace("\n", "\r\n"),
        "labels": row.labels,
    }


def answer_github(state: State, method: str, path: str, query: Json, content: Json) -> tuple[int, Json]:
    """The part of GitHub's REST API that the tool uses."""
    found = re.fullmatch(r"/repos/acme/tools/(pulls|issues)(?:/(\d+))?(?:/(comments|labels)(?:/(.+))?)?", path)
    if not found:
        return 404, {"message": "Not Found"}
    kind, number, part, name = found.groups()
    match method, kind, bool(number), part:
        case "GET", "pulls", False, None:
            branch = query["head"].removeprefix("acme:")
            # Every owner's: some versions do not look at what stands before the colon.
            return 200, [_github(row) for row in state.open() if row.branch == branch and query["state"] == "open"]
        case "POST", "pulls", False, None:
            if any(row.branch == content["head"] and not row.fork for row in state.open()):
                return 422, {"message": "Validation Failed", "errors": [{"message": "A pull request already exists"}]}
            return 201, _github(state.add(content["head"], content["base"], content["title"], content["body"]))
        case "PATCH", "pulls", True, None:
            row = state.get(number)
            row.title, row.body = content.get("title", row.title), content.get("body", row.body)
            row.open = content.get("state", "open") == "open" and row.open
            return 200, _github(row)
        case "POST", "issues", True, "labels":
            row = state.get(number)
            row.labels += [label for label in content["labels"] if label not in row.labels]
            return 200, [{"name": label} for label in row.labels]
        case "DELETE", "issues", True, "labels":
            state.get(number).labels.remove(unquote(name))
            return 200, []
        case "POST", "issues", True, "comments":
            state.get(number).comments.append(content["body"])
            return 201, {"id": 1}
    return 404, {"message": "Not Found"}


def answer_gitlab(state: State, method: str, path: str, query: Json, content: Json) -> tuple[int, Json]:
    """The part of GitLab's REST API that the tool uses."""
    found = re.fullmatch(r"/projects/7/merge_requests(?:/(\d+))?(/notes)?", path)
    if not found:
        return 404, {"message": "404 Not found"}
    number, notes = found.groups()
    match method, bool(number), bool(notes):
        case "GET", False, False:
            return 200, [_gitlab(row) for row in state.open() if row.branch == query["source_branch"]]
        case "POST", False, False:
            row = state.add(
                content["source_branch"], content["target_branch"], content["title"], content["description"]
            )
            row.labels = [label for label in content["labels"].split(",") if label]
            return 201, _gitlab(row)
        case "PUT", True, False:
            row = state.get(number)
            row.title, row.body = content.get("title", row.title), content.get("description", row.body)
            row.labels = [label for label in row.labels if label not in content.get("remove_labels", "").split(",")]
            row.labels += [label for label in [content.get("add_labels")] if label and label not in row.labels]
            row.open = content.get("state_event") != "close" and row.open
            return 200, _gitlab(row)
        case "POST", True, True:
            state.get(number).comments.append(content["body"])
            return 201, {"id": 1}
    return 404, {"message": "404 Not found"}


@contextmanager
def forge(answer: Any) -> Iterator[State]:
    """Serve one of the two on loopback; whoever brings another token is refused."""
    state = State()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            given = self.headers.get("authorization", "").removeprefix("Bearer ") or self.headers.get("private-token")
            if self.command != "GET":
                state.writes.append(f"{self.command} {unquote(parts.path)}")
            refused = next((status for start, status in state.refuse.items() if parts.path.startswith(start)), None)
            if given != TOKEN:
                status, made = 401, {"message": "Bad credentials"}
            elif refused:
                status, made = refused, {"message": "Not now"}
            else:
                status, made = answer(state, self.command, parts.path, dict(parse_qsl(parts.query)), content)
            data = json.dumps(made).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for header, value in state.headers.items():
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = handle_one

        def log_message(self, *_: Any) -> None:
            pass

    with answering(Handler) as state.url:
        yield state
