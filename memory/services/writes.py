"""What every write to a pair has in common: the cache is held off before it and cleared after its commit."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.gate import Gate
from memory import cache
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.limits import NO_QUOTA, Quota
from privacy.domain import Pair
from privacy.errors import KeysUnavailable, StaleKey
from privacy.keys import keyring
from privacy.services import audit

logger = logging.getLogger(__name__)
T = TypeVar("T")

ATTEMPTS = 3


def carry_out(pairs: Sequence[Pair], gate: Gate, work: Callable[[], T]) -> tuple[T, Quota]:
    """Do ``work`` in one transaction (see ``writing``); once more where a pair's key changed meanwhile.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut; nothing was done.
        KeysUnavailable: the key keeps changing.
    """
    for _ in range(ATTEMPTS):
        try:
            with writing(pairs, gate) as quota:
                return work(), quota
        except StaleKey:
            for pair in pairs:
                keyring.forget(pair)
    raise KeysUnavailable("The fan's key is being changed.", retry_after_seconds=1)


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
        quota, mark, is_recorded = cache.begin_write(pairs, gate)
    except CacheUnavailable:
        gate.passed_without_cache()
        quota, mark, is_recorded = NO_QUOTA, "", False
    try:
        with transaction.atomic():
            transaction.on_commit(lambda: _clear(pairs, mark), robust=True)
            yield quota
            if not is_recorded:
                _record(pairs, gate)
    except BaseException:
        # Nothing changed: let readers fill the cache again at once.
        _clear(pairs, mark)
        raise


def _record(pairs: Sequence[Pair], gate: Gate) -> None:
    """Tell the audit log with the transaction: Redis is away, or the fan is new and was called nothing before."""
    if not gate.action:
        return
    handles: list[UUID | None] = [UUID(bytes=keys.handle) for pair in pairs if (keys := keyring.peek(pair))]
    for handle in handles or [None]:
        audit.record(gate.action, actor=gate.actor, creator_id=gate.creator_id, subject=handle)


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
    # Keys of Redis, not ids: what lies in the broker names nobody.
    keys = [cache.pair_key(pair) for pair in pairs]
    try:
        current_app.send_task("memory.tasks.clear_cache", args=[keys], retry=False)
    except OperationalError:
        logger.error("cache_clearing_not_queued", extra={"count": len(pairs)})
