"""What every write to a pair has in common: the cache is held off before it and cleared after its commit."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError as BrokerError

from accounts.gate import Gate
from memory import cache
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.limits import Quota
from ofmemory.infra.db import passes
from ofmemory.infra.resilience.policies import BROKER, DATABASE
from privacy.domain import Pair
from privacy.errors import KeysUnavailable, StaleKey
from privacy.keys import keyring
from privacy.services import audit

logger = logging.getLogger(__name__)
T = TypeVar("T")

ATTEMPTS = 3


def carry_out(pairs: Sequence[Pair], gate: Gate, work: Callable[[], T]) -> tuple[T, Quota]:
    """Do ``work`` in one transaction (see ``writing``); again where it was undone for a reason that passes.

    Such reasons: a pair's key changed meanwhile, a deadlock, a connection that broke before the commit was asked for.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut; nothing was done.
        KeysUnavailable: the key keeps changing.
    """
    with _held_off(pairs, gate) as held:
        attempt = _Attempt(lambda: _transaction(pairs, gate, held), work)
        for _ in range(ATTEMPTS):
            try:
                return DATABASE.retried(attempt, when=attempt.may_repeat), held.quota
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
    with _held_off(pairs, gate) as held, _transaction(pairs, gate, held):
        yield held.quota


@dataclass(frozen=True, slots=True)
class _Held:
    """What the gate said.

    Args:
        mark: of the writer, in the cache; empty without Redis.
        is_recorded: whether the audit log knows of the write, and of whom it is.
    """

    quota: Quota
    mark: str
    is_recorded: bool


@contextmanager
def _held_off(pairs: Sequence[Pair], gate: Gate) -> Iterator[_Held]:
    try:
        held = _Held(*cache.begin_write(pairs, gate))
    except CacheUnavailable:
        held = _Held(gate.passed_without_cache(), "", is_recorded=False)
    try:
        yield held
    except BaseException:
        # Nothing changed, or nobody knows: let readers fill the cache again.
        _clear(pairs, held.mark)
        raise


@contextmanager
def _transaction(pairs: Sequence[Pair], gate: Gate, held: _Held) -> Iterator[None]:
    with transaction.atomic():
        transaction.on_commit(lambda: _clear(pairs, held.mark), robust=True)
        yield
        if not held.is_recorded:
            _record(pairs, gate)


class _Attempt(Generic[T]):
    """One transaction that may be tried again as long as nobody can have committed it."""

    def __init__(self, begin: Callable[[], AbstractContextManager[None]], work: Callable[[], T]) -> None:
        self._begin, self._work, self._is_committing = begin, work, False
        self._is_nested = connection.in_atomic_block

    def __call__(self) -> T:
        self._is_committing = False
        with self._begin():
            done = self._work()
            self._is_committing = True
        return done

    def may_repeat(self, error: Exception) -> bool:
        return not self._is_nested and not self._is_committing and passes(error)


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
    """Have it done when Redis is back: by this process, and by the worker should this process be killed before."""
    # Keys of Redis, not ids: what lies in the broker names nobody.
    keys = cache.end_write_later(pairs)
    breaker = BROKER.breaker
    if not breaker.allow():
        return
    try:
        current_app.send_task("memory.tasks.clear_cache", args=[keys], retry=False)
    except BrokerError as error:
        breaker.failed(error)
        logger.error("cache_clearing_not_queued", extra={"count": len(pairs)})
    else:
        breaker.succeeded()
