"""Wake-ups: numbers of what wants looking at, in a set of the broker, each once however often it is asked for.

Nothing hangs on them. What is to be done stands in the database, and a sweep finds what was never woken.
"""

import logging
import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.embedded.locations import redis_client_url
from ofmemory.errors import CacheUnavailable

logger = logging.getLogger(__name__)

# While the broker is away nobody waits for it; the sweep comes by more rarely than this.
HELD_OFF_SECONDS = 5.0


class WakeUps:
    """One set of numbers.

    Args:
        name: its key in the broker.
    """

    def __init__(self, name: str) -> None:
        self._key = name
        self._held_off_until = 0.0

    def add(self, *numbers: int) -> None:
        """Ask for ``numbers`` to be looked at. A broker that is away costs one timeout, then nothing for a while."""
        if not numbers or time.monotonic() < self._held_off_until:
            return
        try:
            _broker().sadd(self._key, *numbers)
        except redis.RedisError:
            self._held_off_until = time.monotonic() + HELD_OFF_SECONDS
            logger.warning("not_woken", extra={"operation": self._key, "count": len(numbers)})

    def take(self, count: int) -> list[int]:
        """Return up to ``count`` of the numbers; nobody else gets them.

        Raises:
            CacheUnavailable: the broker did not answer.
        """
        try:
            return [int(number) for number in _broker().spop(self._key, count)]
        except redis.RedisError as error:
            raise CacheUnavailable("The broker did not answer.", retry_after_seconds=1) from error


@lru_cache(maxsize=1)
def _broker() -> Any:
    return redis.Redis.from_url(
        redis_client_url(settings.CELERY_BROKER_URL),
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        max_connections=settings.REDIS_MAX_CONNECTIONS,
    )
