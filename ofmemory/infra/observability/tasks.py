"""Tasks, seen: the correlation id travels with the message, and every run is counted, timed and told in one line."""

import logging
import time
from contextvars import ContextVar
from typing import Any, Final

from celery import signals
from django.conf import settings

from ofmemory.infra.observability import correlation, heartbeat, port, tracing
from ofmemory.infra.observability.metrics import TASK_LATENCY, TASKS
from ofmemory.infra.observability.publishing import publisher

logger = logging.getLogger(__name__)

HEADER: Final = "ofmemory_correlation"
_began: ContextVar[float | None] = ContextVar("task_began", default=None)
_error: ContextVar[str] = ContextVar("task_error", default="")


def connect() -> None:
    """Listen to Celery. Signals are kept weakly, so that only functions of a module are connected."""
    signals.before_task_publish.connect(_hand_on)
    signals.after_task_publish.connect(_sent)
    signals.task_prerun.connect(_begin)
    signals.task_retry.connect(_note_error)
    signals.task_failure.connect(_note_failure)
    signals.task_postrun.connect(_end)
    signals.worker_ready.connect(_serve)
    signals.beat_init.connect(_serve)


def _hand_on(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and (current := correlation.correlation_id()):
        headers[HEADER] = current


def _sent(**_: Any) -> None:
    if settings.SERVICE == heartbeat.SCHEDULER:
        heartbeat.beat(heartbeat.SCHEDULER)


def _begin(task: Any = None, **_: Any) -> None:
    publisher.start()
    correlation.begin(getattr(task.request, HEADER, None) or (task.request.headers or {}).get(HEADER))
    _error.set("")
    _began.set(time.perf_counter())


def _note_error(reason: Any = None, **_: Any) -> None:
    _error.set(type(reason).__name__)


def _note_failure(sender: Any = None, exception: Any = None, **_: Any) -> None:
    if _began.get() is not None:
        _error.set(type(exception).__name__)
        return
    # The process that ran it died or was killed: its parent tells.
    name, error = _name_of(sender), type(exception).__name__
    TASKS.labels(name, "failure").inc()
    logger.error("task_lost", extra={"task": name, "error": error})


def _end(task: Any = None, retval: Any = None, state: str | None = None, **_: Any) -> None:
    began, error, name = _began.get(), _error.get(), _name_of(task)
    _began.set(None)
    if began is None:
        return
    seconds = time.perf_counter() - began
    outcome = {"SUCCESS": "success", "RETRY": "retry"}.get(state or "", "failure")
    TASKS.labels(name, outcome).inc()
    TASK_LATENCY.labels(name).observe(seconds)
    _tell(name, outcome, seconds, retval, error)
    if tracing.is_on():
        tracing.task(name, seconds, error if outcome == "failure" else "")
    correlation.end()
    heartbeat.beat(heartbeat.WORKER)


def _tell(name: str, outcome: str, seconds: float, retval: Any, error: str) -> None:
    facts: dict[str, Any] = {"task": name, "duration_ms": round(seconds * 1000, 2), "status": outcome}
    if isinstance(retval, int):
        facts["count"] = int(retval)
    if outcome != "success":
        level = logging.ERROR if outcome == "failure" else logging.WARNING
        logger.log(level, "task_failed", extra=facts | {"error": error})
        return
    # Most ticks of the scheduler find nothing to do.
    logger.log(logging.INFO if facts.get("count", 1) else logging.DEBUG, "task_finished", extra=facts)


def _name_of(task: Any) -> str:
    """Return a name that is ours: a message may name anything."""
    name = getattr(task, "name", "") or ""
    return name if name in _known() else "other"


def _known() -> Any:
    from ofmemory.celery import app

    return app.tasks


def _serve(**_: Any) -> None:
    port.serve()
