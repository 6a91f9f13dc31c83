"""The numbers of a run: how much was asked, what failed, how long things took."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from tests.chaos.log import Attempt
from tests.chaos.nemesis import Event

NEVER: Final = math.inf


def is_bad(attempt: Attempt) -> bool:
    """Whether the service failed the client."""
    return attempt.outcome == "info"


def recoveries(attempts: Sequence[Attempt], events: Sequence[Event]) -> list[float]:
    """Return for each fault how long after everything ran again the last request failed."""
    found = []
    for place, event in enumerate(events):
        until = events[place + 1].started_at if place + 1 < len(events) else NEVER
        failed = [a.t1 for a in attempts if is_bad(a) and event.started_at < a.t0 and a.t1 < until]
        found.append(max(0.0, max(failed, default=0.0) - event.back_at))
    return found


def figures(attempts: Sequence[Attempt], events: Sequence[Event]) -> dict[str, Any]:
    """Return the numbers of a run: how much was asked, what failed, how long things took."""
    acked = {attempt.key for attempt in attempts if attempt.op in ("save", "tip") and attempt.outcome == "ok"}
    return {
        "attempts": len(attempts),
        "acknowledged_saves": len(acked),
        "by_status": dict(
            sorted(Counter(str(attempt.status) if attempt.status else attempt.error for attempt in attempts).items())
        ),
        "by_cache": dict(Counter(attempt.cache for attempt in attempts if attempt.op == "context" and attempt.cache)),
        "failed": sum(map(is_bad, attempts)),
        "faults": sum(not event.skipped for event in events),
        "recovery_seconds": [round(seconds, 2) for seconds in recoveries(attempts, events)],
        "slowest_seconds": {op: round(max(times), 3) for op, times in _seconds_by_op(attempts).items()},
        "p95_ms": {op: round(percentile(times, 95) * 1000, 1) for op, times in _seconds_by_op(attempts).items()},
    }


def _seconds_by_op(attempts: Sequence[Attempt]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.op].append(attempt.seconds)
    return dict(sorted(found.items()))


def percentile(values: Sequence[float], percent: int) -> float:
    """Return the smallest value that `percent` of all do not exceed."""
    ordered = sorted(values)
    return ordered[-(-len(ordered) * percent // 100) - 1] if ordered else 0.0
