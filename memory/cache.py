"""What memory keeps in Redis; the only place that spells these keys.

One hash a pair holds the finished context (``context``), the engagement score (``score``) and a lease:

* A reader that misses takes the *fill token* (or makes one). It may store what it loaded only while the token is still
  there. Every write removes it, so a reader that loaded before a commit can never put the old value back.
* A writer removes the values and holds off fills *before* its transaction (in the script that checks its limits) and
  removes the hash after it. A writer killed between commit and removal so leaves no old value behind. The marks of
  all writers under way stand in ``writer``: the first to end must not let readers fill while another has yet to commit.

Values are sealed with the pair's key: nothing that Redis keeps, or leaves on a disk, can be read. The same script tells
the audit log of the access.

Source of the lease: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.
"""

import logging
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, get_args

import redis
from django.conf import settings

from accounts.gate import Gate
from ofmemory.errors import CacheUnavailable
from ofmemory.infra.cache.client import Script, client
from ofmemory.infra.cache.limits import ADMIT, Quota
from ofmemory.infra.ids import pseudonym
from privacy.cache import RECORD, stream_keys
from privacy.domain import Pair
from privacy.errors import Unreadable
from privacy.keys import keyring
from privacy.services import audit

logger = logging.getLogger(__name__)

Part = Literal["context", "score"]

# Raised when the stored form changes, so that new code never reads what old code wrote.
SCHEMA_VERSION = 2
# A fill token that nobody used, and a mark of a writer that died, are forgotten after this.
LEASE_SECONDS = 10
_SCAN_BATCH = 1000
_PLACES = {part: keyring.place_of("cache", part) for part in get_args(Part)}

