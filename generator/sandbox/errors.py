"""Owns the error bodies, in the two forms the service uses. Must not decide when something is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from generator.sandbox.store import Json

TITLES = {
    400: ("badparam", "Bad Request"),
    401: ("unauthorized", "Unauthorized"),
    403: ("forbidden", "Forbidden"),
    404: ("notfound", "Not Found"),
    405: ("methodnotallowed", "Method Not Allowed"),
    409: ("conflict", "Conflict"),
    413: ("toolarge", "Payload Too Large"),
    429: ("toomanyrequests", "Too Many Requests"),
    501: ("notimplemented", "Not Implemented"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of `errors`. Only what is set is written."""

    status: int
    parameter: str | None = None
    title: str | None = None
    detail: str | None = None
    code: str | None = None
    meta: Mapping[str, Json] = field(default_factory=dict)


class ApiError(Exception):
    """Ends the handling of a request with these problems; the pipeline writes the body."""

    def __init__(self, *problems: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(f"{p.status} {p.parameter or ''} {p.title or ''}" for p in problems))
        self.problems = problems
        self.headers = dict(headers or {})


def not_found(parameter: str) -> ApiError:
    return ApiError(Problem(404, parameter))


def bad(parameter: str, title: str, detail: str | None = None) -> ApiError:
    return ApiError(Problem(400, parameter, title, detail))


def _jsonapi(problem: Problem) -> dict[str, Json]:
    """The recorded form. The order of the keys is that of the recordings."""
    code, title = TITLES[problem.status]
    entry: dict[str, Json] = {"status": problem.status}
    if problem.parameter is not None:
        entry["source"] = {"parameter": problem.parameter}
    entry |= {"code": problem.code or code, "title": problem.title or title}
    if problem.detail is not None:
        entry["detail"] = problem.detail
    return entry | ({"meta": dict(problem.meta)} if problem.meta else {})


def _plain(problem: Problem) -> dict[str, Json]:
    """The form of drafts and others: code, message, meta."""
    code, title = TITLES[problem.status]
    said = ": ".join(part for part in (problem.parameter, problem.title or title) if part)
    if problem.detail is not None:
        said = f"{said} ({problem.detail})"
    named = {"parameter": problem.parameter} if problem.parameter is not None else {}
    return {"code": problem.code or code, "message": said, "meta": named | dict(problem.meta)}


FORMS = {"jsonapi": _jsonapi, "plain": _plain}


def document(problems: Iterable[Problem], form: str = "jsonapi") -> dict[str, Json]:
    return {"errors": [FORMS[form](problem) for problem in problems]}
