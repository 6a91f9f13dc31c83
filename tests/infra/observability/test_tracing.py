"""Traces, as a collector receives them over HTTP."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from ofmemory.infra.observability import correlation, tracing
from tests.infra.observability.test_tasks import run

pytest.importorskip("opentelemetry.exporter.otlp.proto.http")

CACHED = (tracing.is_on, tracing._tracer, tracing._provider)


@pytest.fixture
def collector(settings):
    """A collector that keeps what it is sent; tracing goes to it."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Nothing to tell."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = f"http://127.0.0.1:{server.server_port}"
    for cached in CACHED:
        cached.cache_clear()

    def spans():
        tracing.flush()
        assert {path for path, _ in received} <= {"/v1/traces"}
        return [
            ({a.key: a.value.string_value for a in resource.resource.attributes}, span)
            for _, message in received
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    yield spans
    tracing._provider().shutdown()
    server.shutdown()
    thread.join()
    server.server_close()
    for cached in CACHED:
        cached.cache_clear()


def facts(span):
    """Return the attributes of a span."""
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


def test_a_request_and_its_task_are_one_trace(collector, client, db):
    answer = client.get("/api/onlyfans/memory/my-own-fan?creatorId=my-creator")
    current = answer.headers["X-Correlation-ID"]
    correlation.begin(current)
    run(3, headers={"ofmemory_correlation": current})
    (resource, request), (_, task) = collector()
    assert resource["service.name"] == "ofmemory-command"
    assert request.name == "GET api/onlyfans/memory/<str:fan_id>"
    assert request.trace_id.hex() == task.trace_id.hex() == current
    assert facts(request) == {
        "http.request.method": "GET",
        "http.route": "api/onlyfans/memory/<str:fan_id>",
        "http.response.status_code": 401,
        "ofmemory.correlation_id": current,
    }
    assert request.end_time_unix_nano >= request.start_time_unix_nano
    assert task.name == "tests.infra.observability.test_tasks.work"
    for hidden in (b"my-own-fan", b"my-creator", b"SELECT"):
        assert hidden not in request.SerializeToString() + task.SerializeToString()


def test_what_failed_is_marked(collector):
    from opentelemetry.proto.trace.v1.trace_pb2 import Status

    run("fail")
    ((_, span),) = collector()
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert facts(span)["error.type"] == "ValueError"


def test_the_trace_of_an_id():
    number = "6f1c3a529a0e4b7e8b1b0a2f7c9d3e55"
    assert f"{tracing.trace_id_of(number):032x}" == number
    assert f"{tracing.trace_id_of('6f1c3a52-9a0e-4b7e-8b1b-0a2f7c9d3e55'):032x}" == number
    made = tracing.trace_id_of("somebodys-own")
    assert 0 < made < 1 << 128
    assert tracing.trace_id_of("0" * 32) != 0


def test_off_by_default(settings):
    settings.OTEL_EXPORTER_OTLP_ENDPOINT = ""
    for cached in CACHED:
        cached.cache_clear()
    assert not tracing.is_on()
    tracing.flush()
