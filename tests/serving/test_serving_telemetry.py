"""OpenTelemetry against a receiver that speaks OTLP over HTTP: what it gets, and that it gets nothing more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from kustomer_mcp_acme.runtime.edge.telemetry import TelemetryError, from_environment
from serving_kit import READ, call, grant, post, serving

from generator.sandbox import Sandbox

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
metrics_service = pytest.importorskip("opentelemetry.proto.collector.metrics.v1.metrics_service_pb2")


@contextmanager
def receiver() -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    """A collector: its address, and what came to each path."""
    got: dict[str, list[bytes]] = {}

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            got.setdefault(self.path, []).append(body)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()
        thread.join()


def test_spans_and_numbers_arrive_without_ids_values_or_secrets(emulator: Sandbox, tmp_path: Path) -> None:
    with receiver() as (address, got):
        values = {"OTEL_EXPORTER_OTLP_ENDPOINT": address, "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test"}
        with serving(tmp_path, KUSTOMER_BASE_URL=emulator.url, **values) as one:
            id, secret = grant(one.store)
            parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            post(f"{one.url}/{secret}", call(id="zq7marked"), traceparent=parent)
            post(f"{one.url}/kmg_{'x' * 43}")
            post(f"{one.url}/{secret}", call("zq7unknown"))
            assert one.stop() == 0
    traces = trace_service.ExportTraceServiceRequest()
    traces.ParseFromString(b"".join(got["/v1/traces"]))
    spans = {span.name: span for r in traces.resource_spans for s in r.scope_spans for span in s.spans}
    assert set(spans) == {f"tools/call {READ}", "GET /v1/customers/{id}"}
    tool, upstream = spans[f"tools/call {READ}"], spans["GET /v1/customers/{id}"]
    assert tool.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c" and tool.parent_span_id.hex() == "b7ad6b7169203331"
    assert upstream.parent_span_id == tool.span_id and upstream.trace_id == tool.trace_id
    assert {a.key: a.value.int_value or a.value.string_value for a in upstream.attributes} == {
        "http.request.method": "GET", "http.response.status_code": 404, "url.template": "/v1/customers/{id}",
        "server.address": "127.0.0.1",
    }  # fmt: skip
    assert {a.key: a.value.string_value for a in tool.attributes}["outcome"] == "refused"
    named = {a.key: a.value.string_value for a in traces.resource_spans[0].resource.attributes}
    assert (named["service.name"], named["deployment.environment"]) == ("kustomer-acme", "test")

    metrics = metrics_service.ExportMetricsServiceRequest()
    metrics.ParseFromString(got["/v1/metrics"][-1])
    found = {m.name: m for r in metrics.resource_metrics for s in r.scope_metrics for m in s.metrics}
    assert set(found) == {
        "kustomer_mcp.calls", "kustomer_mcp.call.duration", "kustomer_mcp.upstream.duration", "kustomer_mcp.refusals"
    }  # fmt: skip
    (point,) = found["kustomer_mcp.calls"].sum.data_points
    assert point.as_int == 1
    assert {a.key: a.value.string_value for a in point.attributes} == {"gen_ai.tool.name": READ, "outcome": "refused"}
    (upstream_point,) = found["kustomer_mcp.upstream.duration"].histogram.data_points
    assert upstream_point.count == 1 and upstream_point.sum > 0
    (refusal,) = found["kustomer_mcp.refusals"].sum.data_points
    assert {a.key: a.value.int_value for a in refusal.attributes}["http.response.status_code"] == 404
    everything = b"".join(chunk for chunks in got.values() for chunk in chunks)
    for word in ("zq7", secret, secret[4:], "sandbox-acme", id):
        assert word.encode() not in everything


def test_a_collector_that_is_away_harms_no_call_and_is_named_in_no_line(emulator: Sandbox, tmp_path: Path) -> None:
    values = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with serving(
        tmp_path, "--open", KUSTOMER_BASE_URL=emulator.url, OTEL_EXPORTER_OTLP_HEADERS="k=zq7-key", **values
    ) as one:
        assert post(one.url).status_code == 200
        assert one.stop() == 0
        assert "zq7-key" not in one.text() and "127.0.0.1:1/" not in one.text()
        assert all(line["level"] for line in one.lines())


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
        {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"},
    ],
)
def test_nothing_is_exported_unless_the_environment_asks(said: dict[str, str]) -> None:
    assert from_environment("x", "1", "h", said) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "OTEL_TRACES_EXPORTER is 'jaeger': this server knows `otlp` and `none`"),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "this server speaks `http/protobuf`",
        ),
    ],
)
def test_what_can_not_be_exported_is_an_error(said: dict[str, str], text: str) -> None:
    with pytest.raises(TelemetryError, match=text.replace("(", ".")):
        from_environment("x", "1", "h", said)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(TelemetryError, match=r"install x\[otel\], or set OTEL_SDK_DISABLED=true"):
        from_environment("x", "1", "h", {"OTEL_TRACES_EXPORTER": "otlp"})
