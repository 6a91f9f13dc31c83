"""What Redis must still be told once it answers again.

A commit makes old what the cache holds. While Redis is away nobody can tell it so; when it comes back (frozen, cut off)
it still holds what it held. Each process therefore remembers what it owes and sends it again and again from a thread of
its own: one message is always under way, so a server that wakes up reads it before it answers anybody. What a process
takes with it when it is killed, the broker's queue repeats (``memory.tasks.clear_cache``).
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence

import redis

from ofmemory.infra.cache.client import Script, fresh_connection

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.2
# How long one message waits for its answer; a frozen server finds it in its socket.
ANSWER_SECONDS = 5.0
MOST = 50_000
_BATCH = 500

_Call = tuple[Script, tuple[str, ...], tuple[str | bytes | int, ...]]


class Debts:
    """What one process owes.

    Args:
        connect: makes a connection to Redis that waits so many seconds for an answer.
    """

    def __init__(self, connect: "Callable[[float], redis.connection.ConnectionInterface]" = fresh_connection) -> None:
        self._connect = connect
        # By script and keys: what is told twice is told once, with the latest arguments.
        self._calls: dict[tuple[str, tuple[str, ...]], _Call] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __len__(self) -> int:
        return len(self._calls)

    def owe(self, script: Script, *, keys: Sequence[str], args: Sequence[str | bytes | int] = ()) -> None:
        """Have ``script`` run as soon as Redis answers."""
        call = (script, tuple(keys), tuple(args))
        with self._lock:
            if len(self._calls) >= MOST:
                logger.error("cache_owed_too_much", extra={"count": len(self._calls)})
                return
            self._calls[script.digest, call[1]] = call
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._pay, name="cache-owed", daemon=True)
                self._thread.start()

    def _pay(self) -> None:
        connection = self._connect(ANSWER_SECONDS)
        while True:
            with self._lock:
                due = list(self._calls.items())[:_BATCH]
                if not due:
                    self._thread = None
                    break
            try:
                _tell(connection, [call for _, call in due])
            except redis.RedisError:
                connection.disconnect()  # type: ignore[no-untyped-call]  # redis-py is partly typed
                time.sleep(PAUSE_SECONDS)
                connection = self._connect(ANSWER_SECONDS)
                continue
            with self._lock:
                for key, call in due:
                    # Owed anew meanwhile, with other arguments: still due.
                    if self._calls.get(key) is call:
                        del self._calls[key]
        connection.disconnect()  # type: ignore[no-untyped-call]
        logger.info("cache_was_told")


def _tell(connection: "redis.connection.ConnectionInterface", calls: Sequence[_Call]) -> None:
    for script, keys, args in calls:
        connection.send_command("EVAL", script.source, len(keys), *keys, *args)  # type: ignore[no-untyped-call]
    for _ in calls:
        connection.read_response()


_debts = Debts()
owe = _debts.owe


def owed_count() -> int:
    """Return how much this process still has to tell Redis."""
    return len(_debts)
