"""How long what is being done now may still take.

A request begins with a budget; every wait for a dependency takes what is left of it, or its own timeout where that is
shorter. So no request takes longer than its budget, whatever hangs, and however many things hang one after the other.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class _Now(threading.local):
    since: float | None = None
    until: float | None = None


_now = _Now()


def arrive(since: float | None) -> None:
    """Note when the request came that this thread answers; None: it answers none any more."""
    _now.since = since


def begin(seconds: float) -> float | None:
    """Start a budget inside the one that runs already, if any; return what ``end`` wants back.

    A request's counts from when it came, so that its wait for a slot is part of it.
    """
    before = _now.until
    until = (_now.since or time.monotonic()) + seconds
    _now.until = until if before is None or until < before else before
    return before


def end(before: float | None) -> None:
    """Go back to the budget from before ``begin``."""
    _now.until = before


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block a budget, from now on."""
    before, since = _now.until, _now.since
    _now.since = None
    begin(seconds)
    try:
        yield
    finally:
        end(before)
        arrive(since)


def left() -> float | None:
    """Return the seconds left of the budget, 0 at the least; None where there is no budget."""
    return None if _now.until is None else max(_now.until - time.monotonic(), 0.0)


def timeout(default: float | None) -> float | None:
    """Return how long one wait may take: ``default`` (None: for ever), or what is left of the budget if less."""
    remaining = left()
    if default is None or remaining is None:
        return default if remaining is None else remaining
    return min(default, remaining)
