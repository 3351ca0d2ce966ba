"""Owns the order in which a request is judged, and the application. Must not hold a rule of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from generator.sandbox import auth, errors, http, limits, loader
from generator.sandbox.call import Call, Operation, Reply
from generator.sandbox.errors import ApiError, Problem
from generator.sandbox.faults import Fault, Faults
from generator.sandbox.journal import Entry, Journal
from generator.sandbox.registry import PREFIX, Registry
from generator.sandbox.router import Match, Router
from generator.sandbox.routes import OPERATIONS
from generator.sandbox.routes.drafts import deliver_due
from generator.sandbox.settings import Settings
from generator.sandbox.store import object_id
from generator.sandbox.world import World

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
RESET_KEY = "sandbox.reset"  # the server puts a function here that breaks the connection


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request whose body was read, or was refused for its length."""

    request: Request
    path: str
    body: bytes
    refused: ApiError | None


class Gate:
    """The pipeline of one application."""

    def __init__(self, world: World, documents: Path | None, journal: Journal, faults: Faults) -> None:
        self.world, self.journal, self.faults = world, journal, faults
        self._registry = Registry(documents)
        self._router = Router(OPERATIONS)

    async def __call__(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("ascii").partition("?")[0]
        body, refused = b"", None
        try:
            body = await http.read(request, self.world.settings.body_bytes)
        except ApiError as error:
            refused = error
        query = request.scope["query_string"].decode("ascii", "replace")
        self.journal.add(Entry(request.method, path, query, dict(request.headers), http.shown(body)))
        fault = self.faults.take(request.method, path)
        broken = await _broken(request, fault) if fault else None
        if broken is not None:
            return broken
        if path.startswith(PREFIX):
            return self._document(request, path.removeprefix(PREFIX))
        return self._answer(_Asked(request, path, body, refused))

    def _document(self, request: Request, name: str) -> Response:
        """A published document; no key is needed, no budget spent."""
        file = self._registry.file(name)
        if file is None or request.method != "GET":
            missing = Reply(404, errors.document([Problem(404, "name")]))
            return http.write(request, self.world, missing, {})
        content = file.read_bytes()
        tag = http.etag(content)
        if tag.removeprefix("W/") in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        media = "application/json" if file.suffix == ".json" else "application/yaml"
        return Response(content, headers={"etag": tag, "content-type": media})

    def _answer(self, asked: _Asked) -> Response:
        """Key, budget, route, role, body, handler: the first that refuses decides the answer."""
        meant = self._router.find(asked.request.method, asked.path)
        form = meant.operation.form if meant else "jsonapi"
        org, more = None, limits.untouched(self.world)
        try:
            key = auth.admitted(self._key(asked.request), self.world.clock.now())
            org = self.world.orgs[key.org]
            budget, over = limits.spend_request(self.world, org)
            more = limits.headers(budget)
            if over is not None:
                raise over
            match = self._route(asked.request.method, asked.path)
            if asked.refused is not None:
                raise asked.refused
            reply = self._handled(asked, match, key)
        except ApiError as error:
            status = error.problems[0].status
            reply = Reply(status, errors.document(error.problems, form), error.headers)
        answer = http.write(asked.request, self.world, reply, more)
        if answer.status_code == 304 and org is not None and self.world.settings.not_modified_is_free:
            limits.give_back(self.world, org)
        return answer

    def _key(self, request: Request) -> auth.Key | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.world.keys.get(token.strip()) if scheme.lower() == "bearer" else None

    def _route(self, method: str, path: str) -> Match:
        """The modelled operation, else the stand-in for a documented one, else 405 or 404."""
        match = self._router.find(method, path)
        documented = self._registry.documents(method, path, match.operation.path if match else None)
        if documented is not None:
            return Match(Operation(method, documented, _unmodelled), {"operation": documented})
        if match is not None:
            return match
        known = self._router.methods(path)
        if known:
            raise ApiError(Problem(405, detail=f"{method} is not allowed here"), headers={"allow": ", ".join(known)})
        raise ApiError(Problem(404, detail=f"No route for {path}"))

    def _handled(self, asked: _Asked, match: Match, key: auth.Key) -> Reply:
        """The operation's own answer, once the key may have it."""
        auth.demand(key, match.operation.roles, self.world.settings.missing_role_status)
        if match.operation.search:
            limits.spend_search(self.world, key)
        org = self.world.orgs[key.org]
        deliver_due(self.world, org)
        query, body = dict(asked.request.query_params), http.parse(asked.request, asked.body)
        call = Call(self.world, org, key, asked.request.method, asked.path, match.params, query, body)
        return match.operation.handler(call)


def _unmodelled(call: Call) -> Reply:
    """A documented operation without a model: 501, or an empty resource where the tests allow it."""
    said = call.params["operation"]
    if not call.world.settings.permissive:
        raise ApiError(Problem(501, detail=f"{call.method} {said} is documented, but the sandbox has no model of it"))
    nouns = [part for part in said.split("/") if part and "{" not in part]
    id = object_id("empty", call.method, call.path)
    data = {"type": nouns[-1] if nouns else "resource", "id": id, "attributes": {}}
    return Reply(201 if call.method == "POST" else 200, {"data": data})


async def _broken(request: Request, fault: Fault) -> Response | None:
    """What a fault answers; None when it only delays."""
    if fault.delay:
        await asyncio.sleep(fault.delay)
    if fault.reset:
        reset: Callable[[], None] | None = (
            request.scope.get("state", {}).get(RESET_KEY, {}).get(request.scope["client"])
        )
        if reset is None:
            raise ConnectionResetError("a reset was ordered, and this server cannot break connections")
        reset()
        return Response(status_code=500)
    return Response(fault.body, fault.status, dict(fault.headers)) if fault.status is not None else None


def create_app(
    world: World | None = None,
    *,
    documents: Path | None = None,
    settings: Settings | None = None,
    journal: Journal | None = None,
    faults: Faults | None = None,
) -> Starlette:
    """The sandbox as an application. Without a world: fresh seeds, and a clock that stands still."""
    world = world or loader.fresh()
    if settings is not None:
        world.settings = settings
    # Not `or`: an empty journal is false.
    journal = Journal() if journal is None else journal
    gate = Gate(world, documents, journal, Faults() if faults is None else faults)
    app = Starlette(routes=[Route("/{path:path}", gate.__call__, methods=METHODS)])
    app.state.world, app.state.journal, app.state.faults = world, gate.journal, gate.faults
    return app
