"""JSON log lines from an allow-list: what is not named here is not logged."""

import logging
import traceback
from collections.abc import MutableMapping
from copy import copy
from typing import Any

import orjson
import structlog
from django.conf import settings

from ofmemory.infra.observability.correlation import correlation_id

# Ids, pseudonyms, counts, durations and labels. No key may ever carry what a person wrote.
ALLOWED = frozenset(
    {
        "timestamp", "level", "logger", "event", "correlationId", "service", "operation", "route", "method",
        "status", "cache", "duration_ms", "count", "creator", "fan", "principal", "task", "error", "where", "reason",
        "part", "line", "request", "requests", "found",
    }
)  # fmt: skip
FRAMES_SHOWN = 8
# Loggers whose texts are fixed.
OURS = ("accounts", "calibration", "memory", "ofmemory", "privacy")


def describe_exception(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and place. Its message may quote a row or a request."""
    exc_info = event.pop("exc_info", None)
    if isinstance(exc_info, tuple) and exc_info[1] is not None:
        frames = traceback.extract_tb(exc_info[2])[-FRAMES_SHOWN:]
        event["error"] = type(exc_info[1]).__name__
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def add_correlation(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if current := correlation_id():
        event["correlationId"] = current
    event["service"] = settings.SERVICE
    return event


def keep_allowed(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED or key.startswith("_")}


class JSONFormatter(structlog.stdlib.ProcessorFormatter):
    """One JSON object a line, for our own log calls and for every library's."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(allow=ALLOWED),
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                add_correlation,
            ],
            processors=[
                describe_exception,
                keep_allowed,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        # Without this structlog renders the traceback into the text, values and all.
        record.exc_text = None
        return super().format(record if record.name.startswith(OURS) else without_values(record))


def through_standard_logging() -> None:
    """Send what libraries log with structlog the way of all others; by itself it prints every value it is given."""
    structlog.configure(
        processors=[_keep_of_libraries, structlog.stdlib.render_to_log_kwargs],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _keep_of_libraries(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in ALLOWED or key == "exc_info"}


def without_values(record: logging.LogRecord) -> logging.LogRecord:
    """Keep of a library's line what it says every time, and drop what it says this time.

    Django and Celery write messages of exceptions and arguments of tasks into the text.
    """
    kept = copy(record)
    kept.args = ()
    data = getattr(record, "data", None)
    if isinstance(data, dict) and "name" in data:
        kept.task = data["name"]  # of the task that failed
    return kept


def _dumps(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
