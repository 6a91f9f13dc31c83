"""What memory keeps in Redis; the only place that spells these keys.

One hash a pair holds the finished context (``context``), the engagement score (``score``) and a lease:

* A reader that misses takes the *fill token* (or makes one). It may store what it loaded only while the token is still
  there. Every write removes it, so a reader that loaded before a commit can never put the old value back.
* A writer removes the values and holds off fills *before* its transaction (in the script that checks its limits) and
  removes the hash after it. A writer killed between commit and removal so leaves no old value behind. The marks of
  all writers under way stand in ``writer``: the first to end must not let readers fill while another has yet to commit.

Source of the lease: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from accounts.gate import Gate
from memory.domain import Pair
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import Script
from ofmemory.infra.cache.limits import ADMIT, Quota
from ofmemory.infra.ids import pseudonym

logger = logging.getLogger(__name__)

Part = Literal["context", "score"]

# Raised when the stored form changes, so that new code never reads what old code wrote.
SCHEMA_VERSION = 1
# A fill token that nobody used, and a mark of a writer that died, are forgotten after this.
LEASE_SECONDS = 10

# KEYS: n limits, epoch, pairs...   ARGV: n limits, n, part, new token, lease seconds
_READ = Script(
    ADMIT
    + """
local n = #ARGV - 4
local part, token, lease = ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
local admission = admit(n)
local epoch = redis.call('GET', KEYS[n + 1])
local found = {}
if admission[1] == 0 then
  for i = n + 2, #KEYS do
    local held = redis.call('HMGET', KEYS[i], part, 'token', 'writer')
    local may_fill = held[2]
    if not held[1] and not held[2] and not held[3] then
      redis.call('HSET', KEYS[i], 'token', token)
      redis.call('EXPIRE', KEYS[i], lease)
      may_fill = token
    end
    found[#found + 1] = held[1]
    found[#found + 1] = may_fill
  end
end
return {admission, epoch, found}
"""
)
# KEYS: pairs...   ARGV: part, lifetime in seconds, (token, value) for each pair
_FILL = Script("""
for i = 1, #KEYS do
  if redis.call('HGET', KEYS[i], 'token') == ARGV[2 * i + 1] then
    redis.call('HSET', KEYS[i], ARGV[1], ARGV[2 * i + 2])
    -- Beside an older value it must not live longer than that one may.
    if redis.call('HLEN', KEYS[i]) == 2 then
      redis.call('EXPIRE', KEYS[i], ARGV[2])
    end
  end
end
""")
# KEYS: n limits, epoch, pairs...   ARGV: n limits, n, mark, lease seconds
_BEGIN_WRITE = Script(
    ADMIT
    + """
local n = #ARGV - 3
local admission = admit(n)
local epoch = redis.call('GET', KEYS[n + 1])
if admission[1] == 0 then
  for i = n + 2, #KEYS do
    local writers = ARGV[n + 2] .. '@' .. string.format('%.0f', now) .. ' '
    -- pcall: what is there may be no hash of ours.
    local held = redis.pcall('HGET', KEYS[i], 'writer')
    if type(held) == 'string' then
      for mark, since in string.gmatch(held, '(%x+)@(%d+)') do
        if now - since < ARGV[n + 3] * 1000000 then
          writers = writers .. mark .. '@' .. since .. ' '
        end
      end
    end
    redis.call('DEL', KEYS[i])
    redis.call('HSET', KEYS[i], 'writer', writers)
    redis.call('EXPIRE', KEYS[i], ARGV[n + 3])
  end
end
return {admission, epoch}
"""
)
# KEYS: pairs...   ARGV: mark
_END_WRITE = Script("""
for i = 1, #KEYS do
  local held = redis.pcall('HGET', KEYS[i], 'writer')
  local others = ''
  if type(held) == 'string' then
    others = ARGV[1] == '' and held or string.gsub(held, ARGV[1] .. '@%d+ ', '')
  end
  if others == '' then
    redis.call('DEL', KEYS[i])
  else
    redis.call('HSET', KEYS[i], 'writer', others)
    redis.call('HDEL', KEYS[i], 'context', 'score', 'token')
  end
end
""")


@dataclass(frozen=True, slots=True)
class Held:
    """What the cache had for a pair: the value, or with a miss the token to fill it with (None: do not fill)."""

    value: bytes | None
    fill_token: bytes | None


def pair_key(pair: Pair) -> str:
    creator = pseudonym(pair.creator_id)
    return f"memory:context:v{SCHEMA_VERSION}:{pseudonym(pair.fan_id)}:{{{creator}}}"


def read(pairs: Sequence[Pair], part: Part, gate: Gate) -> tuple[Quota, list[Held]]:
    """Pass the gate and look up ``part`` of every pair (all of one creator), in one round trip.

    Raises:
        CacheUnavailable: Redis did not answer; nothing was counted.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
    """
    limits = gate.script_limits()
    admission, epoch, found = _READ(
        keys=[*gate.script_keys(), *map(pair_key, pairs)],
        args=[*limits, len(limits), part, secrets.token_hex(16), LEASE_SECONDS],
    )
    quota = gate.passed(admission, epoch)
    return quota, [Held(*found[i : i + 2]) for i in range(0, len(found), 2)]


def try_fill(part: Part, values: Sequence[tuple[Pair, bytes, bytes]]) -> None:
    """Store (pair, fill token, value) for each pair whose token is still good; without Redis nothing is stored."""
    args: list[str | bytes | int] = [part, settings.CONTEXT_CACHE_SECONDS]
    for _, token, value in values:
        args += [token, value]
    try:
        _FILL(keys=[pair_key(pair) for pair, _, _ in values], args=args)
    except CacheUnavailable:
        logger.warning("cache_not_filled", extra={"count": len(values)})


def begin_write(pairs: Sequence[Pair], gate: Gate) -> tuple[Quota, str]:
    """Pass the gate and hold off the cache of ``pairs`` (all of one creator); return the mark to end with.

    Raises:
        CacheUnavailable: Redis did not answer.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
    """
    mark, limits = secrets.token_hex(16), gate.script_limits()
    admission, epoch = _BEGIN_WRITE(
        keys=[*gate.script_keys(), *map(pair_key, pairs)], args=[*limits, len(limits), mark, LEASE_SECONDS]
    )
    return gate.passed(admission, epoch), mark


def end_write(pairs: Sequence[Pair], mark: str = "") -> None:
    """Remove what the cache holds of ``pairs`` (all of one creator) and let readers fill it again.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    _END_WRITE(keys=[pair_key(pair) for pair in pairs], args=[mark])
