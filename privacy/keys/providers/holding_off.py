"""Leaving a provider alone that did not answer: a dead one must not be asked anew by every request."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from privacy.errors import KeysUnavailable

logger = logging.getLogger(__name__)

DOWN_SECONDS, REFUSED_SECONDS = 5.0, 60.0


class ProviderDown(Exception):
    """It did not answer, or not in time, or asks for patience; it may the next time."""


class ProviderRefuses(Exception):
    """It says no to the key: disabled, deleted, or not for us. Asking again changes nothing until somebody acts."""


class WrappedRefused(Exception):
    """It says no to these bytes alone: changed, or wrapped for another place. All others are as good as before."""


@dataclass(slots=True)
class _Pause:
    until: float
    refused: bool


class HoldOff:
    """For each key of a provider: after a failure nobody asks for a while, then one caller tries.

    Args:
        name: of the provider, for logs and messages.
        clock: monotonic seconds.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._pauses: dict[str, _Pause] = {}
        self._lock = threading.Lock()

    @contextmanager
    def asking(self, key: str) -> Iterator[None]:
        """Run the block, which asks the provider to use ``key``.

        Raises:
            KeysUnavailable: it failed, or it failed a moment ago and the block was not run.
        """
        self._claim(key)
        try:
            yield
        except WrappedRefused:
            self._answered(key)
            raise KeysUnavailable("A wrapped key was changed, or belongs elsewhere.") from None
        except (ProviderDown, ProviderRefuses) as error:
            raise self._failed(key, error) from error
        self._answered(key)

    def _claim(self, key: str) -> None:
        now = self._clock()
        with self._lock:
            pause = self._pauses.get(key)
            if pause is None:
                return
            if pause.until > now:
                raise self._unavailable(pause, now)
            # This caller tries; the others wait for what becomes of it.
            pause.until = now + DOWN_SECONDS

    def _answered(self, key: str) -> None:
        with self._lock:
            recovered = self._pauses.pop(key, None)
        if recovered:
            logger.info("key_provider_answers", extra={"operation": self._name, "part": key})

    def _failed(self, key: str, error: Exception) -> KeysUnavailable:
        refused = isinstance(error, ProviderRefuses)
        now = self._clock()
        pause = _Pause(now + (REFUSED_SECONDS if refused else DOWN_SECONDS), refused)
        with self._lock:
            self._pauses[key] = pause
        facts = {"operation": self._name, "part": key, "reason": str(error)}
        if refused:
            logger.error("key_provider_refuses", extra=facts)
        else:
            logger.warning("key_provider_down", extra=facts)
        return self._unavailable(pause, now)

    def _unavailable(self, pause: _Pause, now: float) -> KeysUnavailable:
        says = "refuses the use of its key" if pause.refused else "does not answer"
        return KeysUnavailable(
            f"The provider of keys ({self._name}) {says}.", retry_after_seconds=max(1, round(pause.until - now))
        )
