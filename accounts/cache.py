"""What accounts keeps in Redis; the only place that spells these keys."""

from typing import Any

from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import Script
from ofmemory.infra.cache.limits import ADMIT, Quota
from ofmemory.infra.cache.owed import owe
from ofmemory.infra.ids import pseudonym

# Longer than any process keeps a caller, so that none can miss a change.
EPOCH_SECONDS = 24 * 3600

_SET_EPOCH = Script("redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return 1")
_ADMIT_ONE = Script(ADMIT + "return admit(1)")
# Microseconds until a limit that is used up frees a call; 0: it is not.
_WAIT_OF = Script("""
local leaves = redis.call('LINDEX', KEYS[1], tonumber(ARGV[1]) - 1)
if not leaves then return 0 end
local time = redis.call('TIME')
return math.max(0, leaves + 60000000 - (time[1] * 1000000 + time[2]))
""")


def epoch_key(creator_id: str) -> str:
    return f"accounts:epoch:v1:{{{pseudonym(creator_id)}}}"


def limit_key(kind: str, creator_id: str, fan_id: str = "") -> str:
    """Return the key of a limit; one hash tag a creator, so that a script can touch all it needs in a cluster."""
    return f"accounts:limit:v1:{kind}:{pseudonym(fan_id) if fan_id else '-'}:{{{pseudonym(creator_id)}}}"


def login_key(username: str) -> str:
    return f"accounts:login:v1:{{{pseudonym(username)}}}"


def login_address_key(address: str) -> str:
    return f"accounts:login-ip:v1:{{{pseudonym(address)}}}"


def code_key(user_id: int) -> str:
    return f"accounts:code:v1:{{{pseudonym(str(user_id))}}}"


def failures_key(address: str) -> str:
    return f"accounts:failures:v1:{{{pseudonym(address)}}}"


def set_epoch(creator_id: str, epoch: str) -> None:
    """Give the creator a new epoch: now, or as soon as Redis answers."""
    call: Any = {"keys": [epoch_key(creator_id)], "args": [epoch, EPOCH_SECONDS]}
    try:
        _SET_EPOCH(**call)
    except CacheUnavailable:
        owe(_SET_EPOCH, **call)


def admit_one(key: str, limit: int) -> Quota:
    """Count one call on one limit.

    Raises:
        RateLimitExceeded: the limit is used up.
        CacheUnavailable: Redis did not answer.
    """
    return Quota.of_answer(_ADMIT_ONE(keys=[key], args=[limit]))


def wait_of(key: str, limit: int) -> int:
    """Return after how many microseconds another call fits the limit; counts nothing.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    return int(_WAIT_OF(keys=[key], args=[limit]))
