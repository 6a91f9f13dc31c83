"""System checks about how the parts are put together."""

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register

_PORT: Final = 6379


@register(deploy=True)
def broker_apart_from_cache(**_: Any) -> list[CheckMessage]:
    """Warn when queued work lives where the cache may evict it."""
    if _server(settings.REDIS_URL) != _server(settings.CELERY_BROKER_URL):
        return []
    return [
        checks.Warning(
            "REDIS_URL and BROKER_URL name the same server.",
            hint="A cache evicts keys when memory is short; queued tasks must not be among them.",
            id="infra.W001",
        )
    ]


def _server(url: str) -> tuple[str, int]:
    """Return where the server is. Two of its numbered databases share its memory, and what happens when it is full."""
    parts = urlsplit(url)
    return (parts.hostname, parts.port or _PORT) if parts.hostname else (parts.path, 0)
