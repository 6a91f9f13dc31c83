"""What accounts keeps in Redis; the only place that spells these keys."""

from ofmemory.infra.cache.client import Script
from ofmemory.infra.cache.limits import ADMIT, Quota
from ofmemory.infra.ids import pseudonym

# Longer than any process keeps a caller, so that none can miss a change.
EPOCH_SECONDS = 24 * 3600

_SET_EPOCH = Script("redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1")
_ADMIT_ONE = Script(ADMIT + "return admit(1)")


def epoch_key(creator_id: str) -> str:
    return f"accounts:epoch:v1:{{{pseudonym(creator_id)}}}"


def limit_key(kind: str, creator_id: str, fan_id: str = "") -> str:
    """Return the key of a limit; one hash tag a creator, so that a script can touch all it needs in a cluster."""
    return f"accounts:limit:v1:{kind}:{pseudonym(fan_id) if fan_id else '-'}:{{{pseudonym(creator_id)}}}"


def login_key(username: str) -> str:
    return f"accounts:login:v1:{{{pseudonym(username)}}}"


def set_epoch(creator_id: str, epoch: str) -> None:
    _SET_EPOCH(keys=[epoch_key(creator_id)], args=[epoch, EPOCH_SECONDS])


def admit_one(key: str, limit: int) -> Quota:
    """Count one call on one limit.

    Raises:
        RateLimitExceeded: the limit is used up.
        CacheUnavailable: Redis did not answer.
    """
    return Quota.of_answer(_ADMIT_ONE(keys=[key], args=[limit]))
