"""The lock of a pair: its row of counters, which every writer changes."""

from memory.models import EngagementMetrics
from ofmemory.errors import NotFound
from privacy.domain import Limit, Pair
from privacy.errors import Restricted
from privacy.keys import keyring


def find_locked_pair(pair: Pair) -> EngagementMetrics | None:
    """Lock the pair until the transaction ends; return its counters, or None for a fan never seen."""
    rows = EngagementMetrics.objects.select_for_update()
    return rows.filter(creator_id=pair.creator_id, fan_id=pair.fan_id).first()


def locked_pair(pair: Pair) -> EngagementMetrics:
    """Lock the pair for a change of what is known about the fan; return its counters.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    metrics = find_locked_pair(pair)
    if metrics is None:
        raise NotFound("Nothing is known about this fan.")
    if metrics.limits & Limit.RESTRICTED:
        raise Restricted
    # No rotation can happen from here on; what was held before may be older.
    if metrics.key_id not in (0, keyring.ensure(pair).current.id):
        keyring.forget(pair)
    return metrics
