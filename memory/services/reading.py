"""Passing the gate for reads that are answered from the database."""

from accounts.gate import Gate
from memory import cache
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.limits import NO_QUOTA, Quota


def reading(gate: Gate) -> Quota:
    """Count a read and check the caller's rights; without Redis the rights only.

    Raises:
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
    """
    try:
        return cache.read([], "context", gate)[0]
    except CacheUnavailable:
        gate.passed_without_cache()
        return NO_QUOTA
