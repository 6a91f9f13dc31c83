"""Looking into the broker: which messages wait there, and taking some of them out.

Kombu keeps a queue as a list, and what a worker has taken but not finished in the hash ``unacked`` (with the times in
``unacked_index``). A message is JSON whose body is JSON again, in base64.
"""

import base64
import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from ofmemory.embedded.locations import redis_client_url
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.resilience.policies import BROKER

_UNACKED, _UNACKED_INDEX = "unacked", "unacked_index"
_BATCH = 500
_READING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Args:
        queue: the key it lies under.
        task: the name of the task; empty where it has none.
        body: its arguments as they were sent, JSON.
        raw: as it lies in the queue; for an unfinished one, its tag.
    """

    queue: str
    task: str
    body: bytes
    raw: bytes


def find_messages(wanted: Callable[[Message], bool]) -> list[Message]:
    """Return the messages that wait or are being worked on, of all queues.

    Raises:
        CacheUnavailable: the broker did not answer.
    """
    with _broker() as broker:
        return [message for message in _all(broker) if wanted(message)]


def remove_messages(messages: list[Message]) -> None:
    """Take messages out. What a worker has in its hands it still finishes.

    Raises:
        CacheUnavailable: the broker did not answer.
    """
    with _broker() as broker:
        for message in messages:
            if message.queue == _UNACKED:
                broker.hdel(_UNACKED, message.raw)
                broker.zrem(_UNACKED_INDEX, message.raw)
            else:
                broker.lrem(message.queue, 0, message.raw)


@contextmanager
def _broker() -> Iterator[Any]:
    breaker = BROKER.breaker
    if not breaker.allow():
        raise _unavailable()
    broker = redis.Redis.from_url(
        redis_client_url(settings.CELERY_BROKER_URL),
        # Reading many messages takes longer than sending one.
        socket_timeout=max(BROKER.timeout_seconds, _READING_SECONDS),
        socket_connect_timeout=BROKER.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        yield broker
    except (redis.ConnectionError, redis.TimeoutError) as error:
        breaker.failed(error)
        raise _unavailable() from error
    except redis.RedisError as error:
        breaker.succeeded()  # a no is an answer
        raise _unavailable() from error
    else:
        breaker.succeeded()
    finally:
        broker.close()


def _unavailable() -> CacheUnavailable:
    return CacheUnavailable("The broker did not answer.", retry_after_seconds=1)


def _all(broker: Any) -> Iterator[Message]:
    for key in broker.scan_iter(count=_BATCH, _type="list"):
        for start in range(0, broker.llen(key), _BATCH):
            for raw in broker.lrange(key, start, start + _BATCH - 1):
                yield from _read(key.decode(), raw, raw)
    for tag, held in broker.hscan_iter(_UNACKED, count=_BATCH):
        yield from _read(_UNACKED, orjson.dumps(orjson.loads(held)[0]), tag)


def _read(queue: str, text: bytes, raw: bytes) -> Iterator[Message]:
    try:
        message = orjson.loads(text)
        body = base64.b64decode(message["body"], validate=True)
        yield Message(queue, str(message.get("headers", {}).get("task", "")), body, raw)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        # Nothing of ours: it is searched as it is.
        yield Message(queue, "", text, raw)
