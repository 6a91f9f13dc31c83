"""The lock of a pair: its row of counters, which every writer changes."""

from typing import Any

from memory.models import EngagementMetrics
from ofmemory.errors import NotFound
from ofmemory.infra.db import Columns
from privacy.domain import Limit, Pair
from privacy.errors import Restricted
from privacy.keys import keyring

_COUNTERS = Columns(
    EngagementMetrics, "id", "total_interactions", "learnt_interactions", "learnt_at", "key_id", "limits"
)
_LOCK = f"SELECT {_COUNTERS.sql} FROM {_COUNTERS.table} WHERE creator_id = %s AND fan_id = %s FOR UPDATE"  # noqa: S608


def find_locked_pair(pair: Pair) -> Any:
    """Lock the pair until the transaction ends; return its counters, or None for a fan never seen.

    Returns:
        id, total_interactions, learnt_interactions, learnt_at, key_id and limits.
    """
    return next(iter(_COUNTERS.fetch(_LOCK, (pair.creator_id, pair.fan_id))), None)


def locked_pair(pair: Pair) -> Any:
    """Lock the pair for a change of what is known about the fan; return its counters, as ``find_locked_pair``.

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
