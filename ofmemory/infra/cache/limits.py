"""Exact rate limits inside any server-side script.

A limit of N in 60 s is kept as a list of the times of the calls admitted in the last 60 s, newest first. That is the
sliding log, the only method that admits at most N in *every* window; as a list it costs O(1) a call and 9 bytes an
entry. Redis's own clock is used: processes whose clocks disagree still share one limit.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from ofmemory.errors import RateLimitExceeded

WINDOW_SECONDS: Final = 60

# `admit(n)` checks KEYS[1..n] against the limits in ARGV[1..n] (0: no limit) and counts the call on all of them, or
# on none when one is used up. Returns {wait_us, limit, remaining, reset_us} of the tightest; limit 0 where none holds.
ADMIT = """
local WINDOW = 60000000
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function admit(n)
  local wait, tight = 0, {0, 0, 0}
  for i = 1, n do
    local limit = tonumber(ARGV[i])
    if limit > 0 then
      local oldest = redis.call('LINDEX', KEYS[i], -1)
      while oldest and now - oldest >= WINDOW do
        redis.call('RPOP', KEYS[i])
        oldest = redis.call('LINDEX', KEYS[i], -1)
      end
      local used = redis.call('LLEN', KEYS[i])
      local remaining = limit - used - 1
      if remaining < 0 then
        local leaves = redis.call('LINDEX', KEYS[i], limit - 1)
        wait = math.max(wait, leaves + WINDOW - now)
        remaining = 0
      end
      if tight[1] == 0 or remaining < tight[2] then
        tight = {limit, remaining, (oldest or now) + WINDOW - now}
      end
    end
  end
  if wait == 0 then
    for i = 1, n do
      if tonumber(ARGV[i]) > 0 then
        redis.call('LPUSH', KEYS[i], string.format('%.0f', now))
        -- PEXPIRE counts whole milliseconds: one more, or the newest call could leave its window early.
        redis.call('PEXPIRE', KEYS[i], 60001)
      end
    end
  end
  return {wait, tight[1], tight[2], tight[3]}
end
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of the tightest limit that a call fell under; ``limit`` 0 means none."""

    limit: int
    remaining: int
    reset_seconds: int

    @classmethod
    def of_answer(cls, answer: Sequence[Any]) -> "Quota":
        """Read what ``admit`` returned.

        Raises:
            RateLimitExceeded: the call was not admitted; says after how many seconds it may be tried again.
        """
        wait_us, limit, remaining, reset_us = answer
        if wait_us > 0:
            raise RateLimitExceeded(
                "Too many requests.",
                details={"limit": limit, "windowSeconds": 60},
                retry_after_seconds=_whole_seconds(wait_us),
            )
        return cls(limit, remaining, _whole_seconds(reset_us))

    def headers(self) -> dict[str, str]:
        """Return the RateLimit-* headers (IETF draft-ietf-httpapi-ratelimit-headers-07)."""
        if not self.limit:
            return {}
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


NO_QUOTA = Quota(0, 0, 0)


class LocalLimits:
    """The limits of one process while Redis, which counts for all of them, is away.

    Each process admits its share, rounded up, in a sliding log of its own. All together so admit no more than the limit
    (and one a process); with what Redis admitted in the minute before, never more than twice the limit.

    Args:
        most_keys: how many limits are remembered; the longest unused is forgotten first.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most_keys: int = 20_000) -> None:
        self._clock, self._most_keys = clock, most_keys
        self._logs: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def admit(self, limits: Sequence[tuple[str, int]]) -> Quota:
        """Count a call on all of ``limits``, (key, calls in 60 s) each with 0 for none; or on none.

        Raises:
            RateLimitExceeded: one is used up.
        """
        with self._lock:
            now = self._clock()
            counted = [
                (self._log(key, now), -(-limit // settings.PROCESSES), limit) for key, limit in limits if limit > 0
            ]
            for log, share, limit in counted:
                if len(log) >= share:
                    wait_us = int((log[-share] + WINDOW_SECONDS - now) * 1_000_000)
                    return Quota.of_answer((max(wait_us, 1), limit, 0, 0))
            for log, _, _ in counted:
                log.append(now)
            tight = min(((share - len(log), limit, log[0]) for log, share, limit in counted), default=None)
        if tight is None:
            return NO_QUOTA
        remaining, limit, oldest = tight
        return Quota.of_answer((0, limit, remaining, int((oldest + WINDOW_SECONDS - now) * 1_000_000)))

    def forget(self) -> None:
        """Count anew."""
        with self._lock:
            self._logs.clear()

    def _log(self, key: str, now: float) -> deque[float]:
        log = self._logs.setdefault(key, deque())
        self._logs.move_to_end(key)
        while log and now - log[0] >= WINDOW_SECONDS:
            log.popleft()
        if len(self._logs) > self._most_keys:
            self._logs.popitem(last=False)
        return log


local_limits = LocalLimits()
local_admit = local_limits.admit


def _whole_seconds(microseconds: int) -> int:
    return -(-microseconds // 1_000_000)
