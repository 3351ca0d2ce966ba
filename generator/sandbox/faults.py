"""Owns faults which tests order for the next requests. Must not touch the world, nor act unordered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """What a request gets instead of its answer. Without a status it is only delayed."""

    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    reset: bool = False
    method: str | None = None
    path: str | None = None

    def meets(self, method: str, path: str) -> bool:
        return self.method in (None, method) and (self.path is None or path.startswith(self.path))


class Faults:
    """The faults to come, each for one request; the first that fits is taken."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []

    def order(self, fault: Fault, times: int = 1) -> None:
        self._queue.extend([fault] * times)

    def answer(self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None, times: int = 1) -> None:
        said = {"content-type": "application/json", **(headers or {})}
        self.order(Fault(status, body, said), times)

    def delay(self, seconds: float, times: int = 1) -> None:
        self.order(Fault(delay=seconds), times)

    def reset(self, times: int = 1) -> None:
        """The connection breaks before a byte of the answer."""
        self.order(Fault(reset=True), times)

    def not_json(self, status: int = 200, times: int = 1) -> None:
        """The page of some proxy, where JSON should be."""
        self.order(Fault(status, b"<html><body>Bad Gateway</body></html>", {"content-type": "text/html"}), times)

    def redirect(self, location: str, status: int = 302, times: int = 1) -> None:
        self.order(Fault(status, b"", {"location": location}), times)

    def take(self, method: str, path: str) -> Fault | None:
        found = next((fault for fault in self._queue if fault.meets(method, path)), None)
        if found is not None:
            self._queue.remove(found)
        return found

    def clear(self) -> None:
        self._queue.clear()
