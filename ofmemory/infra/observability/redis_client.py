"""Connections for looking at Redis: short deadlines, no second try, none of them shared with requests."""

from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.embedded.locations import redis_client_url


def to_cache() -> Any:
    return _connected(settings.REDIS_URL)


def to_broker() -> Any:
    return _connected(redis_client_url(settings.CELERY_BROKER_URL))


def _connected(url: str) -> Any:
    timeout = settings.REDIS_TIMEOUT_SECONDS
    return redis.Redis.from_url(
        url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=Retry(NoBackoff(), 0)
    )
