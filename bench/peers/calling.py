"""Owns calling every tool of a peer, and what makes an operation right. What a request should be is document.py's word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.peers.adapters import Adapter
from bench.peers.client import Client
from bench.peers.document import Reader
from bench.peers.measure import Result, serve
from bench.peers.recorder import Arrived, Recorder
from bench.peers.values import Maker

Json = Any
# Arguments of a tool that are tried alone, and branches of its unions that are tried; none has as many.
_MOST_ALONE, _MOST_BRANCHES = 100, 40
_NOTHING: tuple[Json, ...] = (None, {}, [])


@dataclass(frozen=True, slots=True)
class Call:
    """What became of one call: the arguments given, the operations reached, what was said there, what was wrong."""

    given: frozenset[str]
    keys: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    problem: str = ""
    arrived: Arrived | None = None


@dataclass(slots=True)
class Tried:
    """All calls of one tool, and the arguments that it has."""

    name: str
    takes: frozenset[str]
    calls: list[Call] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether each of its arguments stood in a request that was right."""
        return self.takes <= frozenset().union(*(one.given for one in self.calls if not one.problem))

    def twice(self) -> Tried:
        """The same of the first two calls alone: what is required, and everything."""
        calls = self.calls[:2]
        return Tried(self.name, frozenset().union(*(one.given for one in calls)), calls)


@dataclass(frozen=True, slots=True)
class Calling:
    """What calling the tools of a peer takes: whose they are, what arrives, and what should."""

    adapter: Adapter
    recorder: Recorder
    reader: Reader
    result: Result

    async def all(self, folder: Path, tools: list[Json]) -> None:
        """Call every tool in every way, and write down what the operations came to."""
        tried: list[Tried] = []
        async with serve(self.adapter, folder, self.recorder.url, 20.0) as client:
            await client.tools()
            for tool in tools:
                tried.append(await self._tried(client, tool))
        self._judge(tried)

    async def _tried(self, client: Client, tool: Json) -> Tried:
        """With those arguments that it requires, with all in each form that they have, and with each of the others alone."""
        try:
            least, *others = _ways(tool["inputSchema"], self.adapter.own)
        except Exception as error:  # a pattern that is none, a reference into itself
            return Tried(
                tool["name"],
                frozenset(),
                [Call(frozenset(), problem=f"no arguments can be made: {type(error).__name__}")],
            )
        tried = Tried(tool["name"], frozenset().union(least, *others))
        plain = await self._one(client, tool["name"], least)
        tried.calls.append(plain)
        for given in others:
            made = await self._one(client, tool["name"], given)
            more = [value for name, value in given.items() if value != least.get(name)]
            same = made.arrived is not None and made.arrived == plain.arrived
            if same and not made.problem and any(value not in _NOTHING for value in more):
                names = sorted(name for name in given if given[name] != least.get(name))
                made = replace(made, problem=f"{', '.join(names)} never arrived")
            tried.calls.append(made)
        if "GET /v1/customers/{id}" in plain.keys and not self.result.customer[0]:
            self.result.customer = (tool["name"], next(iter(least), ""))
        return tried

    async def _one(self, client: Client, name: str, given: Json) -> Call:
        self.recorder.taken()
        names, refused = frozenset(given), ""
        try:
            answer = await client.call(name, given)
            content = answer.get("content") or [{}]
            refused = str(content[0].get("text", ""))[:140] if answer.get("isError") else ""
        except (RuntimeError, TimeoutError) as error:
            refused = f"{type(error).__name__}: {error}"[:140]
        arrived = self.recorder.taken()
        if not arrived:
            return Call(names, problem=f"nothing arrived: {refused}".replace("\n", " "))
        request = arrived[-1]
        found = self.reader.find(request.method, request.target)
        if not found:
            return Call(names, problem=f"{request.method} {request.target[:80]} is no operation", arrived=request)
        wrong = {one.key: self.reader.problems(one, request.target, request.raw, given) for one in found}
        fits = [one for one in found if not wrong[one.key]] or found[:1]
        said = frozenset(f"{one.key} {it}" for one in fits for it in self.reader.said(one, request.target, request.raw))
        return Call(names, frozenset(one.key for one in fits), said, "; ".join(wrong[fits[0].key][:3]), request)

    def _judge(self, tried: list[Tried]) -> None:
        calls = [one for tool in tried for one in tool.calls]
        reached = frozenset().union(*(one.keys for one in calls))
        right = _right(tried)
        filled = frozenset().union(*(one.said for one in calls if not one.problem))
        there = sum(len(self.reader.places(one)) for one in self.reader.operations.values())
        silent = sum(one.arrived is None for one in calls)
        self.result.cells |= {
            "operations right": f"{len(right)} of {len(self.reader.operations)}",
            "the same, by two calls a tool": f"{len(_right([one.twice() for one in tried]))}",
            "operations reached": f"{len(reached)}",
            "request fields that arrive": f"{len(filled):,} of {there:,}",
            "valid calls that send nothing": f"{silent:,} of {len(calls):,}",
            "valid calls that send something wrong": f"{sum(bool(one.problem) for one in calls) - silent:,}",
        }
        self.result.missing = sorted(set(self.reader.operations) - right)
        self.result.not_working = {
            tool.name: next(one.problem for one in tool.calls if one.problem)
            for tool in tried
            if any(one.problem for one in tool.calls)
        }


def _right(tried: list[Tried]) -> frozenset[str]:
    """The operations for which whatever arrived was right, and of which one tool had each of its arguments arrive."""
    whole = frozenset().union(*(one.keys for tool in tried if tool.whole for one in tool.calls))
    return whole.difference(*(one.keys for tool in tried for one in tool.calls if one.problem))


def _ways(schema: Json, own: tuple[str, ...]) -> Iterator[Json]:
    """Arguments of a tool: the least; all, in each branch of their unions; and the least with each of the others."""
    least = Maker(schema, False, own).arguments()
    whole = Maker(schema, True, own)
    first = whole.arguments()
    yield least
    if first != least:
        yield first
    for branch in range(1, min(whole.branches, _MOST_BRANCHES)):
        yield Maker(schema, True, own, branch).arguments()
    for name in whole.optional[:_MOST_ALONE]:
        yield Maker(schema, False, own).arguments(name)
