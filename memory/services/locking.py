"""The lock of a pair: its row of counters, which every writer changes."""

from memory.domain import Pair
from memory.models import EngagementMetrics
from ofmemory.errors import NotFound


def find_locked_pair(pair: Pair) -> EngagementMetrics | None:
    """Lock the pair until the transaction ends; return its counters, or None for a fan never seen."""
    rows = EngagementMetrics.objects.select_for_update()
    return rows.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()


def locked_pair(pair: Pair) -> EngagementMetrics:
    """Lock the pair until the transaction ends; return its counters.

    Raises:
        NotFound: the fan was never seen.
    """
    metrics = find_locked_pair(pair)
    if metrics is None:
        raise NotFound("Nothing is known about this fan.")
    return metrics
