"""What every read has in common: the gate, the audit log, and whether the data may be used at all."""

from collections.abc import Sequence
from typing import Literal

from accounts.gate import Gate
from memory import cache, selectors
from ofmemory.errors import CacheUnavailable, NotFound
from ofmemory.infra.cache.limits import NO_QUOTA, Quota
from privacy.domain import Limit, Pair
from privacy.errors import Restricted

CacheState = Literal["hit", "miss", "degraded"]
NEVER_SEEN = "Nothing is known about this fan."


def look_up(pairs: Sequence[Pair], part: cache.Part, gate: Gate) -> tuple[Quota, list[cache.Held], CacheState]:
    """Pass the gate and take what the cache has; without Redis nothing, and no limits.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        KeysUnavailable: a pair's key is needed and can't be had.
    """
    try:
        quota, held = cache.read(pairs, part, gate)
    except CacheUnavailable:
        gate.passed_without_cache()
        cache.note_access(pairs, gate)
        return NO_QUOTA, [cache.Held(None, None)] * len(pairs), "degraded"
    return quota, held, "hit" if all(h.value is not None for h in held) else "miss"


def reading(gate: Gate) -> Quota:
    """Pass the gate of a read that is answered from the database; see ``look_up``."""
    return look_up([], "context", gate)[0]


def usable(pair: Pair) -> Limit:
    """Return what must not be done with the pair's data, which may be read.

    Raises:
        NotFound: the fan was never seen.
        Restricted: the data may only be stored.
    """
    limits = selectors.find_limits(pair)
    if limits is None:
        raise NotFound(NEVER_SEEN)
    if Limit.RESTRICTED in limits:
        raise Restricted
    return limits
