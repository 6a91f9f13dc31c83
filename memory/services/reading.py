"""What every read has in common: the gate, the audit log, and whether the data may be used at all."""

from collections.abc import Sequence
from typing import Literal

from accounts.gate import Gate
from memory import cache, selectors
from ofmemory.errors import CacheUnavailable, NotFound
from ofmemory.infra.cache.limits import Quota
from ofmemory.infra.resilience.breaker import State
from ofmemory.infra.resilience.policies import DATABASE
from privacy.domain import Limit, Pair
from privacy.errors import Restricted

CacheState = Literal["hit", "stale", "miss", "degraded"]
NEVER_SEEN = "Nothing is known about this fan."


def look_up(pairs: Sequence[Pair], part: cache.Part, gate: Gate) -> tuple[Quota, list[cache.Held], CacheState]:
    """Pass the gate and take what the cache has; without Redis nothing, and the limits of this process.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        KeysUnavailable: a pair's key is needed and can't be had.
    """
    try:
        quota, held = cache.read(pairs, part, gate)
    except CacheUnavailable:
        quota = gate.passed_without_cache()
        cache.note_access(pairs, gate)
        return quota, [cache.Held(None, None)] * len(pairs), "degraded"
    if len(pairs) == 1 and held[0].is_coming:
        held = [cache.Held(cache.wait_for(pairs[0], part), held[0].fill_token)]
    if any(h.value is None for h in held):
        return quota, held, "miss"
    # Nobody can write now, so it is what was last known; but what has been known for how long, nobody can say.
    return quota, held, "hit" if DATABASE.breaker.state is State.CLOSED else "stale"


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
