"""Wake-ups: numbers of what wants looking at, in a set of the broker, each once however often it is asked for.

Nothing hangs on them. What is to be done stands in the database, and a sweep finds what was never woken.
"""

import logging
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.embedded.locations import redis_client_url
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.resilience.policies import BROKER

logger = logging.getLogger(__name__)


class WakeUps:
    """One set of numbers.

    Args:
        name: its key in the broker.
    """

    def __init__(self, name: str) -> None:
        self._key = name

    def add(self, *numbers: int) -> None:
        """Ask for ``numbers`` to be looked at. A broker that is away costs a few timeouts, then nothing for a while."""
        breaker = BROKER.breaker
        if not numbers or not breaker.allow():
            return
        try:
            _broker().sadd(self._key, *numbers)
        except redis.RedisError as error:
            breaker.failed(error)
            logger.warning("not_woken", extra={"operation": self._key, "count": len(numbers)})
        else:
            breaker.succeeded()

    def take(self, count: int) -> list[int]:
        """Return up to ``count`` of the numbers; nobody else gets them.

        Raises:
            CacheUnavailable: the broker did not answer.
        """
        try:
            # What is no number was put there by nobody of ours.
            return [int(number) for number in _broker().spop(self._key, count) if number.isdigit()]
        except redis.RedisError as error:
            raise CacheUnavailable("The broker did not answer.", retry_after_seconds=1) from error


def ping_broker() -> None:
    """Ask the broker for nothing.

    Raises:
        redis.RedisError: it did not answer.
    """
    try:
        _broker().ping()
    except redis.RedisError as error:
        BROKER.breaker.failed(error)
        raise
    BROKER.breaker.succeeded()


@lru_cache(maxsize=1)
def _broker() -> Any:
    return redis.Redis.from_url(
        redis_client_url(settings.CELERY_BROKER_URL),
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=settings.REDIS_MAX_CONNECTIONS,
    )
