"""Circuit breakers: who fails too often is left alone for a while, so that nobody waits for it in vain.

CLOSED lets every call through and counts failures in a rolling window. At ``failures`` of them it is OPEN and refuses
at once. After ``reset_seconds`` one call may try (HALF_OPEN): its success closes the breaker, its failure opens it
again. A monitor (``watching.py``) may try earlier, with a question of its own instead of somebody's request. Each time
a closed breaker soon opens again the monitor waits twice as long: a server that is half well does not make us flap.

Source: M. Nygard, Release It!, 2nd ed. 2018, section 5.2; the rolling window is SPEC section 6.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a breaker looks like now.

    Args:
        failures: in the window.
        successes: since the process started.
        opened_count: how often it opened since then.
        last_failure: the type of the error; empty where there was none.
        retry_in_seconds: until the next call may try; 0 where it may now.
    """

    name: str
    state: State
    failures: int
    successes: int
    opened_count: int
    last_failure_at: datetime | None
    last_failure: str
    retry_in_seconds: float


# Called after every change of state, with the breaker.
listeners: "list[Callable[[Breaker], None]]" = []
_breakers: "dict[str, Breaker]" = {}


class Breaker:
    """One dependency's breaker, of this process.

    Args:
        failures: how many in the window open it.
        window_seconds: how long a failure counts.
        reset_seconds: how long it stays open before a call may try.
        clock: monotonic seconds.
    """

    # A trial whose caller died must not keep the others out for ever.
    TRIAL_SECONDS = 10.0
    # A server that fails half of the time is tried up to four times a minute; one that is well again waits no longer.
    FIRST_EARLY_SECONDS, LONGEST_EARLY_SECONDS = 1.0, 15.0

    def __init__(
        self,
        name: str,
        *,
        failures: int,
        window_seconds: float,
        reset_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._most, self._window, self._reset, self._clock = failures, window_seconds, reset_seconds, clock
        self._lock = threading.Lock()
        self._state = State.CLOSED
        self._failed_at: deque[float] = deque(maxlen=failures)
        self._changed_at = self._trial_at = self._succeeded_at = clock()
        # Whether a monitor of this process asks all the time, so that silence means something.
        self.is_watched = False
        self._trial_by = 0
        self._early_seconds = self.FIRST_EARLY_SECONDS
        self._successes = self._opened = 0
        self._last: tuple[datetime, str] | None = None

    @property
    def state(self) -> State:
        return self._state

    def allow(self) -> bool:
        """Return whether a call may be made; in HALF_OPEN, and when its time has come in OPEN, one caller's may."""
        return self._state is State.CLOSED or self._try_after(self._reset)

    def allow_early(self) -> bool:
        """Return whether a monitor may try now, which may be before anybody else may."""
        return self._state is State.CLOSED or self._try_after(min(self._early_seconds, self._reset))

    def succeeded(self, now: float | None = None) -> None:
        """Count a call that was answered, at ``now`` on the clock."""
        self._successes += 1  # a count that may miss one is better than a lock in every query
        self._succeeded_at = self._clock() if now is None else now
        if self._state is State.HALF_OPEN:
            with self._lock:
                changed = self._state is State.HALF_OPEN and self._change(State.CLOSED)
                self._failed_at.clear()
            self._tell(changed=changed)

    def failed(self, error: BaseException) -> None:
        """Count a call that was not answered. Only what the dependency is to blame for belongs here."""
        with self._lock:
            now = self._clock()
            self._last = (datetime.now(UTC), type(error).__name__)
            self._failed_at.append(now)
            is_over = self._state is State.HALF_OPEN or (
                self._state is State.CLOSED and self._failures(now) >= self._most
            )
            changed = is_over and self._open(now)
        self._tell(changed=changed)

    def is_silent(self, seconds: float, now: float) -> bool:
        """Return whether a dependency that is watched has answered nobody for ``seconds``."""
        return self.is_watched and now - self._succeeded_at >= seconds

    def snapshot(self) -> Snapshot:
        with self._lock:
            now = self._clock()
            waits = self._state is State.OPEN
            return Snapshot(
                self.name,
                self._state,
                self._failures(now),
                self._successes,
                self._opened,
                self._last[0] if self._last else None,
                self._last[1] if self._last else "",
                max(self._changed_at + self._reset - now, 0.0) if waits else 0.0,
            )

    def reset(self) -> None:
        """Forget everything: closed, as at the start."""
        with self._lock:
            self._failed_at.clear()
            self._early_seconds = self.FIRST_EARLY_SECONDS
            changed = self._state is not State.CLOSED and self._change(State.CLOSED)
        self._tell(changed=changed)

    def _try_after(self, seconds: float) -> bool:
        with self._lock:
            now, caller = self._clock(), threading.get_ident()
            if self._state is State.OPEN and now - self._changed_at >= seconds:
                changed = self._change(State.HALF_OPEN)
            elif self._state is State.HALF_OPEN and now - self._trial_at >= self.TRIAL_SECONDS:
                changed = False
            else:
                # One trial may take several steps: connecting, then asking.
                return self._state is State.CLOSED or (self._state is State.HALF_OPEN and self._trial_by == caller)
            self._trial_at, self._trial_by = now, caller
        self._tell(changed=changed)
        return True

    def _failures(self, now: float) -> int:
        while self._failed_at and now - self._failed_at[0] > self._window:
            self._failed_at.popleft()
        return len(self._failed_at)

    def _open(self, now: float) -> bool:
        if self._state is State.CLOSED:
            lasted = now - self._changed_at >= self._reset or not self._opened
            self._early_seconds = (
                self.FIRST_EARLY_SECONDS if lasted else min(self._early_seconds * 2, self.LONGEST_EARLY_SECONDS)
            )
        self._opened += 1
        return self._change(State.OPEN)

    def _change(self, state: State) -> bool:
        self._state, self._changed_at = state, self._clock()
        return True

    def _tell(self, *, changed: bool) -> None:
        if changed:
            for listener in listeners:
                listener(self)


def breaker(name: str, *, failures: int, window_seconds: float, reset_seconds: float) -> Breaker:
    """Return this process's breaker of that name, made at the first call."""
    found = _breakers.get(name)
    if found is None:
        made = Breaker(name, failures=failures, window_seconds=window_seconds, reset_seconds=reset_seconds)
        found = _breakers.setdefault(name, made)
    return found


def all_breakers() -> list[Breaker]:
    """Return this process's breakers."""
    return list(_breakers.values())
