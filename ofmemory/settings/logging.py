"""JSON logs: ids, pseudonyms, counts and durations; never content."""

from typing import Any

from ofmemory.settings.env import env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "ofmemory.infra.observability.logs.JSONFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Request lines hold fan ids in their URL: errors reach the log through our own handler instead.
        "django.request": {"level": "CRITICAL", "propagate": False},
        "django.security": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        # Celery's processes tell of each other's end through it, to nobody but who asks.
        "multiprocessing": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}
