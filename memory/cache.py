"""What memory keeps in Redis; the only place that spells these keys.

One hash a pair holds the finished context (``context``), the engagement score (``score``) and a lease:

* The first reader that misses gets a *fill token*. It may store what it loaded only while the token is still there.
  Every write removes it, so a reader that loaded before a commit can never put the old value back. Readers that come
  meanwhile wait a moment for what the first one stores (``wait_for``): a cache that was emptied does not send all of
  them to the database for the same thing.
* A writer removes the values and holds off fills *before* its transaction (in the script that checks its limits) and
  removes the hash after it. A writer killed between commit and removal so leaves no old value behind. The marks of
  all writers under way stand in ``writer``: the first to end must not let readers fill while another has yet to commit.

Values are sealed with the pair's key: nothing that Redis keeps, or leaves on a disk, can be read. The same script tells
the audit log of the access.

Source of the lease: Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, section 3.2.1.
"""

import logging
import secrets
import time
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
from ofmemory.infra.cache.owed import owe
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
# So long others wait for who loads a value, at most and with what pauses; then they load it too.
LOADING_MS = 300
WAITS_MS = (2, 4, 8, 16, 32, 64)
_SCAN_BATCH = 1000
_PLACES = {part: keyring.place_of("cache", part) for part in get_args(Part)}

# KEYS: n limits, epoch, audit stream, audit drops, pairs...
# ARGV: n limits, n, part, new token, lease seconds, audit entry, most entries, milliseconds that a loader gets
_READ = Script(
    ADMIT
    + RECORD
    + """
local n = #ARGV - 7
local part, token, lease = ARGV[n + 2], ARGV[n + 3], ARGV[n + 4]
local admission = admit(n)
local epoch = redis.call('GET', KEYS[n + 1])
local found = {}
if admission[1] == 0 then
  record(n + 2, ARGV[n + 5], ARGV[n + 6])
  for i = n + 4, #KEYS do
    local held = redis.call('HMGET', KEYS[i], part, 'token', 'writer')
    local may_fill, is_coming = held[2], 0
    if not held[1] and not held[3] then
      if not held[2] then
        redis.call('HSET', KEYS[i], 'token', token)
        redis.call('EXPIRE', KEYS[i], lease)
        may_fill = token
      end
      local since = redis.call('HGET', KEYS[i], 'loading:' .. part)
      if since and now - since < ARGV[n + 7] * 1000 then
        is_coming = 1
      else
        redis.call('HSET', KEYS[i], 'loading:' .. part, string.format('%.0f', now))
      end
    end
    found[#found + 1] = held[1]
    found[#found + 1] = may_fill
    found[#found + 1] = is_coming
  end
end
return {admission, epoch, found}
"""
)
_PEEK = Script("return redis.call('HGET', KEYS[1], ARGV[1])")
# KEYS: pairs...   ARGV: part, lifetime in seconds, (token, value) for each pair
_FILL = Script("""
for i = 1, #KEYS do
  if redis.call('HGET', KEYS[i], 'token') == ARGV[2 * i + 1] then
    redis.call('HSET', KEYS[i], ARGV[1], ARGV[2 * i + 2])
    redis.call('HDEL', KEYS[i], 'loading:' .. ARGV[1])
    local marks = redis.call('HEXISTS', KEYS[i], 'loading:context') + redis.call('HEXISTS', KEYS[i], 'loading:score')
    -- Beside an older value it must not live longer than that one may.
    if redis.call('HLEN', KEYS[i]) - marks == 2 then
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
    redis.call('HDEL', KEYS[i], 'context', 'score', 'token', 'loading:context', 'loading:score')
  end
end
""")


@dataclass(frozen=True, slots=True)
class Held:
    """What the cache had for a pair.

    Args:
        value: None for a miss.
        fill_token: what a reader that misses fills with; None: do not fill.
        is_coming: somebody else is loading it.
    """

    value: bytes | None
    fill_token: bytes | None
    is_coming: bool = False


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
        args=[
            *limits,
            *(len(limits), part, secrets.token_hex(16), LEASE_SECONDS, entry, settings.AUDIT_STREAM_MAX, LOADING_MS),
        ],
    )
    quota = gate.passed(admission, epoch)
    opened = [_opened(pair, part, value) for pair, value in zip(pairs, found[::3], strict=False)]
    return quota, [Held(*of_pair) for of_pair in zip(opened, found[1::3], map(bool, found[2::3]), strict=False)]


def wait_for(pair: Pair, part: Part) -> bytes | None:
    """Return what another reader is loading as soon as it is stored; None where that takes too long.

    Raises:
        KeysUnavailable: the pair's key is needed and can't be had.
    """
    for pause_ms in WAITS_MS:
        time.sleep(pause_ms / 1000)
        try:
            value = _PEEK(keys=[pair_key(pair)], args=[part])
        except CacheUnavailable:
            return None
        if value is not None:
            return _opened(pair, part, value)
    return None


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


def end_write_later(pairs: Sequence[Pair]) -> list[str]:
    """Do what ``end_write`` does as soon as Redis answers; return the keys, for who makes sure twice."""
    keys = [pair_key(pair) for pair in pairs]
    for key in keys:
        owe(_END_WRITE, keys=[key], args=[""])
    return keys


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
