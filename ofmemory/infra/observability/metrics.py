"""Every metric that processes count as they go. What they find by looking is in ``state.py``.

No label ever names a creator, a fan or anything else that a caller chose: each has a few dozen values at the most.
"""

import logging
from pathlib import Path
from typing import Final

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.registry import Collector

from ofmemory.infra.observability.process_files import ProcessFiles, keep_in_files, keep_in_memory

logger = logging.getLogger(__name__)


def _prepare() -> ProcessFiles | None:
    """Decide where metrics live, before the first one is made."""
    if settings.METRICS_DIR:
        folder = Path(settings.METRICS_DIR)
        try:
            keep_in_files(folder)
        except OSError as error:
            logger.warning("metrics_of_this_process_only", extra={"error": type(error).__name__})
        else:
            return ProcessFiles(folder)
    keep_in_memory()
    return None


FILES: Final = _prepare()
# What this process made; in files, what it reads of all processes stands in for it.
OWN: Final = CollectorRegistry()

# Around what is promised: 5 ms (a cached context), 200 ms (without Redis), 300 ms (the alert), 5 s (the deadline).
SECONDS: Final = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)
TASK_SECONDS: Final = (0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 240.0)

REQUESTS: Final = Counter("ofmemory_requests", "Requests answered.", ["route", "method", "status"], registry=OWN)
RETRIEVAL: Final = Histogram(
    "memory_retrieval_latency_seconds",
    "Time to answer a read of memory.",
    ["operation", "cache"],
    buckets=SECONDS,
    registry=OWN,
)
SAVE: Final = Histogram(
    "memory_save_latency_seconds", "Time to answer a write of memory.", ["operation"], buckets=SECONDS, registry=OWN
)
OTHER: Final = Histogram(
    "ofmemory_request_latency_seconds",
    "Time to answer a request that neither reads nor writes memory.",
    ["route"],
    buckets=SECONDS,
    registry=OWN,
)
ERRORS: Final = Counter("ofmemory_errors", "Requests answered with an error, by its type.", ["type"], registry=OWN)
TELEMETRY_LOST: Final = Counter(
    "ofmemory_telemetry_lost", "Request lines or observations that could not be written.", ["part"], registry=OWN
)

BREAKER_STATE: Final = Gauge(
    "ofmemory_breaker_state",
    "0 closed, 1 half open, 2 open: the worst of all processes of a service.",
    ["dependency", "service"],
    multiprocess_mode="livemax",
    registry=OWN,
)
BREAKER_OPENED: Final = Counter("ofmemory_breaker_opened", "How often a breaker opened.", ["dependency"], registry=OWN)

SLOTS_SIZE: Final = Gauge(
    "ofmemory_slots_size",
    "Requests that may run at once, all web processes.",
    multiprocess_mode="livesum",
    registry=OWN,
)
SLOTS_IN_USE: Final = Gauge(
    "ofmemory_slots_in_use", "Requests that run, looked at every second.", multiprocess_mode="livesum", registry=OWN
)
SLOTS_WAITING: Final = Gauge(
    "ofmemory_slots_waiting", "Requests that wait for a slot.", multiprocess_mode="livesum", registry=OWN
)
SHED: Final = Counter("ofmemory_requests_shed", "Requests refused because all slots stayed taken.", registry=OWN)

TASKS: Final = Counter(
    "ofmemory_tasks", "Task runs that ended, by how: success, failure or retry.", ["task", "outcome"], registry=OWN
)
TASK_LATENCY: Final = Histogram(
    "ofmemory_task_latency_seconds", "Time a task ran.", ["task"], buckets=TASK_SECONDS, registry=OWN
)


def process_metrics() -> Collector | CollectorRegistry:
    """Return what collects the metrics above: of all processes that share a folder, or of this one."""
    return FILES or OWN
