"""Connections to Redis with deadlines, and scripts that fail with one named error."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.errors import CacheUnavailable


@lru_cache(maxsize=1)
def client() -> "redis.Redis":
    """Return the process's client: 250 ms a call, one quick retry on a fresh connection.

    A bare ``redis.Redis()`` retries ten times and blocks 4.3 s on a dead server.
    """
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=settings.REDIS_TIMEOUT_SECONDS,
        socket_connect_timeout=settings.REDIS_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1),
        max_connections=settings.REDIS_MAX_CONNECTIONS,
    )


class Script:
    """A server-side script: several steps, one round trip, nothing in between.

    Args:
        source: Lua, within the commands of Redis 6.2.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def __call__(self, *, keys: Sequence[str], args: Sequence[str | bytes | int] = ()) -> Any:
        """Run the script and return its answer (bytes stay bytes).

        Raises:
            CacheUnavailable: Redis did not answer in time, or not at all.
        """
        registered = _registered(self._source)
        try:
            return registered(keys=keys, args=args)
        except redis.RedisError as error:
            raise CacheUnavailable("The cache did not answer.", retry_after_seconds=1) from error


@lru_cache(maxsize=64)
def _registered(source: str) -> Any:
    return client().register_script(source)
