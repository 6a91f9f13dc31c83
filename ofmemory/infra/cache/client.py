"""Connections to Redis with deadlines and a breaker, and scripts that fail with one named error."""

import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha1
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.resilience import places
from ofmemory.infra.resilience.policies import CACHE

# Where a place keeps its connection, beside those to databases.
_REDIS = "redis connection"


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
        self.source = source
        self.digest = sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, *, keys: Sequence[str], args: Sequence[str | bytes | int] = ()) -> Any:
        """Run the script and return its answer (bytes stay bytes).

        Raises:
            CacheUnavailable: Redis did not answer in time, or not at all, twice; or did so too often a moment ago.
        """
        operands = (len(keys), *keys, *args)
        try:
            try:
                return _ask("EVALSHA", self.digest, *operands)
            except redis.exceptions.NoScriptError:
                return _ask("EVAL", self.source, *operands)
        except redis.RedisError as error:
            raise unavailable() from error


def ping() -> None:
    """Ask Redis for nothing.

    Raises:
        CacheUnavailable: it did not answer.
    """
    try:
        _ask("PING")
    except redis.RedisError as error:
        raise unavailable() from error


def unavailable() -> CacheUnavailable:
    """Return the error for a Redis that does not answer."""
    return CacheUnavailable("The cache did not answer.", retry_after_seconds=1)


def _ask(*command: str | bytes | int) -> Any:
    """Send a command and read its answer; once more on a fresh connection when the first one failed."""
    breaker = CACHE.breaker
    if not breaker.allow():
        raise unavailable()
    try:
        try:
            answer = _ask_once(*command)
        except (redis.ConnectionError, redis.TimeoutError):
            answer = _ask_once(*command)
    except (redis.ConnectionError, redis.TimeoutError) as error:
        breaker.failed(error)
        raise
    except redis.ResponseError:
        breaker.succeeded()  # a no is an answer
        raise
    breaker.succeeded()
    return answer


def _ask_once(*command: str | bytes | int) -> Any:
    connection = _connection()
    try:
        connection.send_command(*command)  # type: ignore[no-untyped-call]  # redis-py is partly typed
        return connection.read_response()
    except redis.ResponseError:
        raise
    except BaseException:
        # Whatever broke in, an answer may still be on its way: nobody may ever read it as the answer to their question.
        connection.disconnect()  # type: ignore[no-untyped-call]
        raise


def _connection() -> "redis.connection.ConnectionInterface":
    """Return the connection that the thread keeps, or its slot: taking one from a pool costs as much as the call."""
    place, process_id = places.here(), os.getpid()
    held: tuple[int, redis.connection.ConnectionInterface] | None = getattr(place, _REDIS, None)
    if held is None or held[0] != process_id:
        # A forked child must not talk through its parent's socket.
        held = process_id, fresh_connection()
        setattr(place, _REDIS, held)
    return held[1]


def forget_connections() -> None:
    """Connect anew at the next call, as the settings say now."""
    client.cache_clear()
    # At once, before another thread makes one as the settings said before.
    client()
    vars(places.here()).pop(_REDIS, None)


def fresh_connection(timeout_seconds: float | None = None) -> "redis.connection.ConnectionInterface":
    """Return a connection of the caller's own, not yet connected.

    Not by make_connection: the pool would count it for ever, and refuse after so many threads have come and gone.
    """
    pool = client().connection_pool
    timeouts = (
        {} if timeout_seconds is None else dict.fromkeys(("socket_timeout", "socket_connect_timeout"), timeout_seconds)
    )
    made: redis.connection.ConnectionInterface = pool.connection_class(**pool.connection_kwargs | timeouts)
    return made
