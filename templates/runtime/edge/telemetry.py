"""Owns OpenTelemetry: spans of tool calls and of requests to Kustomer, and their numbers, when the environment asks for them.

The variables are OpenTelemetry's own (OTEL_EXPORTER_OTLP_ENDPOINT and its like). Only what this module makes is exported:
spans of libraries may quote what they were handling. Attributes follow the semantic conventions where there are some.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..watch import Outcome, Sent

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_SCOPE = "kustomer_mcp"
_SIGNALS = ("TRACES", "METRICS")


class TelemetryError(Exception):
    """The environment asks for what can't be given; the text says what to do."""


@dataclass(slots=True)
class CallSpan:
    """A tool call under way."""

    span: Span
    context: Context


class Telemetry:
    """Exports what it is told; see `from_environment`."""

    def __init__(self, tracing: Any, metering: Any, server: str) -> None:
        self._tracing = tracing
        self._metering = metering
        self._server = server
        self._tracer = tracing.get_tracer(_SCOPE) if tracing is not None else None
        if metering is not None:
            meter = metering.get_meter(_SCOPE)
            self._calls = meter.create_counter("kustomer_mcp.calls", "{call}", "Tool calls by tool and outcome.")
            self._call_seconds = meter.create_histogram("kustomer_mcp.call.duration", "s", "How long tool calls took.")
            self._upstream = meter.create_histogram(
                "kustomer_mcp.upstream.duration", "s", "How long requests to Kustomer took, by method and status."
            )
            self._refusals = meter.create_counter(
                "kustomer_mcp.refusals", "{request}", "Requests that this server refused, by status."
            )

    def call_begins(self, tool: str, parent: str) -> CallSpan | None:
        """A tool call begins, on behalf of the span that the caller named in `traceparent`."""
        if self._tracer is None:
            return None
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        outer = TraceContextTextMapPropagator().extract({"traceparent": parent}) if parent else None
        attributes = {
            "mcp.method.name": "tools/call",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
        }
        span = self._tracer.start_span(f"tools/call {tool}", outer, SpanKind.SERVER, attributes)
        return CallSpan(span, set_span_in_context(span))

    def call_ended(self, call: CallSpan | None, tool: str, outcome: Outcome, seconds: float) -> None:
        """A tool call ended, or was denied before it began."""
        if self._metering is not None:
            self._calls.add(1, {"gen_ai.tool.name": tool, "outcome": outcome})
            self._call_seconds.record(seconds, {"gen_ai.tool.name": tool})
        if call is not None:
            from opentelemetry.trace import StatusCode

            call.span.set_attribute("outcome", outcome)
            if outcome == "error":
                call.span.set_status(StatusCode.ERROR)
            call.span.end()

    def sent(self, call: CallSpan | None, sent: Sent) -> None:
        """A request to Kustomer was answered or failed; its path is named as published, without ids."""
        attributes: dict[str, Any] = {"http.request.method": sent.method}
        attributes |= {"error.type": "no_answer"} if sent.status is None else {"http.response.status_code": sent.status}
        if self._metering is not None:
            self._upstream.record(sent.seconds, attributes)
        if self._tracer is None:
            return
        from opentelemetry.trace import SpanKind, StatusCode

        end = time.time_ns()
        span = self._tracer.start_span(
            f"{sent.method} {sent.template}",
            call.context if call is not None else None,
            SpanKind.CLIENT,
            attributes | {"url.template": sent.template, "server.address": self._server},
            start_time=end - int(sent.seconds * 1e9),
        )
        if sent.status is None or sent.status >= 400:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    def refused(self, route: str, status: int) -> None:
        """A request was refused."""
        if self._metering is not None:
            self._refusals.add(1, {"http.route": route, "http.response.status_code": status})

    def close(self) -> None:
        """Export what is left."""
        for provider in (self._tracing, self._metering):
            if provider is not None:
                provider.shutdown()


def from_environment(
    name: str, version: str, server: str, environment: Mapping[str, str] | None = None
) -> Telemetry | None:
    """Telemetry as the environment asks for it, or None where it does not.

    Args:
        name: The service's name, where OTEL_SERVICE_NAME gives none.
        version: The service's version.
        server: The host of Kustomer's API.

    Raises:
        TelemetryError: It asks for an exporter that there is not, or the extra `otel` is not installed.
    """
    said = os.environ if environment is None else environment
    wanted = [signal for signal in _SIGNALS if _wants(said, signal)]
    if not wanted:
        return None
    attributes = {"service.version": version} | ({} if said.get("OTEL_SERVICE_NAME") else {"service.name": name})
    try:
        return Telemetry(*_providers(wanted, attributes), server)
    except ImportError:
        raise TelemetryError(
            f"the environment asks for OpenTelemetry, which is not installed: install {name}[otel], or set "
            "OTEL_SDK_DISABLED=true"
        ) from None


def _providers(wanted: list[str], attributes: Mapping[str, str]) -> tuple[Any, Any]:
    """What exports spans, and what exports numbers; None for what is not wanted. Raises ImportError without the extra."""
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create(attributes)
    tracing = metering = None
    if "TRACES" in wanted:
        tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    if "METRICS" in wanted:
        metering = MeterProvider(
            [PeriodicExportingMetricReader(OTLPMetricExporter())], resource, shutdown_on_exit=False
        )
    return tracing, metering


def _wants(said: Mapping[str, str], signal: str) -> bool:
    if said.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    exporter = said.get(f"OTEL_{signal}_EXPORTER", "").strip().lower()
    endpoints = ("OTEL_EXPORTER_OTLP_ENDPOINT", f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")
    if exporter not in ("", "none", "otlp"):
        raise TelemetryError(f"OTEL_{signal}_EXPORTER is {exporter[:20]!r}: this server knows `otlp` and `none`")
    protocol = said.get(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or said.get("OTEL_EXPORTER_OTLP_PROTOCOL", "")
    wanted = exporter == "otlp" or (not exporter and any(said.get(name) for name in endpoints))
    if wanted and protocol.strip() not in ("", "http/protobuf"):
        raise TelemetryError(f"the OTLP protocol is {protocol[:20]!r}: this server speaks `http/protobuf`")
    return wanted
