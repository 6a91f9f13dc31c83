"""JSON log lines from an allow-list: what is not named here is not logged."""

import logging
import traceback
from collections.abc import MutableMapping
from copy import copy
from typing import Any

import orjson
import structlog

from ofmemory.infra.observability.correlation import correlation_id

# Ids, pseudonyms, counts, durations and labels. No key may ever carry what a person wrote.
ALLOWED = frozenset(
    {
        "timestamp", "level", "logger", "event", "correlationId", "service", "operation", "route", "method", "status",
        "duration_ms", "count", "creator", "fan", "principal", "task", "error", "where", "reason", "part", "line",
    }
)  # fmt: skip
FRAMES_SHOWN = 8


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
        return super().format(without_values(record) if record.name.startswith("celery") else record)


def without_values(record: logging.LogRecord) -> logging.LogRecord:
    """Keep of a line of Celery's what it says about every task, and drop what it says about this one.

    It writes the arguments of a task and the message of its exception into the text.
    """
    kept = copy(record)
    kept.args = ()
    if name := getattr(record, "data", {}).get("name"):
        kept.task = name
    return kept


def _dumps(event: Any, **_: Any) -> str:
    return orjson.dumps(event, default=str).decode()
