"""Named policies: for everything reached over a wire, how long to wait, how often to try, when to leave it alone.

- ``DATABASE``, ``KEYS``: 5 s a statement, less where the request has less left; 3 attempts; breaker 5 failures in 10 s,
  60 s. While it is open contexts come from the cache, marked stale; writes are answered 503.
- ``CACHE``: 250 ms; 2 attempts, the second on a fresh connection; 3 in 5 s, 30 s. The database is read; limits hold a
  process; audit goes into the database.
- ``BROKER``: 250 ms; 1 attempt; 3 in 5 s, 30 s. Nothing is queued: a sweep finds what was not.
- ``external(name)``: 10 s; 3 attempts, honouring Retry-After; 5 in 10 s, 60 s. What is built in is used.

Source: SPEC section 6.
"""

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeVar

import stamina
from django.conf import settings

from ofmemory.infra.resilience import deadline
from ofmemory.infra.resilience.breaker import Breaker, State, breaker

logger = logging.getLogger(__name__)
T = TypeVar("T")

FIRST_WAIT_SECONDS: Final = 0.1
LONGEST_WAIT_SECONDS: Final = 2.0
JITTER: Final = 0.3


@dataclass(frozen=True, slots=True)
class Policy:
    """How a dependency is treated.

    Args:
        name: of the dependency and of its breaker.
        kind: its settings are called ``<kind>_TIMEOUT_SECONDS`` and ``<kind>_BREAKER``.
        attempts: in all.
    """

    name: str
    kind: str
    attempts: int

    @property
    def timeout_seconds(self) -> float:
        return float(getattr(settings, f"{self.kind}_TIMEOUT_SECONDS"))

    @property
    def breaker(self) -> Breaker:
        failures, window_seconds, reset_seconds = getattr(settings, f"{self.kind}_BREAKER")
        return breaker(self.name, failures=failures, window_seconds=window_seconds, reset_seconds=reset_seconds)

    def retried(
        self,
        work: Callable[[], T],
        *,
        when: Callable[[Exception], bool],
        asked_to_wait: Callable[[Exception], float | None] = lambda _: None,
    ) -> T:
        """Do ``work``; again while it fails in a way that passes, at most ``attempts`` times in all.

        Never inside an open transaction: what was done in it before is lost with it. Not while the breaker is open, and
        not where the budget ends before the next attempt could begin.

        Args:
            when: whether an error is worth another attempt.
            asked_to_wait: seconds that the other side asked for (Retry-After), None where it did not.

        Raises:
            What ``work`` raised last.
        """
        try:
            return work()
        except Exception as error:
            if not when(error):
                raise
            first = error
        waits = _waits()

        def pause(error: Exception) -> float | bool:
            seconds = asked_to_wait(error) or next(waits)
            return seconds if when(error) and self._has_time_for(seconds) else False

        for attempt in stamina.retry_context(on=pause, attempts=self.attempts, timeout=None):
            with attempt:
                if attempt.num == 1:
                    raise first  # made already: what goes well at once is spared the cost of being counted
                return work()
        raise first

    def _has_time_for(self, wait: float) -> bool:
        remaining = deadline.left()
        return self.breaker.state is State.CLOSED and (remaining is None or remaining > wait)


def _waits() -> Iterator[float]:
    """Yield the pauses: 100 ms, doubled each time up to 2 s, 30 % more or less."""
    wait = FIRST_WAIT_SECONDS
    while True:
        yield wait * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
        wait = min(wait * 2, LONGEST_WAIT_SECONDS)


DATABASE: Final = Policy("database", "DATABASE", attempts=3)
KEYS: Final = Policy("keys", "DATABASE", attempts=3)
CACHE: Final = Policy("cache", "REDIS", attempts=2)
BROKER: Final = Policy("broker", "REDIS", attempts=1)


@cache
def external(name: str) -> Policy:
    """Return the policy of an API of somebody else."""
    return Policy(name, "EXTERNAL", attempts=3)


def log_retry(details: stamina.instrumentation.RetryDetails) -> None:
    """Write one line for an attempt that failed; stamina's own would hold the message of the error."""
    extra = {"count": details.retry_num, "error": type(details.caused_by).__name__}
    logger.info("tried_again", extra=extra)


def of_database(alias: str) -> Policy:
    """Return the policy of one of ``settings.DATABASES``."""
    return KEYS if alias == "keys" else DATABASE