# KEYS: n limits, epoch, audit stream, audit drops, pairs...
# ARGV: n limits, n, part, new token, lease seconds, audit entry, most entries
_READ = Script(
    ADMIT
    + RECORD
    + """
local n = #ARGV - 6
local part, token, lease = ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
local admission = admit(n)
local epoch = redis.call('GET', KEYS[n + 1])
local found = {}
if admission[1] == 0 then
  record(n + 2, ARGV[n + 5], ARGV[n + 6])
  for i = n + 4, #KEYS do
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
# KEYS: n limits, epoch, audit stream, audit drops, pairs...
# ARGV: n limits, n, mark, lease seconds, audit entry, most entries
_BEGIN_WRITE = Script(
    ADMIT
    + RECORD
    + """
local n = #ARGV - 5
local admission = admit(n)
local epoch = redis.call('GET', KEYS[n + 1])
if admission[1] == 0 then
  record(n + 2, ARGV[n + 4], ARGV[n + 5])
  for i = n + 4, #KEYS do
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
    """Pass the gate, look up ``part`` of every pair (all of one creator) and tell the audit log, in one round trip.

    Raises:
        CacheUnavailable: Redis did not answer; nothing was counted.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        KeysUnavailable: a pair's key is needed and can't be had.
    """
    limits, (entry, _) = gate.script_limits(), _entry(pairs, gate)
    admission, epoch, found = _READ(
        keys=[*gate.script_keys(), *stream_keys(gate.creator_id), *map(pair_key, pairs)],
        args=[*limits, len(limits), part, secrets.token_hex(16), LEASE_SECONDS, entry, settings.AUDIT_STREAM_MAX],
    )
    quota = gate.passed(admission, epoch)
    values, tokens = found[::2], found[1::2]
    opened = [_opened(pair, part, value) for pair, value in zip(pairs, values, strict=False)]
    return quota, [Held(value, token) for value, token in zip(opened, tokens, strict=False)]


def _entry(pairs: Sequence[Pair], gate: Gate) -> tuple[bytes, bool]:
    """Return what to tell the audit log, and whether it says of everybody whose data is touched."""
    if not gate.action:
        return b"", False
    subjects, handles = _handles(pairs, gate)
    return audit.line(gate.action, gate.actor, handles), len(handles) == len(subjects)


def _handles(pairs: Sequence[Pair], gate: Gate) -> tuple[Sequence[Pair], list[bytes]]:
    """Return whose data a request touches, the pairs it looks up or those its caller named, and what they are called.

    Who has no key is called nothing, and has no data.
    """
    subjects = pairs or [Pair(gate.creator_id, fan_id) for fan_id in gate.fan_ids]
    held = [keys.handle for pair in subjects if (keys := keyring.peek(pair))]
    if len(held) < len(subjects):
        held = [keys.handle for keys in keyring.find_many(subjects).values()]
    return subjects, held


def note_access(pairs: Sequence[Pair], gate: Gate) -> None:
    """Tell the audit log by itself of an access that no script told it of.

    Raises:
        KeysUnavailable: a pair's key is needed and can't be had.
    """
    if gate.action:
        audit.note(gate.creator_id, gate.action, gate.actor, _handles(pairs, gate)[1])


def _opened(pair: Pair, part: Part, value: bytes | None) -> bytes | None:
    """A value that does not open is as good as none: it will be loaded and stored anew."""
    if value is None:
        return None
    try:
        return keyring.open_sealed(pair, value, _PLACES[part])
    except Unreadable:
        logger.warning("cached_value_unreadable", extra={"part": part})
        return None


def try_fill(part: Part, values: Sequence[tuple[Pair, bytes, bytes]]) -> None:
    """Store (pair, fill token, value) for each pair whose token is still good; without Redis nothing is stored."""
    args: list[str | bytes | int] = [part, settings.CONTEXT_CACHE_SECONDS]
    filled = []
    for pair, token, value in values:
        # A pair without a key is being erased, or was never seen: nothing of it may stay.
        if keys := keyring.find(pair):
            args += [token, keys.seal(value, _PLACES[part])]
            filled.append(pair_key(pair))
    try:
        if filled:
            _FILL(keys=filled, args=args)
    except CacheUnavailable:
        logger.warning("cache_not_filled", extra={"count": len(values)})


def begin_write(pairs: Sequence[Pair], gate: Gate) -> tuple[Quota, str, bool]:
    """Pass the gate and hold off the cache of ``pairs`` (all of one creator).

    Returns:
        What is left of the limits; the mark to end with; whether the audit log knows of the write, and of whom it is.

    Raises:
        CacheUnavailable: Redis did not answer.
        RateLimitExceeded, Unauthorized, Forbidden: the gate is shut.
        KeysUnavailable: a pair's key is needed and can't be had.
    """
    mark, limits, (entry, is_whole) = secrets.token_hex(16), gate.script_limits(), _entry(pairs, gate)
    admission, epoch = _BEGIN_WRITE(
        keys=[*gate.script_keys(), *stream_keys(gate.creator_id), *map(pair_key, pairs)],
        args=[*limits, len(limits), mark, LEASE_SECONDS, entry, settings.AUDIT_STREAM_MAX],
    )
    return gate.passed(admission, epoch), mark, is_whole


def end_write(pairs: Sequence[Pair], mark: str = "") -> None:
    """Remove what the cache holds of ``pairs`` (all of one creator) and let readers fill it again.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    end_write_of([pair_key(pair) for pair in pairs], mark)


def end_write_of(keys: Sequence[str], mark: str = "") -> None:
    """Do what ``end_write`` does for pairs that are known by their keys alone."""
    _END_WRITE(keys=keys, args=[mark])


# ---- forgetting a pair


def purge(pair: Pair) -> dict[str, int]:
    """Remove every key about the pair; return how many, by kind.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    found = find_keys(pair)
    with _guarded():
        for keys in found.values():
            client().unlink(*keys)
    return {kind: len(keys) for kind, keys in found.items()}


def find_keys(pair: Pair) -> dict[str, list[str]]:
    """Search all of Redis for keys about the pair, its limits among them; return them by kind.

    Raises:
        CacheUnavailable: Redis did not answer.
    """
    creator = pseudonym(pair.creator_id)
    found: dict[str, list[str]] = {}
    with _guarded():
        # The fan may have the same id with another creator.
        for key in client().scan_iter(match=f"*{pseudonym(pair.fan_id)}*{creator}*", count=_SCAN_BATCH):
            kind = key.decode().partition(":v")[0]
            found.setdefault(kind, []).append(key.decode())
    return found


@contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise CacheUnavailable("The cache did not answer.", retry_after_seconds=1) from error
