"""System checks about how the parts are put together."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register


@register(deploy=True)
def broker_apart_from_cache(**_: Any) -> list[CheckMessage]:
    """Warn when queued work lives where the cache may evict it."""
    cache, broker = urlsplit(settings.REDIS_URL), urlsplit(settings.CELERY_BROKER_URL)
    if (cache.netloc, cache.path) != (broker.netloc, broker.path):
        return []
    return [
        checks.Warning(
            "REDIS_URL and BROKER_URL name the same server.",
            hint="A cache evicts keys when memory is short; queued tasks must not be among them.",
            id="infra.W001",
        )
    ]
