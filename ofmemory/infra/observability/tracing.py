"""Traces, for who collects them: a span for each request and task, sent over OTLP.

Off unless ``OTEL_EXPORTER_OTLP_ENDPOINT`` is set and ``requirements-otel.txt`` is installed. The trace of a request is
its correlation id where that is 32 hex digits, as ours are: log lines and traces are found by the same number, and the
task that a request sent belongs to its trace. Spans hold the route, the method, the status and the type of an error;
no address, no id and no SQL.
"""

import logging
import os
import time
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.conf import settings

from ofmemory.infra.observability.correlation import correlation_id

logger = logging.getLogger(__name__)


@lru_cache(maxsize=1)
def is_on() -> bool:
    """Return whether spans are sent."""
    return bool(settings.OTEL_EXPORTER_OTLP_ENDPOINT) and _tracer() is not None


def request(method: str, route: str, status: int, seconds: float, error: str) -> None:
    """Send the span of a request that ended just now."""
    from opentelemetry.trace import SpanKind

    facts = {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    _send(f"{method} {route}", SpanKind.SERVER, facts, seconds, error if status >= 500 else "")


def task(name: str, seconds: float, error: str) -> None:
    """Send the span of a task that ended just now."""
    from opentelemetry.trace import SpanKind

    _send(name, SpanKind.CONSUMER, {"messaging.system": "celery", "messaging.operation.name": name}, seconds, error)


def trace_id_of(correlation: str) -> int:
    """Return the trace that belongs to a correlation id: the id itself where it can be one."""
    plain = correlation.replace("-", "").lower()
    is_hex = len(plain) == 32 and set(plain) <= set("0123456789abcdef")
    return int(plain if is_hex else blake2b(correlation.encode(), digest_size=16).hexdigest(), 16) or 1


def flush() -> None:
    """Send what still waits."""
    if is_on():
        from opentelemetry.trace import get_tracer_provider  # noqa: F401 - says that the packages are there

        _provider().force_flush()


def _send(name: str, kind: Any, facts: dict[str, Any], seconds: float, error: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    ended = time.time_ns()
    attributes = facts | {"ofmemory.correlation_id": correlation_id()} | ({"error.type": error} if error else {})
    tracer = _tracer()
    span = tracer.start_span(name, kind=kind, attributes=attributes, start_time=ended - int(seconds * 1e9))
    if error:
        span.set_status(Status(StatusCode.ERROR))
    span.end(ended)


@lru_cache(maxsize=1)
def _tracer() -> Any:
    provider = _provider()
    return provider.get_tracer("ofmemory") if provider is not None else None


@lru_cache(maxsize=1)
def _provider() -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
    except ImportError:
        logger.warning("tracing_packages_missing", extra={"reason": "requirements-otel.txt"})
        return None

    class ByCorrelation(RandomIdGenerator):
        def generate_trace_id(self) -> int:
            current = correlation_id()
            return trace_id_of(current) if current else super().generate_trace_id()

    resource = Resource.create({"service.name": f"ofmemory-{settings.SERVICE}"})
    provider = TracerProvider(resource=resource, id_generator=ByCorrelation())
    endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip("/") + "/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return provider


def _after_fork() -> None:
    for cached in (is_on, _tracer, _provider):
        cached.cache_clear()


os.register_at_fork(after_in_child=_after_fork)
