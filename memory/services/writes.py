"""What every write to a pair has in common: the cache is held off before it and cleared after its commit."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.gate import Gate
from memory import cache
from memory.domain import Pair
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.limits import NO_QUOTA, Quota

logger = logging.getLogger(__name__)


@contextmanager
def writing(pairs: Sequence[Pair], gate: Gate) -> Iterator[Quota]:
    """Pass the gate, run the block in one transaction, and clear the cache of ``pairs`` once it is committed.

    The order matters. Held off before the transaction, no reader can store what a commit is about to make old, even
    if this process dies right after the commit. Cleared after the commit and before the caller is answered, the very
    next read sees the write.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut; nothing was done.
    """
    try:
        quota, mark = cache.begin_write(pairs, gate)
    except CacheUnavailable:
        gate.passed_without_cache()
        quota, mark = NO_QUOTA, ""
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: _clear(pairs, mark), robust=True)
            yield quota
    except BaseException:
        # Nothing changed: let readers fill the cache again at once.
        _clear(pairs, mark)
        raise


def announce(signal: Any, **ids: object) -> None:
    """After commit, and after the cache is cleared, tell the rooms above; a receiver that fails stops nobody."""
    transaction.on_commit(lambda: _send(signal, ids), robust=True)


def _send(signal: Any, ids: dict[str, object]) -> None:
    for receiver, outcome in signal.send_robust(sender=None, **ids):
        if isinstance(outcome, Exception):
            logger.error("receiver_failed", exc_info=outcome, extra={"operation": _name(receiver)})


def _name(receiver: Callable[..., Any]) -> str:
    return getattr(receiver, "__qualname__", type(receiver).__name__)


def _clear(pairs: Sequence[Pair], mark: str) -> None:
    try:
        cache.end_write(pairs, mark)
    except CacheUnavailable:
        logger.warning("cache_not_cleared", extra={"count": len(pairs)})
        _clear_later(pairs)


def _clear_later(pairs: Sequence[Pair]) -> None:
    """Have the worker try until Redis is back; should the broker be gone too, the lifetime bounds what is old."""
    ids = [[pair.creator_id, pair.fan_id] for pair in pairs]
    try:
        current_app.send_task("memory.tasks.clear_cache", args=[ids], retry=False)
    except OperationalError:
        logger.error("cache_clearing_not_queued", extra={"count": len(pairs)})
